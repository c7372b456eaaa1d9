// An organization with a webhook to a receiver, asked by one of its admins.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type NewAlert, raiseAlerts } from '../../src/alerts/raise.ts'
import { type Clock, type LaunchOptions, type Launched, type World, launch, stoppedClock, world } from '../harness.ts'
import { type Receiver, receiver } from './receiver.ts'

interface Delivery {
  id: string
  message_id: string
  event: string
  state: 'pending' | 'delivered' | 'failed'
  attempts: { at: string; status: number | null; failure: string | null; duration_ms: number }[]
  next_attempt_at: string | null
  delivered_at: string | null
}

interface Hook {
  id: string
  url: string
  secret: string
  events: string[] | null
  disabled_at: string | null
  disabled_why: string | null
  failing_since: string | null
  former_secret_until: string | null
}

export interface Scene extends Launched {
  clock: Clock
  acme: World
  owner: string
  there: Receiver
  hook: Hook
  /** A management request of the organization's owner; throws unless it is answered 2xx. */
  call: <T = Hook>(method: string, path: string, body?: object) => Promise<T>
  /** Status and code of a refusal. */
  refused: (method: string, path: string, body?: object, as?: string) => Promise<string>
  deliveries: () => Promise<Delivery[]>
  /** Raises an alert about the organization and tells of it, without looking for others. */
  raise: (fields?: Partial<NewAlert>) => Promise<void>
}

export const path = (acme: World, rest = ''): string => `/organizations/${acme.organization}/webhooks${rest}`

export const scene = async (t: TestContext, options: LaunchOptions = {}, hook: object = {}): Promise<Scene> => {
  const clock = stoppedClock('2027-03-01T12:00:00Z')
  const launched = await launch(t, { now: clock, ...options })
  const { app, ask } = launched
  const acme = await world(launched)
  const { token: owner } = await acme.token()
  const there = await receiver(t)
  const call: Scene['call'] = async <T = Hook>(method: string, at: string, body?: object) => {
    const answer = await ask(method, `/api/v1${at}`, { as: owner, ...(body && { body }) })
    assert.ok(answer.statusCode < 300, `${method} ${at}: ${answer.statusCode} ${answer.body}`)
    return answer.json<T>()
  }
  const made = await call('POST', path(acme), { url: there.url, ...hook })
  let count = 0
  return {
    ...launched,
    clock,
    acme,
    owner,
    there,
    hook: made,
    call,
    async refused(method, at, body, as = owner) {
      const answer = await ask(method, `/api/v1${at}`, { as, ...(body && { body }) })
      return `${answer.statusCode} ${answer.json<{ code?: string }>().code}`
    },
    deliveries: async () => (await call<{ data: Delivery[] }>('GET', path(acme, `/${made.id}/deliveries`))).data,
    async raise(fields = {}) {
      await raiseAlerts(
        app.store,
        [
          {
            kind: 'credential.unused',
            organizationId: acme.organization,
            userId: null,
            subjectKind: 'api_key',
            subjectId: 'a-key',
            period: `${clock()} ${count++}`,
            detail: { name: 'CI', hint: 'sk_…abcd', days: 90, last_used_at: null },
            ...fields,
          },
        ],
        clock(),
      )
      await app.watcher.run(clock())
      clock.advance(1) // ids of one millisecond have no order
    },
  }
}
