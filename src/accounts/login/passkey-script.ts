// The one script of the sign-in pages: offers passkeys where the browser knows them, and posts what it answers as a form. Without it the pages
// work by password and codes.
import { hash } from 'node:crypto'

export const passkeyScript = `'use strict'
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const options = JSON.parse(form.dataset.passkey)
  const field = form.elements.namedItem('response')
  const button = form.querySelector('button')
  const trouble = form.querySelector('[role=status]')
  if (!window.PublicKeyCredential || location.hostname !== options.rpId) continue
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  form.hidden = false
  document.querySelector('.without-passkey')?.remove()
  form.addEventListener('submit', async (event) => {
    if (field.value !== '') return
    event.preventDefault()
    button.disabled = true
    trouble.textContent = ''
    try {
      const { id, type, response } = await navigator.credentials.get({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          allowCredentials: options.allowCredentials.map((each) => ({ ...each, id: bytes(each.id) })),
        },
      })
      field.value = JSON.stringify({
        id, rawId: id, type, clientExtensionResults: {},
        response: {
          clientDataJSON: text(response.clientDataJSON),
          authenticatorData: text(response.authenticatorData),
          signature: text(response.signature),
          ...(response.userHandle && { userHandle: text(response.userHandle) }),
        },
      })
      form.submit()
    } catch {
      button.disabled = false
      trouble.textContent = 'No passkey was used. Try again, or go on without one.'
    }
  })
}
`

/** A script of another version is another address: browsers may keep it as long as they like. */
export const passkeyScriptPath = `/login/passkey-${hash('sha256', passkeyScript, 'hex').slice(0, 16)}.js`
