// What every command has: its global options, its output, and for most a client of the management API.
import type { Command } from 'commander'
import { type ManagementClient, openClient } from './client.ts'
import { Output } from './output.ts'

export interface Globals {
  json?: true
  /** Origin of a server; undefined: the store of this folder. */
  url?: string
  verbose?: true
}

/** Whether stacks are shown. */
export const isVerbose = ({ verbose }: Globals): boolean => verbose === true || Boolean(process.env.LATCHKEY_DEBUG)

export const globalsOf = (command: Command): Globals => command.optsWithGlobals<Globals>()

export const outputOf = (command: Command): Output => new Output(globalsOf(command).json === true)

/** For commands on this machine's own files and ports: what --url names is not what they would look at. */
export const refuseUrl = (command: Command): void => {
  if (globalsOf(command).url !== undefined)
    command.error(`error: ${command.name()} works on this machine, and does not go with --url`)
}

/** Runs `work` with a client that is closed afterwards. */
export const withClient = async (
  command: Command,
  work: (client: ManagementClient, output: Output) => Promise<void>,
): Promise<void> => {
  const client = await openClient(globalsOf(command).url)
  try {
    await work(client, outputOf(command))
  } finally {
    await client.close()
  }
}

/** An example under a command's help. */
export const example = (command: Command, ...lines: string[]): Command =>
  command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)
