// Client secrets: two at most, overlapping for as long as was asked, also when rotated by several at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientWithSecret } from '../../src/clients/client.ts'
import { launch, stoppedClock, world } from '../harness.ts'

test('secret rotation', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const acme = await world(launched)
  const works = async (client_id: string, client_secret: string | undefined): Promise<boolean> => {
    const answer = await launched.ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', client_id, client_secret: client_secret as string },
    })
    if (answer.statusCode !== 200) assert.equal(answer.statusCode, 401)
    return answer.statusCode === 200
  }
  const rotate = (client_id: string, body?: object) =>
    launched.operate<ClientWithSecret>('POST', `/clients/${client_id}/rotate`, body)
  const make = () => acme.client({ apis: ['smoo'] })

  await t.test('both work for a day by default, then the new one alone', async () => {
    const { client_id, client_secret: first } = await make()
    const { client_secret: second, secrets } = await rotate(client_id)
    assert.deepEqual(
      secrets.map(({ expires_at }) => expires_at),
      [null, '2026-02-02T12:00:00.000Z'],
    )
    assert.deepEqual([await works(client_id, first), await works(client_id, second)], [true, true])
    clock.advance(86_400_000 - 1)
    assert.equal(await works(client_id, first), true)
    clock.advance(1)
    assert.deepEqual([await works(client_id, first), await works(client_id, second)], [false, true])
  })

  await t.test('an overlap of 0 ends the old one now', async () => {
    const { client_id, client_secret: first } = await make()
    const { client_secret: second } = await rotate(client_id, { overlap_seconds: 0 })
    assert.deepEqual([await works(client_id, first), await works(client_id, second)], [false, true])
  })

  await t.test('a third pushes the oldest out; an end is never moved back', async () => {
    const { client_id, client_secret: first } = await make()
    const { client_secret: second } = await rotate(client_id, { overlap_seconds: 60 })
    const { client_secret: third, secrets } = await rotate(client_id, { overlap_seconds: 3600 })
    assert.equal(secrets.length, 2)
    assert.deepEqual(
      [await works(client_id, first), await works(client_id, second), await works(client_id, third)],
      [false, true, true],
    )
    clock.advance(3_600_000)
    assert.deepEqual([await works(client_id, second), await works(client_id, third)], [false, true])
  })

  await t.test('ten at once: every one is answered, two secrets remain, the newest for good', async () => {
    const { client_id } = await make()
    const rotated = await Promise.all(Array.from({ length: 10 }, () => rotate(client_id)))
    const rows = await launched.app.store.db
      .selectFrom('client_secrets')
      .selectAll()
      .where('client_id', '=', client_id)
      .execute()
    assert.equal(rows.length, 2)
    assert.equal(rows.filter(({ expires_at }) => expires_at === null).length, 1)
    const working = await Promise.all(rotated.map(({ client_secret }) => works(client_id, client_secret)))
    assert.equal(working.filter(Boolean).length, 2)
  })

  await t.test('one of two may be ended before its time, the only one may not', async () => {
    const { client_id, client_secret: first } = await make()
    const { client_secret: second, secrets } = await rotate(client_id)
    const [newer, older] = secrets
    const end = (secret: string | undefined, of = client_id) =>
      launched.operate<ClientWithSecret>('DELETE', `/clients/${of}/secrets/${secret}`)
    const other = await make()
    await assert.rejects(end(older?.id, other.client_id), /404/, 'of another client')
    assert.deepEqual(
      (await end(older?.id)).secrets.map(({ id }) => id),
      [newer?.id],
    )
    assert.deepEqual([await works(client_id, first), await works(client_id, second)], [false, true])
    await assert.rejects(end(older?.id), /404/)
    await assert.rejects(end(newer?.id), /409.*only secret/)
    await rotate(client_id, { overlap_seconds: 60 })
    clock.advance(60_000)
    const { secrets: left } = await launched.operate<ClientWithSecret>('GET', `/clients/${client_id}`)
    await assert.rejects(end(left[0]?.id), /409/, 'one that has ended by itself does not count')
    const { data } = await launched.operate<{ data: { detail: { hint: string } }[] }>(
      'GET',
      '/audit?action=client.secret_ended',
    )
    assert.deepEqual(
      data.map(({ detail }) => detail.hint),
      [older?.hint],
    )
  })

  await t.test('a public client has none; an overlap has bounds', async () => {
    const app = await acme.client({ public: true, redirect_uris: ['https://app.example.com/cb'] })
    await assert.rejects(rotate(app.client_id), /400.*public client has no secret/)
    const { client_id } = await make()
    for (const overlap_seconds of [-1, 90 * 86_400 + 1, 0.5, '60'])
      await assert.rejects(rotate(client_id, { overlap_seconds }), /400/)
  })
})
