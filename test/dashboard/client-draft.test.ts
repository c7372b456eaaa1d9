// The forms of a client: which lines are wrong, and what of a form is sent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressesMistake,
  changesOf,
  draftOf,
  kindOf,
  linesOf,
  mistakesOf,
} from '../../dashboard/src/pages/clients/draft.ts'
import type { Client } from '../../src/clients/client.ts'

const client = {
  client_id: '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d',
  name: 'Shop',
  public: false,
  pkce: 'required',
  redirect_uris: ['https://a.example/cb', 'https://b.example/cb'],
  grants: ['authorization_code', 'refresh_token'],
  scopes: 'read write',
  apis: null,
  dpop_bound: false,
  par_required: false,
  subject_type: 'public',
  post_logout_redirect_uris: [],
  uri: null,
} as unknown as Client

test('addresses stand one a line, each once; what is wrong is told by its line', () => {
  assert.deepEqual(linesOf(' https://a.example/cb \n\nhttps://a.example/cb\n'), ['https://a.example/cb'])
  assert.equal(addressesMistake('https://a.example/cb\n\ncom.example.app:/cb\nhttp://127.0.0.1/cb'), undefined)
  assert.match(addressesMistake('https://a.example/cb\nhttp://a.example/cb') ?? '', /^Line 2 must be https/)
  assert.match(addressesMistake('javascript:alert(1)') ?? '', /^Line 1 /)
  const many = Array.from({ length: 21 }, (_, i) => `https://a.example/${i}`).join('\n')
  assert.match(addressesMistake(many) ?? '', /20 at most/)
})

test('only what was changed is sent; another order is no change', () => {
  const draft = draftOf(client)
  assert.deepEqual(changesOf(client, draft), {})
  assert.deepEqual(
    changesOf(client, {
      ...draft,
      redirectUris: 'https://b.example/cb\nhttps://a.example/cb\n',
      scopes: ['write', 'read'],
    }),
    {},
  )
  assert.deepEqual(changesOf(client, { ...draft, name: ' Web shop ', scopes: null, uri: 'https://a.example' }), {
    name: 'Web shop',
    scopes: null,
    uri: 'https://a.example',
  })
})

test('a draft that cannot be is told by its fields', () => {
  const draft = draftOf(client)
  assert.deepEqual(mistakesOf(draft), {})
  assert.deepEqual(Object.keys(mistakesOf({ ...draft, name: ' ', redirectUris: '', apis: [], scopes: [] })), [
    'name',
    'redirectUris',
    'apis',
    'scopes',
  ])
  assert.deepEqual(Object.keys(mistakesOf({ ...draft, grants: [], redirectUris: '' })), ['grants'])
})

test('a client is called by what it is', () => {
  assert.equal(kindOf({ public: true, grants: [] }), 'Public app')
  assert.equal(kindOf({ public: false, grants: ['authorization_code'] }), 'Web app')
  assert.equal(kindOf({ public: false, grants: ['client_credentials'] }), 'Machine')
})
