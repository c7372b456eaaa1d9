// latchkey login and logout: the token with which --url asks a server.
import type { Command } from 'commander'
import { Refusal } from '../../errors.ts'
import { example, globalsOf, outputOf } from '../context.ts'
import { asText } from '../output.ts'
import { remoteClient } from '../remote-client.ts'
import { readSecretInput } from '../standard-input.ts'
import { credentialsFile, forgetToken, storeToken } from '../stored-credentials.ts'

const requiredUrl = (command: Command): string =>
  globalsOf(command).url ?? command.error("error: required option '--url <url>' not specified")

export const addLogin = (program: Command): void => {
  example(program.command('login'), 'latchkey login --url https://auth.example.com < token.txt')
    .description('keep a personal access token for --url; it is read from standard input, or typed')
    .action(async (_options: object, command: Command) => {
      const url = requiredUrl(command)
      const token = (await readSecretInput(`Personal access token for ${url}`)).trim()
      if (!/^[\x21-\x7e]+$/.test(token))
        throw new Refusal('invalid_request', 'A token is one line of visible characters.')
      const me = await remoteClient(url, token).request('GET', '/users/me')
      await storeToken(url, token)
      const file = credentialsFile(process.env)
      outputOf(command).result(
        {
          url,
          file,
          kind: me.kind,
          subject: me.subject,
          name: me.name,
          operator: me.operator,
          expires_at: me.expires_at,
        },
        `Signed in to ${url} with "${asText(me.name)}". The token is kept in ${file}.`,
      )
    })

  example(program.command('logout'), 'latchkey logout --url https://auth.example.com')
    .description('forget the token for --url; it stays valid until it is revoked')
    .action(async (_options: object, command: Command) => {
      const url = requiredUrl(command)
      const forgotten = await forgetToken(url)
      outputOf(command).result(
        { url, forgotten },
        forgotten
          ? `Signed out of ${url}. The token stays valid until you revoke it.`
          : `You were not signed in to ${url}.`,
      )
    })
}
