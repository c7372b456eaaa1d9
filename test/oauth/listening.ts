// A server that clients reach at its issuer, and a person whose browser allows whatever they ask for.
import assert from 'node:assert/strict'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { freePort } from '../gateway/proxy-process.ts'
import { serve } from '../gateway/wire.ts'
import { type Launched, type World, launch, world } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'
import { formOf, signIn } from './flow.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  apis: {
    orders: {
      hosts: ['localhost'],
      path: '/orders',
      upstream: 'echo',
      scopes: { read: 'Read orders', write: 'Change orders' },
    },
  },
  oauth: { registration: 'open' },
}

export const redirect_uri = 'https://shop.example.com/callback'

export interface Listening {
  launched: Launched
  issuer: URL
  /** The protected API. */
  orders: URL
  acme: World
  /** Opens the address in the browser of the person, who allows it; answers where the browser is led in the end. */
  allowAt: (url: URL) => Promise<URL>
}

export const listening = async (t: Cleanup): Promise<Listening> => {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const launched = await launch(t, { file, env: { LATCHKEY_URL: issuer } })
  await serve(t, launched, port)
  const acme = await world(launched)
  const { cookie } = await signIn(launched, acme.owner)
  const visit = async (url: URL, form?: Record<string, string>): Promise<Response> =>
    fetch(url, {
      headers: { cookie },
      redirect: 'manual',
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
  return {
    launched,
    issuer: new URL(issuer),
    orders: new URL('/orders/1', issuer),
    acme,
    async allowAt(url) {
      let answer = await visit(url)
      if (answer.status === 200) {
        const { action, fields } = formOf({ body: await answer.text() })
        answer = await visit(new URL(action, url), { ...fields, decision: 'allow' })
      }
      const location = answer.headers.get('location')
      assert.ok(answer.status === 200 || location !== null, `${answer.status} ${await answer.text()}`)
      return location === null ? url : new URL(location, url)
    },
  }
}
