// draft-ietf-oauth-status-list-21 §4: many tokens' statuses in one compressed array, a bit each: 0 is VALID, 1 is INVALID (§7.1).
import { constants, deflateSync } from 'node:zlib'

/** Positions in each list of ours: 8 KiB before compression. Enough for a token to hide among, little enough to be fetched often. */
export const statusListSize = 65_536

/** A token's place in a list. */
export interface StatusReference {
  index: number
  uri: string
}

/** ZLIB data (RFC 1950) of `size` bits, those of `invalid` set, the first in the lowest bit of the first byte. */
export const compressStatuses = (size: number, invalid: Iterable<number>): Buffer => {
  const bits = Buffer.alloc(Math.ceil(size / 8))
  for (const index of invalid) bits.writeUInt8(bits.readUInt8(index >> 3) | (1 << (index & 7)), index >> 3)
  return deflateSync(bits, { level: constants.Z_BEST_COMPRESSION })
}

/** Where the list of an id is found: the `uri` of its tokens, and its `sub`. */
export const statusListUri = (issuer: string, id: string): string => `${issuer}/status-lists/${id}`
