// Messages on their way: durable, sealed, delivered by one process alone, tried again, given up after a day, bounded.
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { buildConfig } from '../../../src/config/config.ts'
import { Outbox } from '../../../src/mail/outbox.ts'
import { latestMail } from '../../../src/mail/mailbox.ts'
import { SecretBox } from '../../../src/secret-box.ts'
import type { Store } from '../../../src/store/store.ts'
import { type Mailbox, smtpServer } from '../../mail/smtp-server.ts'
import type { Requirement } from '../conformance.ts'
import { at } from '../rows.ts'

const box = new SecretBox('a secret of the tests, long enough')
const hour = 3_600_000

const outboxOn = (store: Store, port: number | undefined, clock: { at: number }) => {
  const lines: string[] = []
  const log = pino(
    { level: 'info' },
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      },
    }),
  )
  const env = port === undefined ? {} : { LATCHKEY_SMTP_URL: `smtp://127.0.0.1:${port}` }
  const config = buildConfig(env, { mail: { from: 'Latchkey <latchkey@example.com>' } })
  return { outbox: new Outbox({ config, store, box, log, now: () => clock.at }), lines }
}

const withServer = async (
  options: Parameters<typeof smtpServer>[0],
  work: (server: Mailbox) => Promise<void>,
): Promise<void> => {
  const server = await smtpServer(options)
  try {
    await work(server)
  } finally {
    await server.close()
  }
}

const mail = { to: 'ada@example.com', subject: 'Hello', text: 'The text, with https://example.com/a-link' }

export const messages: readonly Requirement[] = [
  [
    'what one process takes another delivers, once, and nothing of it is left',
    (database) =>
      withServer({}, async (server) => {
        const [one, two, three] = [await database.open(), await database.open(), await database.open()] as const
        const clock = { at }
        const taken = outboxOn(one, server.port, clock).outbox
        for (let number = 0; number < 20; number++) await taken.send({ ...mail, to: `p${number}@example.com` }, at)
        const stored = JSON.stringify(await one.activity.selectFrom('outbox').selectAll().execute())
        assert.ok(!stored.includes('p1@example.com') && !stored.includes('a-link'), 'sealed at rest')
        const [a, b] = [outboxOn(two, server.port, clock).outbox, outboxOn(three, server.port, clock).outbox]
        a.start()
        b.start()
        await Promise.all([a.kick(), b.kick()])
        assert.equal(server.received.length, 20)
        assert.equal(new Set(server.received.map(({ to: [to] }) => to)).size, 20)
        const rows = await one.activity.selectFrom('outbox').select(['sealed', 'sent_at']).execute()
        assert.ok(rows.every(({ sealed, sent_at }) => sealed === '' && sent_at === at))
        await Promise.all([taken.close(), a.close(), b.close()])
      }),
  ],
  [
    'a message is tried again after longer and longer, and given up after a day; the log tells neither its text nor for whom it was',
    (database) => {
      let refusing = 450
      return withServer({ refuse: () => refusing || undefined }, async (server) => {
        const clock = { at }
        const { outbox, lines } = outboxOn(await database.open(), server.port, clock)
        outbox.start()
        await outbox.send(mail, clock.at)
        await outbox.kick()
        assert.equal(server.connections(), 1)
        await outbox.kick()
        assert.equal(server.connections(), 1, 'not at once')
        clock.at += 30_000
        await outbox.kick()
        assert.equal(server.connections(), 2)
        clock.at += 30_000
        await outbox.kick()
        assert.equal(server.connections(), 2, 'the pause has doubled')
        clock.at += hour
        refusing = 0
        await outbox.kick()
        assert.equal(server.received.length, 1)

        refusing = 450
        await outbox.send(mail, clock.at)
        await outbox.kick()
        clock.at += 24 * hour
        await outbox.kick()
        assert.match(lines.at(-1) ?? '', /given up after a day/)
        refusing = 0
        clock.at += hour
        await outbox.kick()
        assert.equal(server.received.length, 1)
        assert.ok(!/ada@|a-link|Hello/.test(lines.join('')), lines.join(''))
        await outbox.close()
      })
    },
  ],
  [
    'a mailbox that does not exist is not tried again',
    (database) =>
      withServer({ refuse: () => 550 }, async (server) => {
        const clock = { at }
        const { outbox, lines } = outboxOn(await database.open(), server.port, clock)
        outbox.start()
        await outbox.send(mail, clock.at)
        await outbox.kick()
        clock.at += hour
        await outbox.kick()
        assert.equal(server.connections(), 1)
        assert.match(lines.join(''), /refused for good/)
        await outbox.close()
      }),
  ],
  [
    'what a process had taken when it died is delivered by another once its lease is over',
    (database) =>
      withServer({}, async (server) => {
        const clock = { at }
        const store = await database.open()
        const { outbox } = outboxOn(store, server.port, clock)
        await outbox.send(mail, at)
        // as a claim leaves it
        await store.activity
          .updateTable('outbox')
          .set({ attempts: 1, next_at: at + 120_000 })
          .execute()
        outbox.start()
        await outbox.kick()
        assert.equal(server.received.length, 0)
        clock.at += 120_000
        await outbox.kick()
        assert.equal(server.received.length, 1)
        await outbox.close()
      }),
  ],
  [
    'strangers can have five messages an hour sent to one address, which takes nothing from what it is sent else; so many wait in all',
    async (database) => {
      const store = await database.open()
      const clock = { at }
      const { outbox } = outboxOn(store, undefined, clock)
      const count = async (): Promise<number> =>
        (await store.activity.selectFrom('outbox').select('id').execute()).length
      for (let number = 0; number < 20; number++) await outbox.send({ ...mail, byStranger: true }, at + number)
      assert.equal(await count(), 5)
      await outbox.send({ ...mail, to: ' ADA@Example.com', byStranger: true }, at)
      assert.equal(await count(), 5, 'the address in another spelling is the same')
      await outbox.send({ ...mail, to: 'grace@example.com', byStranger: true }, at)
      await outbox.send(mail, at)
      assert.equal(await count(), 7)
      await outbox.send({ ...mail, byStranger: true }, at + hour + 20)
      assert.equal(await count(), 8, 'an hour later there is room again')
      for (let number = 0; number < 100; number++) await outbox.send(mail, at)
      assert.equal(await count(), 67)
      assert.deepEqual((await latestMail(store, box)).length, 50)
    },
  ],
]
