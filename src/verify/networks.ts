// Where a key may be used from: its list, and why a caller is not on it.
import { type Network, formatNetwork, isWithin, parseNetwork } from '../network.ts'
import type { CredentialRecord } from '../store/store.ts'

/** Records never change: what their lists mean is read once for each. */
const lists = new WeakMap<CredentialRecord, readonly Network[]>()

/** undefined: anywhere. An entry that cannot be read lets nobody in. */
export const networksOf = (record: CredentialRecord): readonly Network[] | undefined => {
  if (record.networks === null) return undefined
  let list = lists.get(record)
  if (!list)
    lists.set(
      record,
      (list = record.networks.flatMap((text) => {
        const network = parseNetwork(text)
        return 'mistake' in network ? [] : [network]
      })),
    )
  return list
}

/** Networks that a reason names; of more it tells the number. */
const maxNamed = 5

const named = (networks: readonly Network[]): string => {
  const more = networks.length - maxNamed
  const shown = networks.slice(0, maxNamed).map(formatNetwork).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}

/** Why a caller at `ip` is refused; undefined: it is not. */
export const whyOutside = (networks: readonly Network[], ip: string | undefined): string | undefined => {
  if (ip === undefined)
    return `The key may be used from ${named(networks)} alone, and it is not known where the request came from: send the caller’s address as "ip" to verify and introspection, or have a trusted proxy tell it in X-Forwarded-For.`
  return isWithin(networks, ip)
    ? undefined
    : `The key may be used from ${named(networks)} alone; the request came from ${ip}.`
}
