// /docs: the OpenAPI document as a page, and where the bare URL leads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch } from '../harness.ts'

test('the HTTP API can be read, and read by tools', async (t) => {
  const { ask } = await launch(t)
  const page = await ask('GET', '/docs')
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
  const document = (await ask('GET', '/openapi.json')).json<{ paths: Record<string, object> }>()
  const paths = Object.keys(document.paths)
  assert.ok(paths.length > 30)
  for (const path of paths)
    assert.ok(page.body.replaceAll('<wbr />', '').includes(`<code class="path">${path}</code>`), path)
  assert.ok(page.body.includes('<code>next_cursor</code>'), 'what is code in a description is code on the page')
  assert.equal(
    (await ask('GET', '/', { host: 'api.multi.localhost' })).statusCode,
    401,
    'on an API host it is the API’s',
  )
})
