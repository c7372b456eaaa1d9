// Whether a request is let in: read the credential and what the request demands, then ask verify. Shared by gateway, upgrades and forward-auth.
import type { Logger } from 'pino'
import type { Api } from '../config/config.ts'
import { isStoreFault } from '../store/fault.ts'
import { type MaybePromise, andThen, orElse } from '../store/maybe-promise.ts'
import { presentedCredential } from '../verify/credential.ts'
import type { Decision, Judgement } from '../verify/decision.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Answer, denialAnswer, errorAnswer, missingAnswer, schemeOf } from '../verify/wire.ts'
import { type Asked, namedOrganization, scopesNeeded } from './demands.ts'

export type Admission = { admitted: Decision & { valid: true }; judgement: Judgement } | { answer: Answer }

export interface AdmissionDeps {
  verifier: Verifier
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

/** The answer to a request that could not be judged. */
export const faultAnswer = (api: Api, requestId: string, error: unknown, log: Logger): Answer => {
  log.error({ request_id: requestId, err: error }, 'fault')
  return errorAnswer(api, isStoreFault(error) ? 'temporarily_unavailable' : 'internal_error', requestId)
}

const unknownAddress =
  'The DPoP proof cannot be checked: method and address of the request are not described, or the host is not one of the API.'

/** To be judged again later: a proof is used once, what it has proven stays proven. */
const proven = (judgement: Judgement, { principal }: Decision & { valid: true }): Judgement =>
  judgement.proof === undefined ? judgement : { ...judgement, proof: undefined, thumbprint: principal.thumbprint }

/** Judges the request and spends what it costs, or has the answer that refuses it: at once where the store answers so. Never throws. */
export const admit = (
  { verifier, log, now }: AdmissionDeps,
  api: Api,
  asked: Asked,
  requestId: string,
): MaybePromise<Admission> => {
  const presented = presentedCredential(asked.rawHeaders, api.profile)
  if ('missing' in presented) return { answer: missingAnswer(api, requestId) }
  if ('malformed' in presented) return { answer: errorAnswer(api, 'invalid_request', requestId, presented.malformed) }
  const organization = namedOrganization(api, asked)
  if ('malformed' in organization)
    return { answer: errorAnswer(api, 'invalid_request', requestId, organization.malformed) }
  const judgement: Judgement = {
    credential: presented.credential,
    caller: asked.caller,
    scopes: scopesNeeded(api, asked),
    organizationId: organization.id,
  }
  if (presented.proofs !== undefined) {
    const url = asked.address()
    if (url === undefined) return { answer: errorAnswer(api, 'invalid_request', requestId, unknownAddress) }
    judgement.proof = { proofs: presented.proofs, method: asked.method, url }
  }
  return orElse<Admission>(
    () =>
      andThen(verifier.judge(api, judgement), (decision) =>
        decision.valid
          ? { admitted: decision, judgement: proven(judgement, decision) }
          : { answer: denialAnswer(api, decision, requestId, now(), schemeOf(judgement)) },
      ),
    (fault) => ({ answer: faultAnswer(api, requestId, fault, log) }),
  )
}
