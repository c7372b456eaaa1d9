import { test } from 'node:test'
import { launch, world } from '../harness.ts'
const show = (what: string, r: { statusCode: number; body: string; headers: object }) => console.log(what, r.statusCode, r.body.slice(0, 160))
test('probe', async (t) => {
  const file = { dashboardHosts: ['dash.test'], apis: {
    one: { hosts: ['api.test'], path: '/v1', upstream: { live: 'echo', test: 'echo' } },
    man: { profile: { accepts: ['api_key', 'personal_access_token', 'jwt', 'oauth_token'] }, hosts: ['man.test'], upstream: 'management' },
  }, defaultApi: 'one' } as never
  const l = await launch(t, { file })
  const w = await world(l)
  const tok = await w.token()
  const w2 = await world(l)
  show('api host mgmt 404 unauth', await l.ask('GET', '/nowhere', { host: 'man.test' }))
  show('api host mgmt bad method unauth', await l.ask('PUT', '/users', { host: 'man.test' }))
  show('api host mgmt malformed', await l.ask('GET', '/users/%2f', { host: 'man.test' }))
  show('api host mgmt long', await l.ask('GET', '/users/' + 'a'.repeat(300), { host: 'man.test' }))
  for (const p of ['/-/gateway', '/%2d/gateway', '/-/gateway/', '//-/gateway', '/-/gateway?x', '/-%2Fgateway', '/-/Gateway']) for (const host of ['localhost', 'dash.test']) {
    show(`${host} ${p}`, await l.ask('GET', p, { host }))
  }
  show('preflight', await l.ask('OPTIONS', '/%2d/gateway', { headers: { origin: 'https://x', 'access-control-request-method': 'GET' } }))
  for (const host of ['dash.test', 'localhost', '127.0.0.1']) for (const p of ['oauth-authorization-server', 'openid-configuration', 'jwks.json', 'cose-keys', 'oauth-protected-resource']) show(`${host} ${p}`, await l.ask('GET', '/.well-known/' + p, { host }))
  // scope narrowed exchange at management
  const ex = await l.ask('POST', '/oauth/token', { form: { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: tok.token, subject_token_type: 'urn:latchkey:params:oauth:token-type:personal-access-token', audience: 'man', scope: 'read' } })
  show('exchange', ex)
  const jwt = JSON.parse(ex.body).access_token
  show('me', await l.ask('GET', '/users/me', { host: 'man.test', as: jwt }))
  show('rename org by read jwt', await l.ask('PATCH', `/organizations/${w.organization}`, { host: 'man.test', as: jwt, body: { name: 'Taken' } }))
  show('create key by read jwt', await l.ask('POST', `/organizations/${w.organization}/api-keys`, { host: 'man.test', as: jwt, body: { name: 'k' } }))
  // held PAT
  const held = await w.token({ all_organizations: undefined, organization_ids: [w.organization] })
  show('held creates org', await l.ask('POST', '/api/v1/organizations', { as: held.token, body: { name: 'New' } }))
  show('held lists tokens', await l.ask('GET', '/api/v1/account/tokens', { as: held.token }))
  show('held revokes all', await l.ask('DELETE', `/api/v1/account/tokens/${tok.id}`, { as: held.token }))
  const ex2 = await l.ask('POST', '/oauth/token', { form: { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: held.token, subject_token_type: 'urn:latchkey:params:oauth:token-type:personal-access-token', audience: 'latchkey', organization_id: w.organization } })
  show('ex2', ex2)
  show('exchanged creates org', await l.ask('POST', '/api/v1/organizations', { as: JSON.parse(ex2.body).access_token, body: { name: 'New' } }))
  show('exchanged revokes held', await l.ask('DELETE', `/api/v1/account/tokens/${held.id}`, { as: JSON.parse(ex2.body).access_token }))
  show('add stranger', await l.ask('POST', `/api/v1/organizations/${w.organization}/members`, { as: (await w.token()).token, body: { user_id: w2.owner, role: 'viewer' } }))
  show('xff garbage metrics', await l.ask('GET', '/metrics', { headers: { 'x-forwarded-for': '1.2.3.4:5678' } }))
  show('forwarded metrics', await l.ask('GET', '/metrics', { headers: { forwarded: 'for=1.2.3.4' } }))
  show('trace', await l.ask('TRACE', '/api/v1/users'))
  show('options', await l.ask('OPTIONS', '/api/v1/users'))
})
