// RFC 9700 §2.1, §4.1, §4.11: nobody but the client that was registered is ever sent a person, a code or an error.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorize, decide, formOf } from '../oauth/flow.ts'
import { assertShown, authorizationScene, redirect_uri } from './authorization-scene.ts'

const registered = [
  redirect_uri,
  'https://shop.example.com/callback?tenant=1',
  'http://127.0.0.1:5000/cb',
  'http://[::1]/cb',
  'http://localhost/cb?app=1',
  'com.example.shop:/cb',
]

/** RFC 8252 §7.3. */
const taken = [
  ...registered,
  'http://127.0.0.1/cb',
  'http://127.0.0.1:61234/cb',
  'http://[::1]:61234/cb',
  'http://localhost:61234/cb?app=1',
]

const refused = [
  // beside the registered path and query
  'https://shop.example.com/callback/',
  'https://shop.example.com/callback.',
  'https://shop.example.com/callback/x',
  'https://shop.example.com/callbackx',
  'https://shop.example.com/callback;x',
  'https://shop.example.com/callback&x=1',
  'https://shop.example.com/callback?',
  'https://shop.example.com/callback?x=1',
  'https://shop.example.com/callback?tenant=2',
  'https://shop.example.com/callback?tenant=1&x=1',
  'https://shop.example.com/callback#',
  'https://shop.example.com/callback#fragment',
  'https://shop.example.com/Callback',
  'https://shop.example.com//callback',
  'https://shop.example.com/callback/../evil',
  'https://shop.example.com/callback/%2e%2e/evil',
  'https://shop.example.com/callback/..;/evil',
  'https://shop.example.com/evil/../callback',
  'https://shop.example.com/./callback',
  'https://shop.example.com/%63allback',
  'https://shop.example.com/%2563allback',
  'https://shop.example.com/callback%00',
  'https://shop.example.com/callback%0d%0aLocation:%20https://evil.example',
  'https%3A%2F%2Fshop.example.com%2Fcallback',
  'https://shop.example.com',
  'https://shop.example.com/',
  // another host, or the same one in other letters
  'https://SHOP.example.com/callback',
  'https://shop.example.com./callback',
  'https://shop.example.com.evil.example/callback',
  'https://evilshop.example.com/callback',
  'https://sub.shop.example.com/callback',
  'https://example.com/callback',
  'https://evil.example/https://shop.example.com/callback',
  'https://evil.example/?https://shop.example.com/callback',
  'https://evil.example/#https://shop.example.com/callback',
  'https://shop.example.com:443/callback',
  'https://shop.example.com:8443/callback',
  'https://shop.example.com:/callback',
  'https://shop.example.com%2eevil.example/callback',
  'https://shop.example.com%2f@evil.example/callback',
  'https://*.example.com/callback',
  'https://*/callback',
  '*',
  // names that look alike
  'https://shоp.example.com/callback',
  'https://xn--shp-tbc.example.com/callback',
  'https://shop.example。com/callback',
  'https://ｓｈｏｐ.example.com/callback',
  'https://shop.example.com/cаllback',
  'https://shop\u200b.example.com/callback',
  // users before the host
  'https://user@shop.example.com/callback',
  'https://shop.example.com@evil.example/callback',
  'https://shop.example.com:x@evil.example/callback',
  'https://@shop.example.com/callback',
  // what browsers mend
  'https:shop.example.com/callback',
  'https:/shop.example.com/callback',
  'https:///shop.example.com/callback',
  'https:\\\\shop.example.com\\callback',
  'https://shop.example.com\\callback',
  'https://shop.example.com\\@evil.example/callback',
  'https://evil.example\\@shop.example.com/callback',
  '//shop.example.com/callback',
  '\\\\shop.example.com/callback',
  '/callback',
  'callback',
  ' https://shop.example.com/callback',
  'https://shop.example.com/callback ',
  'https://shop.example.com/call back',
  // control characters
  'https://shop.example.com/callback\0',
  'https://shop.example.com/callback\t',
  'https://shop.example.com/call\nback',
  'https://shop.example.com/callback\r\nLocation: https://evil.example',
  'https://shop.example.com/callback\u0085',
  'https://shop.example.com/callback\u2028',
  // schemes
  'http://shop.example.com/callback',
  'HTTPS://shop.example.com/callback',
  'javascript:alert(1)//https://shop.example.com/callback',
  'data:text/html,https://shop.example.com/callback',
  'vbscript:x',
  'file:///callback',
  'about:blank',
  'blob:https://shop.example.com/callback',
  'view-source:https://shop.example.com/callback',
  'intent://shop.example.com/callback#Intent;scheme=https;end',
  'com.example.shop:/evil',
  'com.example.shop:/cb/',
  'com.example.shop:cb',
  'com.example.shop://cb',
  'com.example.shop:///cb',
  'COM.example.shop:/cb',
  'com.example.shop.evil:/cb',
  'evil.com.example.shop:/cb',
  'com.example.shop:61234/cb',
  // the free port is for loopback hosts as they are registered, in plain http
  'https://127.0.0.1:5000/cb',
  'http://127.0.0.1:5000/cb/',
  'http://127.0.0.1:5000/',
  'http://127.0.0.1:61234/evil',
  'http://127.0.0.1:61234/cb?x=1',
  'http://127.0.0.1:61234/cb#x',
  'http://127.0.0.1:/cb',
  'http://127.0.0.1:99999/cb',
  'http://127.0.0.1:-1/cb',
  'http://127.0.0.1:5000:80/cb',
  'http://127.0.0.1:80@evil.example/cb',
  'http://127.0.0.1:80\\@evil.example/cb',
  'http://127.0.0.1.evil.example:5000/cb',
  'http://127.0.0.1@evil.example/cb',
  'http://127.0.0.2:5000/cb',
  'http://127.1:5000/cb',
  'http://2130706433:5000/cb',
  'http://0177.0.0.1:5000/cb',
  'http://0x7f.0.0.1:5000/cb',
  'http://0x7f000001:5000/cb',
  'http://127.000.000.001:5000/cb',
  'http://0.0.0.0:5000/cb',
  'http://[0:0:0:0:0:0:0:1]/cb',
  'http://[::ffff:127.0.0.1]/cb',
  'http://[::ffff:7f00:1]/cb',
  'http://[::1%25lo]/cb',
  'http://[::]/cb',
  'http://[::1].evil.example/cb',
  'http://localhost/cb',
  'http://LOCALHOST/cb?app=1',
  'http://localhost./cb?app=1',
  'http://localhost.evil.example/cb?app=1',
  'http://shop.localhost/cb?app=1',
  'http://localhost:61234/cb?app=2',
  // length
  `https://shop.example.com/callback?${'x'.repeat(8000)}`,
  `http://127.0.0.1:5000/cb/${'x'.repeat(8000)}`,
]

test('a redirect URI is the registered one letter by letter, but for the port of a loopback host', async (t) => {
  const { launched, browser, request } = await authorizationScene(t, { redirect_uris: registered })
  for (const uri of taken) {
    const page = await authorize(launched, browser, { ...request, redirect_uri: uri })
    assert.equal(page.statusCode, 200, uri)
    const denied = await decide(launched, browser, page, 'deny')
    const parameters = `${uri.includes('?') ? '&' : '?'}error=access_denied&`
    assert.ok(String(denied.headers.location).startsWith(`${uri}${parameters}`), String(denied.headers.location))
  }
})

test('with any other, whatever else is right or wrong, the answer is a page that leads nowhere', async (t) => {
  const { launched, browser, request, rows } = await authorizationScene(t, { redirect_uris: registered })
  for (const uri of refused) {
    for (const [who, more] of [
      [browser, {}],
      [undefined, {}],
      [browser, { prompt: 'none' }],
      [browser, { response_type: 'token' }],
      [browser, { scope: 'nonsense', response_mode: 'form_post' }],
    ] as const) {
      const page = await authorize(launched, who, { ...request, redirect_uri: uri, ...more })
      assertShown(page, 400, JSON.stringify([uri, more]))
      assert.doesNotMatch(page.body, /evil|href="(?!data:)|action=/, uri)
    }
  }
  assert.deepEqual(await rows(), { grants: [], codes: [] })
})

test('a consent form does not lead elsewhere when its address is changed', async (t) => {
  const { launched, browser, request, rows } = await authorizationScene(t, { redirect_uris: registered })
  const { action, fields } = formOf(await authorize(launched, browser, request))
  for (const uri of [...refused, 'https://shop.example.com/callback?tenant=1', 'com.example.shop:/cb']) {
    const changed = new URL(action, 'http://localhost')
    changed.searchParams.set('redirect_uri', uri)
    for (const decision of ['allow', 'deny'])
      assertShown(
        await launched.ask('POST', `${changed.pathname}${changed.search}`, {
          headers: { cookie: browser.cookie },
          form: { ...fields, decision },
        }),
        400,
        uri,
      )
  }
  assert.deepEqual(await rows(), { grants: [], codes: [] })
})

test('a host that would write into the page’s policy is not registered (CSP 3 §2.2)', async (t) => {
  const { acme } = await authorizationScene(t)
  for (const host of ['a;sandbox', 'a,default-src', "a'b.example", 'a!b.example', 'a$b.example', 'a%3bsandbox'])
    await assert.rejects(acme.client({ redirect_uris: [`https://${host}/cb`] }), /400/, host)
})
