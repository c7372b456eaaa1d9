// RFC 9112 §11.2: two readers of the same octets. Whatever the short ways on sockets do not read exactly as node:http does is
// node:http's: every message here is sent to a server with them and to one without, and must be read and answered alike.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Exchange, type Stage, exchange, stage } from '../http/plain-stage.ts'

const last = 'GET /look?last HTTP/1.1\r\nHost: a\r\n\r\n'
const ask = (body = 'hello', fields = ''): string =>
  `POST /ask HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
const look = (fields = '', target = '/look?a=b'): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
const smuggled = 'GET /look?smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (fields: string, body: string, line = 'POST /ask HTTP/1.1'): string =>
  `${line}\r\nHost: a\r\nContent-Type: text/plain\r\n${fields}\r\n${body}`

/** Messages that are read differently by some, or that only look plain. */
const attacks: Record<string, string> = {
  'CL and TE': post(`Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`),
  'TE and CL': post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${smuggled}`),
  'TE alone': post('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
  'TE misspelled': post(`Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n`, 'hello'),
  'TE with a tab': post('Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${smuggled}`),
  'two TE': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'),
  'TE of a GET': look('Transfer-Encoding: chunked\r\n') + '0\r\n\r\n',
  'two CL, alike': post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'),
  'two CL': post(`Content-Length: 5\r\nContent-Length: ${smuggled.length + 5}\r\n`, `hello${smuggled}`),
  'two CL in one': post('Content-Length: 5, 5\r\n', 'hello'),
  'CL of another case, twice': post('content-length: 5\r\nCONTENT-LENGTH: 6\r\n', 'hello!'),
  'CL with a plus': post('Content-Length: +5\r\n', 'hello'),
  'CL with a minus': post('Content-Length: -5\r\n', 'hello'),
  'CL in hexadecimal': post('Content-Length: 0x5\r\n', 'hello'),
  'CL with zeros': post('Content-Length: 005\r\n', 'hello'),
  'CL with a space inside': post('Content-Length: 5 0\r\n', 'hello'),
  'CL with spaces around': post('Content-Length:   5  \r\n', 'hello'),
  'CL with a tab': post('Content-Length:\t5\r\n', 'hello'),
  'CL empty': post('Content-Length:\r\n', 'hello'),
  'CL beyond all numbers': post('Content-Length: 99999999999999999999\r\n', 'hello'),
  'CL of a fraction': post('Content-Length: 5.0\r\n', 'hello'),
  'CL missing': post('', 'hello'),
  'CL zero': post('Content-Length: 0\r\n', ''),
  'CL of a GET': look(`Content-Length: ${smuggled.length}\r\n`) + smuggled,
  'CL zero of a GET': look('Content-Length: 0\r\n'),
  'a space before the colon': post('Content-Length : 5\r\n', 'hello'),
  'a tab before the colon': post('Content-Length\t: 5\r\n', 'hello'),
  'an empty name': post(': x\r\nContent-Length: 5\r\n', 'hello'),
  'a line without a colon': post('nothing\r\nContent-Length: 5\r\n', 'hello'),
  'a name with a space': post('X Y: 1\r\nContent-Length: 5\r\n', 'hello'),
  'a name that is not ASCII': post('X-\xe9: 1\r\nContent-Length: 5\r\n', 'hello'),
  'obs-fold': post('X: 1\r\n 2\r\nContent-Length: 5\r\n', 'hello'),
  'obs-fold by a tab': post('X: 1\r\n\tContent-Length: 5\r\n', 'hello'),
  'obs-fold at once': `GET /look HTTP/1.1\r\n Host: a\r\n\r\n`,
  'a bare LF': post('X: 1\nContent-Length: 5\r\n', 'hello'),
  'bare LF alone': look().replaceAll('\r\n', '\n'),
  'LF LF behind': `GET /look HTTP/1.1\r\nHost: a\r\nX: 1\n\n${smuggled}`,
  'a bare CR': post('X: 1\rContent-Length: 7\r\nContent-Length: 5\r\n', 'hello'),
  'CR CR LF': post('X: 1\r\r\nContent-Length: 5\r\n', 'hello'),
  'NUL in a value': post('X: 1\x002\r\nContent-Length: 5\r\n', 'hello'),
  'NUL in a name': post('X\0: 1\r\nContent-Length: 5\r\n', 'hello'),
  'DEL in a value': post('X: \x7f\r\nContent-Length: 5\r\n', 'hello'),
  'a tab in a value': post('X: 1\t2\r\nContent-Length: 5\r\n', 'hello'),
  'obs-text': post('X: \xe9\r\nContent-Length: 5\r\n', 'hello'),
  'no Host': 'GET /look HTTP/1.1\r\nX: 1\r\n\r\n',
  'no field': 'GET /look HTTP/1.1\r\n\r\n',
  'two Hosts': look('Host: b\r\n'),
  'two Hosts, alike': look('host: a\r\n'),
  'an empty Host': 'GET /look HTTP/1.1\r\nHost:\r\n\r\n',
  'a Host that is none': 'GET /look HTTP/1.1\r\nHost: a b/c@d\r\n\r\n',
  'a repeated field': look('X: 1\r\nx: 2\r\n'),
  'a repeated credential': look('Authorization: Bearer a\r\nAuthorization: Bearer b\r\n'),
  'fields named as those of every object': look('__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\n'),
  'absolute form': look('', 'http://b/look'),
  'asterisk form': look('', '*'),
  'authority form': look('', 'a:80'),
  'no target': 'GET  HTTP/1.1\r\nHost: a\r\n\r\n',
  'a fragment': look('', '/look?a#b'),
  'a space in the target': look('', '/look?a b'),
  'a tab behind the method': 'GET\t/look HTTP/1.1\r\nHost: a\r\n\r\n',
  'two spaces behind the method': 'GET  /look HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space behind the version': 'GET /look HTTP/1.1 \r\nHost: a\r\n\r\n',
  'a target that is not ASCII': look('', '/look?\xe9'),
  'a backslash': look('', '/look?\\'),
  'lower-case method': look().replace('GET', 'get'),
  HEAD: look().replace('GET', 'HEAD'),
  'an unknown method': look().replace('GET', 'GETS'),
  OPTIONS: look('Origin: https://a\r\nAccess-Control-Request-Method: POST\r\n').replace('GET', 'OPTIONS'),
  'POST of GET’s': ask().replace('/ask', '/look'),
  'GET of POST’s': look('', '/ask'),
  'HTTP/1.0': look().replace('1.1', '1.0'),
  'HTTP/1.0 that stays': look('Connection: keep-alive\r\n').replace('1.1', '1.0'),
  'HTTP/1.2': look().replace('1.1', '1.2'),
  'HTTP/2.0': look().replace('1.1', '2.0'),
  'HTTP/0.9': 'GET /look\r\n',
  'lower-case version': look().replace('HTTP', 'http'),
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'empty lines before': `\r\n\r\n${look()}`,
  'an LF before': `\n${look()}`,
  'a space before': ` ${look()}`,
  'a BOM before': `\xef\xbb\xbf${look()}`,
  'Connection: close': look('Connection: close\r\n'),
  'Connection: keep-alive': look('Connection: Keep-Alive\r\n'),
  'Connection: keep-alive, X': look('Connection: keep-alive, X\r\n'),
  'Connection, twice': look('Connection: keep-alive\r\nConnection: close\r\n'),
  'Connection, empty': look('Connection:\r\n'),
  'Proxy-Connection': look('Proxy-Connection: close\r\n'),
  Upgrade: look('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
  'Upgrade, not meant': look('Upgrade: h2c\r\n'),
  Expect: post('Expect: 100-continue\r\nContent-Length: 5\r\n', 'hello'),
  'Expect, of another kind': post('Expect: x\r\nContent-Length: 5\r\n', 'hello'),
  'a trailer announced': look('Trailer: X\r\n'),
  'many fields': look(Array.from({ length: 200 }, (_, i) => `X-${i}: 1\r\n`).join('')),
  'a long field': look(`X: ${'x'.repeat(10_000)}\r\n`),
  'a huge head': look(`X: ${'x'.repeat(20_000)}\r\n`),
  'a huge target': look('', `/look?${'x'.repeat(20_000)}`),
  'a large body': ask('x'.repeat(40_000)),
  'a body that is not plain': ask('odd'),
  'octets of a body': ask('\r\n\r\n\0\xff\x80GET /look?smuggled HTTP/1.1\r\n\r\n'),
  'another media type': ask().replace('text/plain', 'text/html'),
  'no media type': ask().replace('Content-Type: text/plain\r\n', ''),
  'two media types': ask('hello', 'Content-Type: text/plain\r\n'),
  'values with spaces around': look('X:  a b  \r\nY:\r\nZ:   \r\n'),
}

const onlySeen = ({ seen }: Stage) =>
  seen
    .splice(0)
    .map(({ method, url, rawHeaders, headers, body, from }) => ({ method, url, rawHeaders, headers, body, from }))

/** Where a connection is cut for what is malformed, node:http forgets what it had not answered yet. */
const isCut = ({ answers, closed }: Exchange): boolean => closed && (answers.at(-1)?.status ?? 400) >= 400

const bothWays = async (
  [fronted, bare]: readonly [Stage, Stage],
  parts: readonly string[],
): Promise<{ ours: Exchange; theirs: Exchange; shorts: number }> => {
  const [ours, theirs] = await Promise.all([exchange(fronted.port, parts), exchange(bare.port, parts)])
  const shorts = fronted.seen.filter(({ short }) => short).length
  const [seen, expected] = [onlySeen(fronted), onlySeen(bare)]
  const context = JSON.stringify(parts)
  if (isCut(theirs)) {
    // what came before may have been answered here: in its order, and read no differently
    assert.ok(isCut(ours), context)
    assert.deepEqual(seen.slice(0, expected.length), expected, context)
  } else {
    assert.deepEqual(seen, expected, context)
    assert.deepEqual(ours, theirs, context)
  }
  return { ours, theirs, shorts }
}

const stages = async (t: Parameters<typeof stage>[0], served?: RegExp) =>
  [await stage(t, { front: true, ...(served && { served }) }), await stage(t, { front: false })] as const

test('what is plain takes the short way', async (t) => {
  const both = await stages(t)
  for (const parts of [[ask(), last], [look(), last], [ask() + look() + last], [ask('x'.repeat(20_000)), last]]) {
    const { ours, shorts } = await bothWays(both, parts)
    assert.equal(shorts, ours.answers.length)
    assert.equal(ours.closed, false)
  }
})

test('what is not plain is read and answered as node:http does it: first on its connection, and behind what is plain', async (t) => {
  const both = await stages(t)
  for (const [name, message] of Object.entries(attacks)) {
    await t.test(name, async () => {
      const { ours, theirs } = await bothWays(both, [message, last])
      assert.deepEqual(ours, theirs)
      await bothWays(both, [message + last])
      const { shorts } = await bothWays(both, [ask('first'), message, last])
      assert.ok(shorts >= 1)
      await bothWays(both, [ask('first') + message + last])
    })
  }
})

test('what has no short way but is plain is served as node:http does it, and what is not plain is node:http’s', async (t) => {
  const both = await stages(t, /^/)
  const other = (path: string): string => look('', path)
  const { ours, shorts } = await bothWays(both, [
    other('/a') + ask('<', 'X: y\r\n') + other('/b'),
    post('Content-Length: 0\r\n', '').replace('/ask', '/c'),
    last,
  ])
  assert.ok(shorts >= 3 && shorts === ours.answers.length)
  for (const [name, message] of Object.entries(attacks))
    await t.test(name, async () => {
      await bothWays(both, [message, last])
      await bothWays(both, [other('/first') + message + last])
    })
})

test('nothing that is smuggled is answered', async (t) => {
  const fronted = await stage(t, { front: true })
  for (const name of ['CL and TE', 'TE and CL', 'TE with a tab', 'two CL', 'CL of a GET', 'octets of a body']) {
    for (const before of ['', ask('first')]) await exchange(fronted.port, [before + (attacks[name] as string), last])
    assert.ok(
      fronted.seen.every(({ url }) => !url?.includes('smuggled')),
      name,
    )
  }
})

test('a message cut anywhere is the same message', async (t) => {
  const both = await stages(t)
  const message = ask('body') + look()
  for (let at = 1; at < message.length; at++) {
    const { ours } = await bothWays(both, [message.slice(0, at), message.slice(at) + last])
    assert.equal(ours.answers.length, 3)
  }
})

const piece = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '\xff',
  'GET',
  'POST',
  '/look',
  '/ask',
  ' HTTP/1.1',
  'HTTP/1.0',

  'Host: a\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  '0\r\n\r\n',
  '5',

  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Content-Type: text/plain\r\n',
  'hello',
  'X: y\r\n',
  '?a=b',
)
// node:http answers an expectation that it does not know before it reads on, so that the rest may come too late to be refused
const message = fc.constantFrom(
  ask(),
  look(),
  ...Object.values(attacks).filter((text) => text.length < 400 && !text.includes('Expect:')),
)
/** A message with something put in, taken out or put in place of something else. */
const mutated = fc
  .tuple(message, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), piece), { maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce((changed, [place, taken, put]) => {
      const at = place % (changed.length + 1)
      return changed.slice(0, at) + put + changed.slice(at + taken)
    }, text),
  )

test('whatever is sent, in whatever parts, is read and answered as node:http does it', async (t) => {
  const both = await stages(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutated, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 3 }),
      async (messages, cuts) => {
        const text = messages.join('') + last
        const places = [0, ...cuts.map((cut) => cut % text.length), text.length].toSorted((a, b) => a - b)
        await bothWays(
          both,
          places
            .slice(1)
            .map((to, i) => text.slice(places[i], to))
            .filter((part) => part !== ''),
        )
      },
    ),
    { numRuns: 150 },
  )
})
