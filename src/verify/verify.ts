// The one judgement of any credential: read → format or signature → expiry → status → proof → environment → API → network →
// organization → scope → limit → decision. Every check is a phase of `judge`; nothing else decides whether a caller gets in.
import type { Api } from '../config/config.ts'
import { RecentHashes } from '../credentials/recent-hashes.ts'
import type { Code } from '../errors.ts'
import type { Allowance, LimitState } from '../limits/allowance.ts'
import { type MaybePromise, andThen } from '../store/maybe-promise.ts'
import type { LastUse } from './last-use.ts'
import type { Attribution, Check, Decision, Judgement, Principal } from './decision.ts'
import { type Found, type Origin, type Sources, findOrigin } from './origin.ts'
import { maxCredentialLength } from './credential.ts'
import { whyOutside } from './networks.ts'
import {
  type Standing,
  attributionOf,
  likelyOrganization,
  organizationOf,
  principalOf,
  standingOf,
} from './principal.ts'
import type { Proofs, Unproven } from './proofs.ts'

/** Told of every decision but dry runs: for metrics and counts. In place: it may not throw, wait, or cost much. `now`: Unix milliseconds. */
export type Observer = (api: Api, decision: Decision, judgement: Judgement, now: number) => void

const tooLong: Found = {
  check: 'format',
  detail: `The credential is longer than ${maxCredentialLength} characters.`,
}

export class Verifier {
  readonly #sources: Sources
  readonly #proofs: Proofs
  readonly #allowance: Allowance
  readonly #lastUse: LastUse
  readonly #now: () => number
  readonly #observe: Observer | undefined

  constructor(
    sources: Omit<Sources, 'hashes'>,
    proofs: Proofs,
    allowance: Allowance,
    lastUse: LastUse,
    now: () => number,
    observe?: Observer,
  ) {
    this.#observe = observe
    this.#sources = { ...sources, hashes: new RecentHashes() }
    this.#proofs = proofs
    this.#allowance = allowance
    this.#lastUse = lastUse
    this.#now = now
  }

  /** Judges one credential at one API: at once where the store answers so. Throws only when the store cannot be asked (answered 503). */
  judge(api: Api, judgement: Judgement): MaybePromise<Decision> {
    const now = this.#now()
    const { credential, dryRun } = judgement
    // 1. format or signature
    const found = credential.length > maxCredentialLength ? tooLong : findOrigin(this.#sources, credential, api, now)
    const decision = andThen(found, (known) => this.#decide(api, judgement, known, now))
    return andThen(decision, (made) => {
      if (!dryRun) this.#observe?.(api, made, judgement, now)
      return made
    })
  }

  #decide(api: Api, judgement: Judgement, found: Found, now: number): MaybePromise<Decision> {
    const { exchange } = judgement
    if (!('origin' in found))
      return refuse(found.expired ? 'expired_token' : 'invalid_api_key', found.check, found.detail, found.of)
    const { origin } = found
    const standing = standingOf(origin)
    if (exchange === undefined ? !api.profile.accepts.includes(origin.kind) : origin.kind !== exchange)
      return refuseKnown(
        origin,
        standing,
        'invalid_api_key',
        'format',
        `${api.name} does not accept credentials of kind ${origin.kind}${exchange === undefined ? '' : ` in place of ${exchange}`}.`,
      )
    // 2. expiry
    if (standing.expiresAt !== null && standing.expiresAt <= now)
      return refuseKnown(
        origin,
        standing,
        'expired_token',
        'expiry',
        `The credential ended at ${new Date(standing.expiresAt).toISOString()}.`,
      )
    // 3. status
    if (standing.ended !== undefined) return refuseKnown(origin, standing, 'invalid_api_key', 'status', standing.ended)
    // 4. proof
    const bound = 'claims' in origin ? origin.claims.thumbprint : undefined
    if (judgement.proof === undefined) {
      if (bound !== judgement.thumbprint && !judgement.introspected)
        return refuseKnown(origin, standing, 'invalid_api_key', 'proof', unproven)
      return this.#weigh(api, judgement, origin, standing, now)
    }
    if (bound === undefined)
      return refuseKnown(
        origin,
        standing,
        'invalid_api_key',
        'proof',
        'The credential is not bound to a key: send it without a proof.',
      )
    const proving = this.#proofs.check(judgement.proof, {
      accessToken: judgement.credential,
      dryRun: judgement.dryRun === true,
    })
    if ('error' in proving) return refuseProof(origin, standing, proving)
    const { thumbprint, nonce } = proving
    if (bound !== thumbprint)
      return refuseKnown(
        origin,
        standing,
        'invalid_api_key',
        'proof',
        'The token is bound to another key than the one of the proof.',
      )
    const decision = this.#weigh(api, judgement, origin, standing, now)
    return nonce === undefined ? decision : andThen(decision, (made) => ({ ...made, nonce }))
  }

  /** The caller is known from here on: refusals carry the principal and its limits. */
  #weigh(
    api: Api,
    { scopes = [], organizationId, caller, cost = 1, dryRun = false, introspected = false, exchange }: Judgement,
    origin: Origin,
    standing: Standing,
    now: number,
  ): MaybePromise<Decision> {
    const deny = async (
      code: Code,
      check: Check,
      detail: string,
      principal = principalOf(origin, standing, api, likelyOrganization(origin, standing)),
      missing?: readonly string[],
    ): Promise<Decision> => {
      const limits = introspected ? [] : await this.#allowance.peek(principal.limits, now)
      return { valid: false, code, reason: { check, detail }, principal, limits, ...(missing && { missing }) }
    }
    // 5. environment, API and network
    if (!api.environments.has(standing.environment)) {
      return deny(
        'environment_mismatch',
        'environment',
        `The credential belongs to "${standing.environment}"; ${api.name} serves ${[...api.environments].join(', ')}.`,
      )
    }
    if (standing.apis !== null && !standing.apis.includes(api.name))
      return deny('forbidden', 'api', `The credential is held to ${standing.apis.join(', ')}.`)
    const outside = standing.networks && whyOutside(standing.networks, caller?.ip)
    if (outside !== undefined) return deny('forbidden', 'network', outside)
    // 6. organization
    const organization = organizationOf(origin, standing, api, organizationId)
    if ('code' in organization) return deny(organization.code, 'organization', organization.detail)
    const principal = principalOf(origin, standing, api, organization.id)
    // 7. scope
    const missing = scopes.filter((scope) => !principal.scopes.includes(scope))
    if (missing.length > 0)
      return deny('insufficient_scope', 'scope', `The credential lacks ${missing.join(' ')}.`, principal, missing)
    // 8. limit
    if (introspected) return { valid: true, code: 'valid', principal, limits: [] }
    if (dryRun) {
      return andThen(this.#allowance.peek(principal.limits, now), (limits) => {
        const refused = limits.find((limit) => limit.remaining < cost)
        return refused ? overLimit(principal, limits, refused) : { valid: true, code: 'valid', principal, limits }
      })
    }
    const spending = this.#allowance.spend(exchange === undefined ? principal.limits : [], cost, now)
    return andThen(spending, ({ refused, states }): Decision => {
      if (refused) return overLimit(principal, states, refused)
      // 9. decision
      this.#lastUse.touch(origin.kind === 'oauth_token' ? origin.client.id : origin.credential.id, now)
      return { valid: true, code: 'valid', principal, limits: states }
    })
  }
}

const refuse = (code: Code, check: Check, detail: string, of?: Attribution): Decision => ({
  valid: false,
  code,
  reason: { check, detail },
  ...(of && { of }),
  limits: [],
})

/** Of a genuine credential that is not made a principal: it is counted for whoever's it is. */
const refuseKnown = (origin: Origin, standing: Standing, code: Code, check: Check, detail: string): Decision =>
  refuse(code, check, detail, attributionOf(origin, standing))

const unproven = 'The token is bound to a key that the request does not prove (RFC 9449 §7.1).'

const refuseProof = (origin: Origin, standing: Standing, { error, detail, nonce }: Unproven): Decision => ({
  ...refuseKnown(origin, standing, error === 'full' ? 'temporarily_unavailable' : 'invalid_api_key', 'proof', detail),
  ...(error !== 'full' && { proofError: error }),
  ...(nonce !== undefined && { nonce }),
})

const overLimit = (principal: Principal, limits: readonly LimitState[], refused: LimitState): Decision => ({
  valid: false,
  code: 'rate_limit_exceeded',
  reason: { check: 'limit', detail: `The limit "${refused.name}" is used up.` },
  principal,
  limits,
  refused,
})
