// What is measured: every server with the requests that it gets and the answer that it must give.
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { type ServerProcess, startServer } from './child.ts'
import { type Credentials, startLatchkey } from './latchkey.ts'
import type { LoadPlan } from './load.ts'
import { peerFile } from './peers.ts'

export const works = ['verify', 'forward-auth', 'client_credentials'] as const

export type Work = (typeof works)[number]

export interface Target {
  work: Work
  name: string
  server: ServerProcess
  requests: readonly string[]
  expect: LoadPlan['expect']
}

/** The name of the server whose figures the others are held against. */
export const subject = 'Latchkey'

/** The name of the floor. */
export const floor = 'bare node:http, same bytes'

interface Call {
  method: 'GET' | 'POST'
  /** Path and query. */
  target: string
  headers: Record<string, string>
  body?: string
}

const written = ({ method, target, headers, body = '' }: Call): string => {
  const all = {
    host: 'localhost',
    ...headers,
    ...(method === 'POST' && { 'content-length': String(Buffer.byteLength(body)) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

interface Answer {
  headers: string[]
  body: string
}

/** What a connection and a clock add by themselves. */
const notTheAnswer = new Set(['connection', 'keep-alive', 'date'])

/** One answer as it comes over the wire, to be served again by the bare server. */
const record = (port: number, { method, target, headers, body }: Call): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path: target, agent: false, headers: { host: 'localhost', ...headers } },
      (response) => {
        const { rawHeaders } = response
        const kept: string[] = []
        for (let i = 0; i < rawHeaders.length; i += 2) {
          if (!notTheAnswer.has((rawHeaders[i] as string).toLowerCase()))
            kept.push(rawHeaders[i] as string, rawHeaders[i + 1] as string)
        }
        text(response).then((body) => {
          if (response.statusCode === 200) resolve({ headers: kept, body })
          else reject(new Error(`${method} ${target}: Latchkey answered ${response.statusCode} ${body}`))
        }, reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })

/** The calls of each work. `present`: the keys to be judged. */
const callsOf = (keys: readonly string[], { caller, clientId, clientSecret }: Credentials): Record<Work, Call[]> => ({
  verify: keys.map((key) => ({
    method: 'POST',
    target: '/api/v1/verify',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: JSON.stringify({ credential: key }),
  })),
  'forward-auth': keys.map((key) => ({
    method: 'GET',
    target: '/forward-auth?api=bench',
    headers: { authorization: `Bearer ${key}` },
  })),
  client_credentials: [
    {
      method: 'POST',
      target: '/token',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=read',
    },
  ],
})

/** Starts every server. `folder` is Latchkey's data folder, already prepared. */
export const startTargets = async (folder: string, credentials: Credentials): Promise<Target[]> => {
  const { keys, clientId, clientSecret } = credentials
  const calls = callsOf(keys, credentials)
  const latchkey = await startLatchkey(folder)
  const answers: Record<string, Answer> = {}
  for (const work of works) {
    const call = calls[work][0] as Call
    answers[`${call.method} ${call.target.split('?', 1)[0]}`] = await record(latchkey.port, call)
  }
  const bare = await startServer(peerFile('bare'), { answers })
  const express = await startServer(peerFile('express'), { keys })
  const betterAuth = await startServer(peerFile('better-auth'), { count: keys.length })
  const oidcProvider = await startServer(peerFile('oidc-provider'), {
    clientId,
    clientSecret,
    resource: 'http://127.0.0.1/api',
  })

  const limitHeaders = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']
  const target = (
    work: Work,
    name: string,
    server: ServerProcess,
    headers: string[],
    body: string,
    asked = calls[work],
  ): Target => ({
    work,
    name,
    server,
    requests: asked.map(written),
    expect: { status: 200, headers, body },
  })
  const withExpress = 'Express + express-rate-limit + Map'
  const betterAuthKeys = callsOf(betterAuth.told.keys as string[], credentials).verify
  return [
    target('verify', subject, latchkey, [], '"valid":true'),
    target('verify', floor, bare, [], '"valid":true'),
    target('verify', withExpress, express, limitHeaders, '"valid":true'),
    target('verify', '@better-auth/api-key', betterAuth, limitHeaders, '"valid":true', betterAuthKeys),
    target('forward-auth', subject, latchkey, limitHeaders, ''),
    target('forward-auth', floor, bare, limitHeaders, ''),
    target('forward-auth', withExpress, express, limitHeaders, ''),
    target('client_credentials', subject, latchkey, [], '"access_token":"ey'),
    target('client_credentials', floor, bare, [], '"access_token":"ey'),
    target('client_credentials', 'oidc-provider', oidcProvider, [], '"access_token":"ey'),
  ]
}
