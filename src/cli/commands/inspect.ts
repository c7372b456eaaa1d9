// latchkey inspect: what a JWT or CWT says. Nothing is verified.
import type { Command } from 'commander'
import { example, withClient } from '../context.ts'
import { type Document, asText } from '../output.ts'
import { readCredential } from '../standard-input.ts'

const times = new Set(['exp', 'iat', 'nbf', 'auth_time'])

const members = (document: Document): string => {
  const names = Object.keys(document)
  const width = Math.max(0, ...names.map((name) => name.length))
  return names
    .map((name) => {
      const value = document[name]
      const at = times.has(name) && typeof value === 'number' ? new Date(value * 1000) : undefined
      const told =
        at !== undefined && !Number.isNaN(at.getTime())
          ? `  (${at.toISOString().slice(0, 19).replace('T', ' ')} UTC)`
          : ''
      return `  ${asText(name).padEnd(width)}  ${asText(value)}${told}`
    })
    .join('\n')
}

export const addInspect = (program: Command): void => {
  example(program.command('inspect'), 'latchkey inspect - < token.txt')
    .description('decode a JWT or CWT, without verifying anything')
    .argument('<token>', 'the token, or - to read it from standard input')
    .action(async (argument: string, _options: object, command: Command) => {
      const token = await readCredential(argument, 'Token')
      await withClient(command, async (client, output) => {
        const answer = await client.request('POST', '/inspect', { token })
        const { format, header, claims } = answer
        output.result(
          answer,
          `${asText(format).toUpperCase()}. Nothing was verified: neither signature nor expiry. Use latchkey verify for that.\n\nHeader\n${members(header as Document)}\n\nClaims\n${members(claims as Document)}`,
        )
      })
    })
}
