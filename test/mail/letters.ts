// What people have been sent, on a deployment without a mail server.
import assert from 'node:assert/strict'
import { type StoredMail, latestMail } from '../../src/mail/mailbox.ts'
import type { Launched } from '../harness.ts'

/** Newest first, once everything that follows an answer is done. */
export const lettersTo = async ({ app }: Pick<Launched, 'app'>, email: string): Promise<StoredMail[]> => {
  await app.settled()
  return (await latestMail(app.store, app.box)).filter(({ to }) => to === email)
}

/** The path and query of the one link in the newest letter. */
export const linkIn = (letters: readonly StoredMail[], issuer: string): string => {
  const [letter] = letters
  assert.ok(letter, 'there is a letter')
  const links = letter.text.match(/https?:\/\/\S+/g) ?? []
  assert.equal(links.length, 1, letter.text)
  assert.ok(links[0]?.startsWith(`${issuer}/`), letter.text)
  return links[0].slice(issuer.length)
}
