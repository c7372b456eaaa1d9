// What is measured: every server with the requests that it gets and the answer that it must give.
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { type ServerProcess, startServer } from './child.ts'
import { type Credentials, startLatchkey } from './latchkey.ts'
import type { LoadPlan } from './load.ts'
import { peerFile } from './peers.ts'
import { type Single, askSingles, codeChallenge, codeVerifier, makeSingles, redirectUri } from './supply.ts'

export const works = [
  'verify',
  'forward-auth',
  'client_credentials',
  'code exchange',
  'refresh',
  'introspection',
] as const

export type Work = (typeof works)[number]

export interface Target {
  work: Work
  name: string
  server: ServerProcess
  requests: readonly string[]
  /** Of requests that can be made only once: so many fresh ones. */
  supply?: (count: number) => Promise<readonly string[]>
  expect: LoadPlan['expect']
}

/** The name of the server whose figures the others are held against. */
export const subject = 'Latchkey'

/** Different tokens that are asked about in turn. */
const introspectedTokens = 200

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

const asClient = (clientId: string, clientSecret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
})

/** What is sent once for each code, refresh token or token to be told about. */
const singleCall = (
  target: string,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
  kind: Single | 'introspection',
  value: string,
): Call => ({
  method: 'POST',
  target,
  headers: asClient(clientId, clientSecret),
  body: {
    code: `grant_type=authorization_code&code=${value}&redirect_uri=${encodeURIComponent(redirectUri)}&code_verifier=${codeVerifier}`,
    refresh: `grant_type=refresh_token&refresh_token=${value}`,
    introspection: `token=${value}`,
  }[kind],
})

/** The calls of each work. `present`: the keys to be judged. */
const callsOf = (
  keys: readonly string[],
  { caller, clientId, clientSecret }: Credentials,
): Record<'verify' | 'forward-auth' | 'client_credentials', Call[]> => ({
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
      headers: asClient(clientId, clientSecret),
      body: 'grant_type=client_credentials&scope=read',
    },
  ],
})

/** Works of the token endpoint that use something up, and introspection. */
const oauthTargets = async (
  folder: string,
  latchkey: ServerProcess,
  oidcProvider: ServerProcess,
  { clientId, clientSecret, app }: Credentials,
): Promise<Target[]> => {
  const peerName = 'oidc-provider'
  const client = { clientId, clientSecret }
  const single = (work: 'code exchange' | 'refresh', kind: Single): Target[] => {
    const expect = { status: 200, headers: [], body: '"refresh_token":"' }
    const own = { work, name: subject, server: latchkey, requests: [], expect }
    const peer = { work, name: peerName, server: oidcProvider, requests: [], expect }
    return [
      {
        ...own,
        supply: async (count) =>
          (await makeSingles({ folder, ...app }, kind, count)).map((value) =>
            written(singleCall('/token', app, kind, value)),
          ),
      },
      {
        ...peer,
        supply: async (count) =>
          (await askSingles(oidcProvider.port, kind, count)).map((value) =>
            written(singleCall('/token', client, kind, value)),
          ),
      },
    ]
  }
  const tokens = await Promise.all(
    Array.from({ length: introspectedTokens }, async () => {
      const answer = await record(latchkey.port, {
        method: 'POST',
        target: '/token',
        headers: asClient(clientId, clientSecret),
        body: 'grant_type=client_credentials&scope=read',
      })
      return (JSON.parse(answer.body) as { access_token: string }).access_token
    }),
  )
  const opaque = await askSingles(oidcProvider.port, 'opaque', introspectedTokens)
  const expect = { status: 200, headers: [], body: '"active":true' }
  const ask = (target: string, values: readonly string[]): string[] =>
    values.map((value) => written(singleCall(target, client, 'introspection', value)))
  return [
    ...single('code exchange', 'code'),
    ...single('refresh', 'refresh'),
    {
      work: 'introspection',
      name: subject,
      server: latchkey,
      requests: ask('/oauth/introspect', tokens),
      expect,
    },
    {
      work: 'introspection',
      name: `${peerName}, opaque tokens`,
      server: oidcProvider,
      requests: ask('/token/introspection', opaque),
      expect,
    },
  ]
}

/** Starts every server. `folder` is Latchkey's data folder, already prepared. */
export const startTargets = async (folder: string, credentials: Credentials): Promise<Target[]> => {
  const { keys, clientId, clientSecret } = credentials
  const calls = callsOf(keys, credentials)
  const latchkey = await startLatchkey(folder)
  const answers: Record<string, Answer> = {}
  for (const ofWork of Object.values(calls)) {
    const call = ofWork[0] as Call
    answers[`${call.method} ${call.target.split('?', 1)[0]}`] = await record(latchkey.port, call)
  }
  const bare = await startServer(peerFile('bare'), { answers })
  const express = await startServer(peerFile('express'), { keys })
  const betterAuth = await startServer(peerFile('better-auth'), { count: keys.length })
  const oidcProvider = await startServer(peerFile('oidc-provider'), {
    clientId,
    clientSecret,
    resource: 'http://127.0.0.1/api',
    redirectUri,
    challenge: codeChallenge,
  })

  const limitHeaders = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']
  const target = (
    work: keyof typeof calls,
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
    ...(await oauthTargets(folder, latchkey, oidcProvider, credentials)),
  ]
}
