// A seed's world over real HTTP: requests as the documents' curl makes them, their hosts mapped.
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Clock, Launched } from '../harness.ts'
import { launch, stoppedClock } from '../harness.ts'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Record<string, unknown>
}

export interface Scene extends Launched {
  clock: Clock
  /** As the documents' curl: a URL with their host mapped, headers, an optional form. */
  curl: (url: string, headers?: Record<string, string>, form?: string) => Promise<Answer>
}

export const scene = async (t: TestContext, at = '2026-01-15T10:00:00.250Z'): Promise<Scene> => {
  const clock = stoppedClock(at)
  const launched = await launch(t, { now: clock })
  await launched.app.server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = launched.app.server.server.address() as AddressInfo
  const curl: Scene['curl'] = (url, headers = {}, form) =>
    new Promise((resolve, reject) => {
      const { hostname, pathname, search } = new URL(url)
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          path: pathname + search,
          method: form === undefined ? 'GET' : 'POST',
          headers: {
            host: `${hostname}:8000`,
            ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
            ...headers,
          },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => (text += part))
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
            }),
          )
        },
      )
      sent.on('error', reject)
      sent.end(form)
    })
  return { ...launched, clock, curl }
}
