// RFC 9126 §2.2, §4, §7.1, §7.2: pushed requests: random, hashed, of one client, for a while, so many of each client, used up once.
import assert from 'node:assert/strict'
import {
  usePushedRequest,
  loadPushedRequest,
  requestUriPrefix,
  storePushedRequest,
} from '../../../src/oauth/pushed-requests.ts'
import type { Requirement } from '../conformance.ts'
import { at } from '../rows.ts'

const query = 'client_id=one&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example&state=%C3%A4%22%5C'

export const pushes: readonly Requirement[] = [
  [
    'any process gives the client what it pushed, and nobody anything else',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const { requestUri, expiresIn } = await storePushedRequest(one, 'one', query, at)
      assert.match(requestUri, /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/, '256 bits (§2.2)')
      assert.ok(expiresIn >= 60 && expiresIn <= 90)
      const form = await loadPushedRequest(other, 'one', requestUri, at)
      assert.deepEqual(form?.all('resource'), ['https://a.example', 'https://b.example'])
      assert.deepEqual(form.all('state'), ['ä"\\'])
      assert.equal(await loadPushedRequest(other, 'two', requestUri, at), undefined)
      for (const wrong of [
        requestUriPrefix,
        `${requestUri}A`,
        requestUri.slice(0, -1),
        requestUri.toUpperCase(),
        ` ${requestUri}`,
        `${requestUriPrefix}${'A'.repeat(43)}`,
        'x'.repeat(1_000_000),
      ])
        assert.equal(await loadPushedRequest(other, 'one', wrong, at), undefined)
      const rows = JSON.stringify(await one.activity.selectFrom('pushed_requests').selectAll().execute())
      assert.ok(!rows.includes(requestUri.slice(requestUriPrefix.length)), 'hashed at rest')
    },
  ],
  [
    'a browser must come within the time that was said; then the person may take a quarter of an hour, and no longer by coming again',
    async (database) => {
      const store = await database.open()
      const late = await storePushedRequest(store, 'one', query, at)
      assert.equal(await loadPushedRequest(store, 'one', late.requestUri, at + late.expiresIn * 1000), undefined)
      const { requestUri, expiresIn } = await storePushedRequest(store, 'one', query, at)
      const came = at + expiresIn * 1000 - 1
      assert.equal(await loadPushedRequest(store, 'two', requestUri, came), undefined)
      assert.ok(await loadPushedRequest(store, 'one', requestUri, came))
      assert.ok(await loadPushedRequest(store, 'one', requestUri, came + 899_999))
      assert.equal(await loadPushedRequest(store, 'one', requestUri, came + 900_000), undefined)
    },
  ],
  [
    'used up once, whoever comes first',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const { requestUri } = await storePushedRequest(one, 'one', query, at)
      const both = await Promise.all([usePushedRequest(one, requestUri), usePushedRequest(other, requestUri)])
      assert.deepEqual(both.toSorted(), [false, true])
      assert.equal(await loadPushedRequest(one, 'one', requestUri, at), undefined)
    },
  ],
  [
    'a client may have 5,000 at once; another client and a later time are not held up',
    async (database) => {
      const store = await database.open()
      const rows = Array.from({ length: 4_999 }, (_, index) => ({
        hash: `hash-${index}`,
        client_id: 'one',
        parameters: '',
        opened: 0,
        expires_at: at + 10_000,
      }))
      for (let start = 0; start < rows.length; start += 1_000)
        await store.activity
          .insertInto('pushed_requests')
          .values(rows.slice(start, start + 1_000))
          .execute()
      await storePushedRequest(store, 'one', query, at)
      await assert.rejects(storePushedRequest(store, 'one', query, at), {
        error: 'temporarily_unavailable',
        status: 429,
      })
      await storePushedRequest(store, 'two', query, at)
      await storePushedRequest(store, 'one', query, at + 10_000)
    },
  ],
]
