// What is measured: every server with the requests that it gets and the answer that it must give.
import { type ServerProcess, startServer } from './child.ts'
import { type Credentials, startLatchkey } from './latchkey.ts'
import { oauthTargets, resource } from './oauth-targets.ts'
import { peerFile } from './peers.ts'
import { codeChallenge, redirectUri } from './supply.ts'
import { type Target, floor, subject } from './target.ts'
import { type Answer, type Call, asClient, record, written } from './wire.ts'

/** The calls of each work; `keys` are to be judged. */
const callsOf = (
  keys: readonly string[],
  { caller, clientId, clientSecret }: Credentials,
): Record<'verify' | 'forward-auth' | 'gateway' | 'client_credentials', Call[]> => ({
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
  gateway: keys.map((key) => ({
    method: 'GET',
    target: '/things',
    headers: { host: 'bench.localhost', authorization: `Bearer ${key}` },
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

/** An API as small as can be, behind the gateway. */
const startUpstream = (): Promise<ServerProcess> => {
  const body = JSON.stringify({ data: Array.from({ length: 8 }, (_, id) => ({ id, name: `thing ${id}` })) })
  const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))]
  return startServer(peerFile('bare'), { answers: { 'GET /things': { headers, body } } }, { core: 'load' })
}

/** Starts every server. `folder` is Latchkey's data folder, already prepared. */
export const startTargets = async (folder: string, credentials: Credentials): Promise<Target[]> => {
  const { keys, clientId, clientSecret } = credentials
  const calls = callsOf(keys, credentials)
  const upstream = await startUpstream()
  const latchkey = await startLatchkey(folder, upstream.port)
  const answers: Record<string, Answer> = {}
  for (const ofWork of [calls.verify, calls['forward-auth'], calls.client_credentials]) {
    const call = ofWork[0] as Call
    answers[`${call.method} ${call.target.split('?', 1)[0]}`] = await record(latchkey.port, call)
  }
  const bare = await startServer(peerFile('bare'), { answers })
  const express = await startServer(peerFile('express'), { keys })
  const betterAuthKeys = await startServer(peerFile('better-auth'), { count: keys.length })
  const proxy = await startServer(peerFile('proxy'), { port: upstream.port })
  const issuer = { clientId, clientSecret, resource, redirectUri, challenge: codeChallenge }
  const oidcProvider = await startServer(peerFile('oidc-provider'), issuer)
  const betterAuth = await startServer(peerFile('better-auth-oauth'), issuer)

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
  const theirKeys = callsOf(betterAuthKeys.told.keys as string[], credentials).verify
  return [
    target('verify', subject, latchkey, [], '"valid":true'),
    target('verify', floor, bare, [], '"valid":true'),
    target('verify', withExpress, express, limitHeaders, '"valid":true'),
    target('verify', '@better-auth/api-key', betterAuthKeys, limitHeaders, '"valid":true', theirKeys),
    target('forward-auth', subject, latchkey, limitHeaders, ''),
    target('forward-auth', floor, bare, limitHeaders, ''),
    target('forward-auth', withExpress, express, limitHeaders, ''),
    { ...target('gateway', subject, latchkey, limitHeaders, '"data":['), behind: upstream },
    { ...target('gateway', 'node:http proxy, no checks', proxy, [], '"data":['), behind: upstream },
    target('client_credentials', subject, latchkey, [], '"access_token":"ey'),
    target('client_credentials', floor, bare, [], '"access_token":"ey'),
    ...(await oauthTargets(folder, { latchkey, oidcProvider, betterAuth }, credentials)),
  ]
}
