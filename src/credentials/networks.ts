// The networks that a key is held to, as requests name them and as rows keep them.
import { Refusal } from '../errors.ts'
import { type Network, formatNetwork, parseNetwork } from '../network.ts'
import { listOf } from './wire.ts'

/** Entries of one key's list. */
export const maxNetworks = 50

/** Reads a list, each network once. Throws `invalid_request` with every entry that is wrong, by its place. */
export const readNetworks = (texts: readonly string[]): Network[] => {
  const found = new Map<string, Network>()
  const mistakes: string[] = []
  for (const [index, text] of texts.entries()) {
    const network = parseNetwork(text.trim())
    if ('mistake' in network) mistakes.push(`networks[${index}] "${text}" ${network.mistake}.`)
    else found.set(formatNetwork(network), network)
  }
  if (mistakes.length > 0) throw new Refusal('invalid_request', mistakes.join(' '))
  return [...found.values()]
}

/** The column of a list; null: from anywhere. */
export const networksColumn = (networks: readonly Network[] | null): string | null =>
  networks === null ? null : JSON.stringify(networks.map(formatNetwork))

export const networksOfColumn = (column: string | null): Network[] | null => {
  const texts = listOf(column)
  return texts === null ? null : readNetworks(texts)
}
