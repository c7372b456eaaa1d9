// Whoever takes an account over would like its person not to be told. What is told of the account itself cannot be drowned by what others can cause.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock, world } from '../harness.ts'
import { lettersTo } from '../mail/letters.ts'
import { addPerson, password, visitor } from '../visitor.ts'

test('an hour of alerts of somebody else’s making leaves room for the word that the password was changed', async (t) => {
  const clock = stoppedClock(Date.now())
  const launched = await launch(t, { now: clock, file: {} })
  const { app, ask } = launched
  const id = await addPerson(launched)
  const eve = await world(launched)
  const { token } = await eve.token()
  const asEve = (path: string, body: object) =>
    ask('POST', `/api/v1/organizations/${eve.organization}${path}`, { as: token, body })
  assert.equal((await asEve('/members', { user_id: id, role: 'admin' })).statusCode, 201)
  // keys that end at once: one letter a round
  for (let round = 0; round < 62; round++) {
    assert.equal((await asEve('/api-keys', { name: 'K', expires_in: 10 })).statusCode, 201)
    clock.advance(50_000)
    await app.watcher.run(clock())
    // and what strangers can ask for
    await app.mailer.send({ to: 'ada@example.com', subject: 'S', text: 'T', byStranger: true }, clock())
  }
  const sent = await app.store.activity.selectFrom('outbox').select('id').execute()
  assert.equal(sent.length, 2 * 60 + 5, 'sixty alerts to each of the two, and five of strangers')

  const thief = visitor(launched)
  await thief.signIn('ada@example.com', password)
  const changed = await thief.api('POST', '/account/password', {
    current_password: password,
    new_password: 'another horse battery',
  })
  assert.equal(changed.statusCode, 200)
  const subjects = (await lettersTo(launched, 'ada@example.com')).map(({ subject }) => subject)
  assert.ok(
    subjects.some((subject) => subject.startsWith('Your password was changed')),
    subjects.slice(0, 5).join(', '),
  )
})
