// RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1: which redirect URIs a client may register.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirectUriMistake } from '../../src/clients/redirect-uri.ts'

test('registered as they are', () => {
  for (const uri of [
    'https://app.example.com',
    'https://app.example.com/cb?tenant=1',
    'https://app.example.com:8443/cb',
    'https://[2001:db8::1]/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:51004/cb',
    'http://[::1]:51004/cb',
    'http://localhost:3000/cb',
    'com.example.app:/oauth2redirect',
    'com.example.app://oauth2redirect',
  ]) {
    assert.equal(redirectUriMistake(uri), undefined, uri)
  }
})

test('refused', () => {
  for (const [uri, mistake] of [
    ['', /characters/],
    ['/cb', /absolute/],
    ['app.example.com/cb', /absolute/],
    ['//app.example.com/cb', /absolute/],
    ['https:app.example.com', /absolute/],
    ['https:///app.example.com', /absolute/],
    ['https://app.example.com/#', /fragment/],
    ['https://app.example.com/cb#token', /fragment/],
    ['https://user@app.example.com/cb', /user/],
    ['https://app.example.com@evil.example/cb', /user/],
    ['https://user:pass@app.example.com/cb', /user/],
    ['https://*.example.com/cb', /wildcard/],
    ['https://app.example.com;sandbox/cb', /host/],
    ['https://app.example.com,default-src/cb', /host/],
    ['https://app.example.com%3Bsandbox/cb', /host/],
    ["https://'self'/cb", /host/],
    ['http://app.example.com/cb', /https/],
    ['http://127.0.0.1.evil.example/cb', /https/],
    ['http://localhost.evil.example/cb', /https/],
    ['javascript:alert(1)', /https/],
    ['data:text/html,x', /https/],
    ['file:///etc/passwd', /https/],
    ['myapp:/cb', /https/],
    ['.:/cb', /absolute|https/],
    ['https://app.example.com/c b', /characters/],
    ['https://app.example.com\\@evil.example', /characters/],
    ['https://app.example.com/\n', /characters/],
    ['https://äpp.example.com/cb', /characters/],
    [`https://app.example.com/${'x'.repeat(2000)}`, /longer/],
  ] as const) {
    assert.match(redirectUriMistake(uri) ?? 'nothing', mistake, uri)
  }
})
