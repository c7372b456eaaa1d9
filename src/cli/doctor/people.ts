// What doctor looks at for people: whether mail reaches them, and the issuers that they sign in by.
import { getSystemErrorName } from 'node:util'
import { Issuer } from '../../accounts/upstream/issuer.ts'
import type { Config } from '../../config/config.ts'
import { faultOf, tryServer } from '../../mail/smtp.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export const checkMail = async ({ mail }: Config): Promise<Finding> => {
  if (mail.development) return ok('mail', 'There is no mail server; messages are shown in the log and at /dev/mailbox.')
  if (!mail.smtp)
    return warn(
      'mail',
      'There is no mail server: nobody can choose a new password by themselves, and invitations have to be handed over.',
      'Set LATCHKEY_SMTP_URL, and mail.from in the configuration.',
    )
  const { host, port } = mail.smtp
  try {
    await tryServer(mail.smtp)
    return ok('mail', `${host}:${port} takes messages from ${mail.from.address}.`)
  } catch (error) {
    const { code, status, command } = faultOf(error)
    // the library's own word for a connection that failed hides the system's
    const { errno } = error as { errno?: unknown }
    const failed = typeof errno === 'number' ? getSystemErrorName(errno) : code
    const reason = [failed, status, command].filter((part) => part !== undefined).join(' ')
    return fail(
      'mail',
      `${host}:${port} does not take messages (${reason}).`,
      'Check LATCHKEY_SMTP_URL: its host and port, its user and password, and that the server offers STARTTLS.',
    )
  }
}

export const checkUpstreamIssuers = ({ signIn, issuer: ownIssuer }: Config): Promise<Finding[]> =>
  Promise.all(
    signIn.upstream.map(async (upstream) => {
      const check = `sign-in by ${upstream.name}`
      try {
        const secrets = { state: 'doctor', nonce: 'doctor', verifier: 'x'.repeat(43) }
        await new Issuer(upstream, ownIssuer, Date.now).authorizationUrl(secrets, false)
        return ok(
          check,
          `${upstream.issuer} answers. Its redirect URI: ${ownIssuer}/login/upstream/${upstream.name}/callback`,
        )
      } catch (error) {
        return fail(
          check,
          `${upstream.issuer} does not answer as an issuer does: ${(error as Error).message}.`,
          'Check signIn.upstream: the issuer must be written as it calls itself in its discovery document.',
        )
      }
    }),
  )
