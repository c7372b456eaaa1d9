// RFC 6890: which addresses are of the public Internet, and so may be asked for what a stranger names (OWASP: Server-Side Request Forgery).
import { BlockList, isIP } from 'node:net'

const specialIpv4 = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT, and a cloud's metadata
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // a public address that a cloud answers on inside every machine
  ['169.254.0.0', 16], // link-local, and most clouds' metadata
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const)
  specialIpv4.addSubnet(network, prefix)

/** Of IPv6 only what is handed out to networks is public: not loopback, unique local (a cloud's metadata too), link-local, mapped, translated. */
const globalIpv6 = new BlockList()
globalIpv6.addSubnet('2000::', 3, 'ipv6')

const specialIpv6 = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23], // protocols, and Teredo, which carries an IPv4 address
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4, which carries one too
  ['3fff::', 20],
] as const)
  specialIpv6.addSubnet(network, prefix, 'ipv6')

export const isPublicAddress = (address: string): boolean => {
  switch (isIP(address)) {
    case 4:
      return !specialIpv4.check(address)
    case 6:
      return globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6')
    default:
      return false
  }
}
