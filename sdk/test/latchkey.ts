// A Latchkey that listens, with an organization and a key that may ask verify.
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type LaunchOptions, type Launched, type World, launch, world } from '../../test/harness.ts'

export interface Latchkey extends Launched {
  /** Where it listens. */
  url: string
  /** A key with the scope `verify`. */
  verifyKey: { id: string; key: string }
  acme: World
}

/** Reachable in this process only, by real sockets. */
export const listening = async (t: TestContext, options: LaunchOptions): Promise<Latchkey> => {
  const launched = await launch(t, options)
  const { server } = launched.app
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const acme = await world(launched)
  return { ...launched, url: `http://127.0.0.1:${port}`, acme, verifyKey: await acme.key({ scopes: 'verify' }) }
}

/** Waits until it holds. */
export const until = async (holds: () => unknown): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}
