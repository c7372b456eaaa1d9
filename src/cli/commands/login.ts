// latchkey login and logout: what --url asks a server with: a sign-in through the browser, or a personal access token.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { Refusal } from '../../errors.ts'
import { Fault } from '../client.ts'
import { example, globalsOf, outputOf } from '../context.ts'
import { type Document, asText } from '../output.ts'
import { oneToken, remoteClient } from '../remote-client.ts'
import { type Invitation, giveBack, inviteToSignIn } from '../sign-in.ts'
import { pipedInput, readSecretInput } from '../standard-input.ts'
import { type StoredCredential, changeStored, credentialsFile } from '../stored-credentials.ts'

const requiredUrl = (command: Command): string =>
  globalsOf(command).url ?? command.error("error: required option '--url <url>' not specified")

const tokenOption = (): Option =>
  new Option('--token <->', 'read a personal access token from standard input, or ask for it').argParser((text) => {
    if (text === '-') return text
    throw new InvalidArgumentError('Arguments can be read by every process: write --token - and pipe the token in.')
  })

/** Says where to go. On standard error whatever the form of the result: without it nobody could go on. */
const invite = ({ complete, verificationUri, userCode }: Invitation): void => {
  process.stderr.write(
    `Open ${complete}\nand see that it shows the code ${userCode}, or enter it at ${verificationUri}.\nWaiting for you to allow it in the browser…\n`,
  )
}

/** A personal access token, where one is given. */
const givenToken = async (url: string, asked: boolean): Promise<string | undefined> => {
  const text = asked ? await readSecretInput(`Personal access token for ${url}`) : await pipedInput()
  const token = text?.trim()
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new Refusal('invalid_request', 'A token is one line of visible characters.')
  return token
}

const signIn = async (url: string): Promise<StoredCredential> => {
  const invitation = await inviteToSignIn(url)
  invite(invitation)
  return invitation.signedIn()
}

/** Ends a sign-in at the server; false: the server does not know. */
const end = async (url: string, credential: StoredCredential): Promise<boolean> => {
  if ('token' in credential) return false
  try {
    await giveBack(url, credential)
    return true
  } catch (error) {
    if (error instanceof Fault || error instanceof Refusal) return false
    throw error
  }
}

const nameOf = ({ user, name }: Document): string =>
  typeof user === 'object' && user !== null && 'email' in user ? asText(user.email) : `"${asText(name)}"`

const whatEnded = (url: string, forgotten: StoredCredential, revoked: boolean): string => {
  if (revoked) return `Signed out of ${url}.`
  if ('token' in forgotten) return `Signed out of ${url}. The token stays valid until you revoke it.`
  return `Signed out of ${url} here, but it could not be told: end the sign-in there under Account, Connected applications.`
}

export const addLogin = (program: Command): void => {
  example(
    program.command('login'),
    'latchkey login --url https://auth.example.com',
    'latchkey login --url https://auth.example.com < token.txt',
  )
    .description('sign in to --url through the browser; or with a personal access token, where one is piped in')
    .addOption(tokenOption())
    .action(async ({ token: asked }: { token?: string }, command: Command) => {
      const url = requiredUrl(command)
      const token = await givenToken(url, asked !== undefined)
      const credential = token === undefined ? await signIn(url) : { token }
      const value = 'token' in credential ? credential.token : credential.accessToken
      const me = await remoteClient(url, oneToken(value)).request('GET', '/users/me')
      const { before } = await changeStored(url, () => credential)
      if (before) await end(url, before)
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
        'token' in credential
          ? `Signed in to ${url} with "${asText(me.name)}". The token is kept in ${file}.`
          : `Signed in to ${url} as ${nameOf(me)}. The sign-in is kept in ${file}.`,
      )
    })

  example(program.command('logout'), 'latchkey logout --url https://auth.example.com')
    .description('end the sign-in to --url; a personal access token is forgotten, and stays valid until it is revoked')
    .action(async (_options: object, command: Command) => {
      const url = requiredUrl(command)
      const { before: forgotten } = await changeStored(url, () => undefined)
      const revoked = forgotten !== undefined && (await end(url, forgotten))
      outputOf(command).result(
        { url, forgotten: forgotten !== undefined, revoked },
        forgotten ? whatEnded(url, forgotten, revoked) : `You were not signed in to ${url}.`,
      )
    })
}
