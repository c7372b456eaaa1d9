// One decision, check by check in plain words: what passed, what failed, what to do, and how the credential stands now.
import type { Actor } from '../accounts/actor.ts'
import type { Config } from '../config/config.ts'
import type { Allowance } from '../limits/allowance.ts'
import type { Store } from '../store/store.ts'
import { type Check, checks } from '../verify/decision.ts'
import { type DecisionJson, decisionJson, findDecision } from './decisions.ts'
import { namesOf } from './names.ts'
import { type Present, presentOf } from './present.ts'
import type { OwnerId } from './scope.ts'
import type { DecisionRow } from './tail.ts'

interface Words {
  /** What is true where the check has passed. */
  title: string
  /** What to do where it has not. */
  next: string
}

const words: Readonly<Record<Check, Words>> = {
  format: {
    title: 'It has the form of a credential that this API accepts',
    next: 'Look for a typo, a cut end or a missing prefix, and whether the API accepts this kind of credential at all.',
  },
  'look-up': {
    title: 'There is such a credential here',
    next: 'It was never made here, or deleted a while ago. Make a new one, and look for where the old one is still configured.',
  },
  signature: {
    title: 'The token was signed here, for this API',
    next: 'Ask the token endpoint for a new token, for this API. A token that was made for another API or changed on its way is never good.',
  },
  expiry: {
    title: 'It has not expired',
    next: 'A key: make a new one and put it in the old one’s place. A token: the client asks for a new one before the old one ends.',
  },
  status: {
    title: 'It has not been revoked, and its owner is in good standing',
    next: 'What has been revoked does not come back: make a new credential and put it where this one is still used. A suspension is lifted by an operator.',
  },
  network: {
    title: 'It came from a network that the credential may be used from',
    next: 'Call from one of the networks of the key, or add this one to them. If you do not know where this came from, the key may have leaked: rotate it.',
  },
  proof: {
    title: 'It comes with the proof that it needs',
    next: 'Send a DPoP proof made with the key that the token is bound to (RFC 9449), new for each request.',
  },
  environment: {
    title: 'The API serves its environment',
    next: 'Use a credential of an environment that the API serves: test keys do not work where only live ones do.',
  },
  api: {
    title: 'It may be used at this API',
    next: 'The credential is held to other APIs. Make one for this API.',
  },
  organization: {
    title: 'It reaches the organization of the request',
    next: 'Name an organization that the token reaches, or have its owner made a member there.',
  },
  scope: {
    title: 'It has every scope that the request needs',
    next: 'Give the credential the scope that it lacks, or use one that has it.',
  },
  limit: {
    title: 'Its limits had room for the request',
    next: 'Wait until the limit begins anew, as Retry-After tells callers, spread the requests, or ask for a higher tier.',
  },
}

/** Only of what is kept here by its value, and only of what is signed. */
const ofStored: ReadonlySet<Check> = new Set(['look-up'])
const ofSigned: ReadonlySet<Check> = new Set(['signature', 'proof'])
const signedKinds: ReadonlySet<string> = new Set(['oauth_token', 'jwt', 'cwt'])

/** The checks that a credential of the kind meets; of one of which nothing is known, those on the way to the one that failed. */
const checksOf = ({ credential_kind: kind, failed_check: failed }: DecisionRow): readonly Check[] => {
  const signed = kind === null ? ofSigned.has(failed as Check) : signedKinds.has(kind)
  return checks.filter((check) => !(signed ? ofStored : ofSigned).has(check) || check === failed)
}

export interface Explanation extends DecisionJson {
  checks: { check: Check; title: string; outcome: 'passed' | 'failed' | 'not_reached'; detail?: string }[]
  /** What to do; null: the request was let in. */
  next: string | null
  /** null: nothing is known of the credential. */
  present: Present | null
}

export interface ExplanationDeps {
  store: Store
  config: Pick<Config, 'apis'>
  allowance: Pick<Allowance, 'peek'>
}

/** For callers whose right has been checked. Throws `not_found`. */
export const explainDecision = async (
  deps: ExplanationDeps,
  actor: Actor,
  ownerId: OwnerId,
  id: string,
  now: number,
): Promise<Explanation> => {
  const row = await findDecision(deps.store, ownerId, id)
  const names = await namesOf(deps.store, actor, row.credential_id === null ? [] : [row.credential_id])
  const failed = row.failed_check as Check | null
  const failedAt = failed === null ? checks.length : checks.indexOf(failed)
  return {
    ...decisionJson(row, names(row.credential_id ?? '')),
    checks: checksOf(row).map((check) => {
      const index = checks.indexOf(check)
      const title = words[check].title
      if (index === failedAt)
        return { check, title, outcome: 'failed', ...(row.detail !== null && { detail: row.detail }) }
      return { check, title, outcome: index < failedAt ? 'passed' : 'not_reached' }
    }),
    next: failed === null ? null : words[failed].next,
    present: await presentOf(deps, row, now),
  }
}
