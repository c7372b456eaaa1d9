// IP addresses and networks (RFC 4291, RFC 4632): read strictly, told in one form (RFC 5952), compared as numbers.
import { isIPv4, isIPv6 } from 'node:net'

/** As 32-bit numbers: one of IPv4, four of IPv6. */
type Words = readonly number[]

export interface Network {
  words: Words
  /** How many of its first bits are fixed. */
  prefix: number
}

const ofDotted = (text: string): number => text.split('.').reduce((word, octet) => word * 256 + Number(octet), 0)

const toDotted = (word: number): string => [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join('.')

/** `text` is a valid IPv6 address without zone. */
const ofGroups = (text: string): Words => {
  const tail = text.lastIndexOf(':') + 1
  const dotted = text.includes('.') ? ofDotted(text.slice(tail)) : undefined
  const plain =
    dotted === undefined
      ? text
      : `${text.slice(0, tail)}${Math.floor(dotted / 65_536).toString(16)}:${(dotted % 65_536).toString(16)}`
  const [before = '', after] = plain.split('::')
  const read = (part = ''): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [first, last] = [read(before), read(after)]
  const groups = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
  return [0, 2, 4, 6].map((index) => (groups[index] as number) * 65_536 + (groups[index + 1] as number))
}

/** IPv4 in the clothes of IPv6 (RFC 4291 §2.5.5.2): to systems that know both it is the same caller. */
const isMapped = ([first, second, third]: Words): boolean => first === 0 && second === 0 && third === 0xffff

const readWords = (text: string): Words | undefined => {
  if (isIPv4(text)) return [ofDotted(text)]
  return isIPv6(text) && !text.includes('%') ? ofGroups(text) : undefined
}

const tell = (words: Words): string =>
  words.length === 1
    ? toDotted(words[0] as number)
    : new URL(
        `http://[${words.map((word) => `${Math.floor(word / 65_536).toString(16)}:${(word % 65_536).toString(16)}`).join(':')}]`,
      ).hostname.slice(1, -1)

/** An address in its one form, IPv4 also where it came as IPv6; undefined: it is none. A zone (RFC 4007) means something to one machine alone: it is dropped. */
export const plainAddress = (text: string): string | undefined => {
  if (!text.includes(':')) return isIPv4(text) ? text : undefined
  const words = readWords(text.replace(/%.*/s, ''))
  return words && tell(isMapped(words) ? words.slice(3) : words)
}

const bitsOf = (words: Words): number => words.length * 32

/** The word at `index` with zeros after the first `prefix` bits of all. */
const masked = (word: number, index: number, prefix: number): number => {
  const kept = prefix - index * 32
  if (kept >= 32) return word
  return kept <= 0 ? 0 : word - (word % 2 ** (32 - kept))
}

export const formatNetwork = ({ words, prefix }: Network): string =>
  prefix === bitsOf(words) ? tell(words) : `${tell(words)}/${prefix}`

const prefixForm = /^(?:0|[1-9][0-9]{0,2})$/

/** Reads an address or a CIDR; IPv4 in the form of IPv6 becomes IPv4. What is wrong with it is told in words that follow its name. */
export const parseNetwork = (text: string): Network | { mistake: string } => {
  const slash = text.indexOf('/')
  const words = readWords(slash === -1 ? text : text.slice(0, slash))
  if (!words) return { mistake: 'is no IPv4 or IPv6 address and no network such as 203.0.113.0/24 or 2001:db8::/32' }
  const bits = bitsOf(words)
  const suffix = slash === -1 ? String(bits) : text.slice(slash + 1)
  const prefix = prefixForm.test(suffix) ? Number(suffix) : Infinity
  if (prefix > bits) return { mistake: `needs a number of bits from 0 to ${bits} after its slash` }
  const network = isMapped(words) && prefix >= 96 ? { words: words.slice(3), prefix: prefix - 96 } : { words, prefix }
  const start = network.words.map((word, index) => masked(word, index, network.prefix))
  return start.every((word, index) => word === network.words[index])
    ? network
    : {
        mistake: `does not begin where its network does: write ${tell(start)}/${network.prefix}, or ${tell(network.words)} for the one address`,
      }
}

/** The network of so many first bits around an address, told as a CIDR; an address that is none is told as it is. */
export const networkAround = (address: string, bits: { ipv4: number; ipv6: number }): string => {
  const words = readWords(address)
  if (!words) return address
  const prefix = words.length === 1 ? bits.ipv4 : bits.ipv6
  return formatNetwork({ words: words.map((word, index) => masked(word, index, prefix)), prefix })
}

/** Whether the network holds all of `other`. */
const covers = ({ words, prefix }: Network, other: Network): boolean => {
  if (words.length !== other.words.length || prefix > other.prefix) return false
  for (let index = 0; index < words.length; index += 1)
    if (masked(other.words[index] as number, index, prefix) !== words[index]) return false
  return true
}

/** Whether one of the networks holds the address. */
export const isWithin = (networks: readonly Network[], address: string): boolean => {
  const found = parseNetwork(address)
  return !('mistake' in found) && networks.some((network) => covers(network, found))
}

/** Whether each of `inner` lies in one of `outer`. */
export const areWithin = (inner: readonly Network[], outer: readonly Network[]): boolean =>
  inner.every((network) => outer.some((candidate) => covers(candidate, network)))
