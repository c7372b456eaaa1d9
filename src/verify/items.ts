// What one item of a verify request asks, and its answer as JSON.
import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Static } from 'typebox'
import type { Actor } from '../accounts/actor.ts'
import type { Api, Config } from '../config/config.ts'
import { type Code, Refusal } from '../errors.ts'
import { isStoreFault } from '../store/fault.ts'
import { type MaybePromise, andThen, orElse } from '../store/maybe-promise.ts'
import { plainAddress } from '../network.ts'
import type { Decision, Judgement } from './decision.ts'
import type { ProofError } from './proofs.ts'
import type { ExplainBody } from './schemas.ts'
import type { Verifier } from './verify.ts'
import { limitsJson, limitsText, principalJson, principalText } from './wire.ts'

export type Item = Static<typeof ExplainBody>

export interface VerifyDeps {
  config: Config
  verifier: Verifier
}

/** What the caller's own credential says about asking. */
export type Asker = Pick<Actor, 'operator' | 'scopes' | 'apis'>

export const requireVerify = ({ operator, scopes }: Asker): void => {
  if (!operator && !scopes.includes('verify'))
    throw new Refusal('insufficient_scope', 'This needs the scope verify, which an operator grants.', {
      missing: ['verify'],
    })
}

/** The API that an item names; one that the caller's own key is not held away from. */
export const apiOf = (config: Config, asker: Asker, name: string | undefined): Api => {
  const api = name === undefined ? config.defaultApi : config.apis.get(name)
  if (api === undefined) {
    throw new Refusal(
      'invalid_request',
      name === undefined
        ? 'Name an "api": the configuration has several and no defaultApi.'
        : `There is no API "${name.slice(0, 63)}".`,
    )
  }
  if (asker.apis !== undefined && !asker.apis.includes(api.name))
    throw new Refusal('forbidden', `This key is held to ${asker.apis.join(', ')}.`)
  return api
}

export const judgementOf = (
  { credential, scopes, organization_id, ip, cost, dry_run, dpop }: Item,
  requestId: string,
): Judgement => ({
  credential,
  caller: { ip: ip && plainAddress(ip), method: dpop?.method, requestId },
  ...(scopes && { scopes }),
  organizationId: organization_id,
  ...(cost !== undefined && { cost }),
  ...(dry_run !== undefined && { dryRun: dry_run }),
  ...(dpop && { proof: { proofs: [dpop.proof], method: dpop.method, url: dpop.url } }),
})

/** What the caller of the API is to be told of its proof; undefined: nothing. */
const dpopJson = (decision: Decision): { error?: ProofError; nonce?: string } | undefined => {
  const error = decision.valid ? undefined : decision.proofError
  const { nonce } = decision
  return error === undefined && nonce === undefined ? undefined : { ...(error && { error }), ...(nonce && { nonce }) }
}

export const outcomeJson = (api: Api, decision: Decision) => ({
  valid: decision.valid,
  code: decision.code,
  ...(decision.principal && { principal: principalJson(decision.principal), limits: limitsJson(api, decision.limits) }),
  dpop: dpopJson(decision),
})

/** As `outcomeJson` with the request's id, serialised: the same text as the response's schema makes, for a fraction of its cost. */
export const outcomeText = (api: Api, decision: Decision, requestId: string): string => {
  const { valid, code, principal, limits } = decision
  const known = principal ? `,"principal":${principalText(principal)},"limits":${limitsText(api, limits)}` : ''
  const told = dpopJson(decision)
  const dpop = told ? `,"dpop":${JSON.stringify(told)}` : ''
  return `{"valid":${valid},"code":"${code}"${known}${dpop},"request_id":"${requestId}"}`
}

/** Judges one item; answers the JSON of its outcome. */
export const judgeItem = ({ verifier }: VerifyDeps, api: Api, item: Item, requestId: string): MaybePromise<string> =>
  andThen(verifier.judge(api, judgementOf(item, requestId)), (decision) => outcomeText(api, decision, requestId))

/** Items judged before others get their turn: most of a batch's time is its tokens' signatures. */
const itemsATurn = 100

/** Where an item could not be judged, the others still are: what they spent was spent. */
const faultText = (fault: unknown, requestId: string, log: Pick<Logger, 'error'>): string => {
  log.error({ request_id: requestId, err: fault }, 'fault')
  const code: Code = isStoreFault(fault) ? 'temporarily_unavailable' : 'internal_error'
  return `{"valid":false,"code":"${code}","request_id":"${requestId}"}`
}

/**
 * Judges items, each by itself, those of one credential in their order; answers the JSON of each. On Postgres the look-ups of a turn travel
 * together. Never throws.
 */
export const judgeItems = async (
  deps: VerifyDeps,
  apis: readonly Api[],
  items: readonly Item[],
  requestId: string,
  log: Pick<Logger, 'error'>,
): Promise<string[]> => {
  const texts: string[] = []
  const judge = (item: Item, index: number): MaybePromise<string> =>
    orElse(
      () => judgeItem(deps, apis[index] as Api, item, requestId),
      (fault) => faultText(fault, requestId, log),
    )
  for (let from = 0; from < items.length; from += itemsATurn) {
    if (from > 0) await setImmediate()
    const latest = new Map<string, MaybePromise<string>>()
    const judged = items.slice(from, from + itemsATurn).map((item, index) => {
      const before = latest.get(item.credential)
      const judging =
        before instanceof Promise ? before.then(() => judge(item, from + index)) : judge(item, from + index)
      latest.set(item.credential, judging)
      return judging
    })
    for (const text of judged) texts.push(await text)
  }
  return texts
}
