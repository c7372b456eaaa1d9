// Account pre-hijacking (Sudhodanan and Paverd, 2022): somebody makes an account of another's address before its owner comes, and leaves
// ways in that outlive the owner's new password.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientId, clientSecret, issuerElsewhere } from '../accounts/issuer-elsewhere.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { authorize, decide, pkce } from '../oauth/flow.ts'
import { type Visitor, addPerson, formOf, password, visitor } from '../visitor.ts'

const victim = 'victim@example.com'
const another = 'another horse battery'
const redirect_uri = 'https://shop.example.com/callback'

const scene = async (t: Parameters<typeof launch>[0]) => {
  const elsewhere = await issuerElsewhere(t)
  const clock = stoppedClock(Date.now())
  const upstream = {
    name: 'elsewhere',
    issuer: elsewhere.url,
    clientId,
    clientSecretVariable: 'ELSEWHERE_SECRET',
  }
  const launched = await launch(t, {
    now: clock,
    env: { ELSEWHERE_SECRET: clientSecret },
    file: { signIn: { upstream: [upstream] } },
  })
  const { operate, ask, config } = launched
  const acme = await world(launched)
  const { client_id } = await acme.client({
    redirect_uris: [redirect_uri],
    grants: ['authorization_code'],
    scopes: 'manage',
  })

  /** Whatever can be left in an account, by whoever is signed in to it. */
  const leaveWaysIn = async (person: Visitor, userId: string) => {
    const made = await person.api('POST', '/account/tokens', { name: 'T', all_organizations: true })
    assert.equal(made.statusCode, 201, made.body)
    const { token } = made.json<{ token: string }>()
    elsewhere.person = { sub: 'the-other-one', email: 'other@example.com', email_verified: true }
    const begun = await person.api('POST', '/account/identities', { upstream: 'elsewhere' })
    const linked = await person.get(elsewhere.signIn(begun.json<{ url: string }>().url))
    assert.equal(linked.headers.location, '/account/security', linked.body)
    const own = { cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; '), userId }
    const consent = await authorize(launched, own, {
      client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'manage',
      resource: config.management.audience,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    })
    assert.equal((await decide(launched, own, consent, 'allow', { organization: 'all' })).statusCode, 303)
    return {
      token: async () => (await ask('GET', '/api/v1/users/me', { as: token })).statusCode,
      identity: async () => {
        const back = visitor(launched)
        const { headers } = await back.get('/login/upstream/elsewhere')
        await back.get(elsewhere.signIn(String(headers.location)))
        return (await back.api('GET', '/account')).statusCode
      },
      grants: async () =>
        (await launched.app.store.db.selectFrom('grants').selectAll().execute()).filter(
          ({ revoked_at }) => revoked_at === null,
        ).length,
    }
  }

  /** The owner of the mailbox comes. */
  const reset = async (email: string) => {
    const guest = visitor(launched)
    await guest.post('/reset', { ...formOf((await guest.get('/reset')).body, '/reset'), email })
    const link = linkIn(await lettersTo(launched, email), config.issuer)
    const form = formOf((await guest.get(link)).body, '/reset/password')
    return guest.post('/reset/password', { ...form, password: another })
  }
  return { launched, operate, acme, leaveWaysIn, reset }
}

test('who made the account of an invited address leaves no way in once its owner has come', async (t) => {
  const { launched, acme, leaveWaysIn, reset } = await scene(t)
  // any admin can invite anybody, and is told a link
  const { token } = await acme.token()
  const invited = await launched.ask('POST', `/api/v1/organizations/${acme.organization}/invitations`, {
    as: token,
    body: { email: victim, role: 'viewer' },
  })
  const link = invited.json<{ url: string }>().url.slice(launched.config.issuer.length)
  const eve = visitor(launched)
  const form = formOf((await eve.get(link)).body, `${link}/account`)
  assert.equal((await eve.post(`${link}/account`, { ...form, name: 'Victim', password })).statusCode, 303)
  const { id } = (await eve.api('GET', '/account')).json<{ id: string }>()
  const ways = await leaveWaysIn(eve, id)
  assert.deepEqual([await ways.token(), await ways.identity(), await ways.grants()], [200, 200, 1])
  // what a new password does not take away cannot be left at all
  for (const path of ['/account/authenticator-app/start', '/account/passkeys/options'])
    assert.match((await eve.api('POST', path)).body, /Confirm your e-mail address first/)

  const done = await reset(victim)
  assert.equal(done.statusCode, 200, done.body)
  assert.match(done.body, /Nobody had shown before that this address is theirs/)
  assert.deepEqual([await ways.token(), await ways.identity(), await ways.grants()], [401, 401, 0])
  assert.equal((await eve.api('GET', '/account')).statusCode, 401)
  const owner = visitor(launched)
  assert.equal((await owner.signIn(victim, another)).statusCode, 303)
  const { data } = (await owner.api('GET', '/account/identities')).json<{ data: unknown[] }>()
  assert.deepEqual(data, [])
  for (const path of ['/account/authenticator-app/start', '/account/passkeys/options'])
    assert.equal((await owner.api('POST', path)).statusCode, 200)
})

test('an account that an operator made keeps what its person has in it', async (t) => {
  const { launched, leaveWaysIn, reset } = await scene(t)
  const id = await addPerson(launched)
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  const ways = await leaveWaysIn(ada, id)
  assert.match((await reset('ada@example.com')).body, /Tokens and applications that act for you still do/)
  assert.deepEqual([await ways.token(), await ways.identity(), await ways.grants()], [200, 200, 1])
})

test('a link that an operator made does not survive the person’s own choice of a password', async (t) => {
  const launched = await launch(t, { file: {} })
  const id = await addPerson(launched)
  const { url } = await launched.operate<{ url: string }>('POST', `/users/${id}/link`)
  const link = url.slice(launched.config.issuer.length)
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  assert.equal((await visitor(launched).get(link)).statusCode, 200)
  const changed = await ada.api('POST', '/account/password', { current_password: password, new_password: another })
  assert.equal(changed.statusCode, 200, changed.body)
  assert.equal((await visitor(launched).get(link)).statusCode, 404)
})

test('whose password was set by an operator’s link is told of it, whoever used the link', async (t) => {
  const launched = await launch(t, { file: {} })
  const id = await addPerson(launched)
  const { url } = await launched.operate<{ url: string }>('POST', `/users/${id}/link`)
  const link = url.slice(launched.config.issuer.length)
  const thief = visitor(launched)
  const form = formOf((await thief.get(link)).body, '/setup')
  assert.equal((await thief.post('/setup', { ...form, password: another })).statusCode, 200)
  const [told] = await lettersTo(launched, 'ada@example.com')
  assert.match(told?.text ?? '', /by a link that an operator made/)
})
