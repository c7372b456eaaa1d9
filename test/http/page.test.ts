// Server-rendered HTML: everything that is not HTML already is escaped.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escape, field, html, pageHeaders } from '../../src/http/page.ts'

test('a template escapes its values and keeps what is HTML', () => {
  const evil = `</p><script>alert("1")</script>&'`
  assert.equal(html`<p title="${evil}">${evil}</p>`.text, `<p title="${escape(evil)}">${escape(evil)}</p>`)
  assert.equal(escape(evil), '&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;')
  assert.equal(
    html`${html`<b>${'<'}</b>`}${undefined}${7}${['a', html`<i>b</i>`, '&']}`.text,
    '<b>&lt;</b>7a<i>b</i>&amp;',
  )
})

test('no text gets out of an attribute or an element', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'a', ' ', '\n', '`', '=') }),
      (text) => {
        assert.ok(!/[<>"']/.test(html`${text}`.text))
      },
    ),
  )
  const made = field({
    name: 'email',
    label: '<l>',
    type: 'email',
    autocomplete: 'username',
    value: '"><img src=x>',
    hint: '<h>',
    mistake: '<m>',
  }).text
  assert.ok(!made.includes('<img') && !made.includes('<l>') && !made.includes('<h>') && !made.includes('<m>'))
})

test('a form may redirect to the origins named and no other', () => {
  assert.match(
    String(pageHeaders(['https://app.example.com'])['content-security-policy']),
    /form-action 'self' https:\/\/app\.example\.com;/,
  )
})
