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

/** Runs `work` with a client that is closed afterwards. */
export const withClient = async (
  command: Command,
  work: (client: ManagementClient, output: Output) => Promise<void>,
): Promise<void> => {
  const globals = globalsOf(command)
  const client = await openClient(globals.url, isVerbose(globals))
  try {
    await work(client, outputOf(command))
  } finally {
    await client.close()
  }
}

/** An example under a command's help. */
export const example = (command: Command, ...lines: string[]): Command =>
  command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}`)
