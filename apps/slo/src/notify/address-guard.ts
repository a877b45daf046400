import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { SloError } from '../errors.ts'

/** Addresses that no message ever goes to: link-local ones answer with the secrets of a cloud's machine. */
const never = new BlockList()
never.addSubnet('169.254.0.0', 16, 'ipv4')
never.addSubnet('fe80::', 10, 'ipv6')
never.addAddress('fd00:ec2::254', 'ipv6')
never.addSubnet('0.0.0.0', 8, 'ipv4')
never.addSubnet('224.0.0.0', 3, 'ipv4')
never.addSubnet('ff00::', 8, 'ipv6')
never.addAddress('::', 'ipv6')

/** Addresses inside of a network: only where a target says that it is one. */
const inside = new BlockList()
for (const [net, prefix] of [['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15]] as const) inside.addSubnet(net, prefix, 'ipv4')
inside.addAddress('::1', 'ipv6')
inside.addSubnet('fc00::', 7, 'ipv6')
// Translations of IPv4 addresses, whatever is behind them.
inside.addSubnet('64:ff9b::', 96, 'ipv6')
inside.addSubnet('2002::', 16, 'ipv6')

/** Whether a message may go to this address. An IPv4 address in IPv6 clothes counts as what it is. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  return isIP(address) !== 0 && !never.check(address, family) && (allowPrivate || !inside.check(address, family))
}

/**
 * Looks a host up for a connection and refuses addresses that it may not go to. The connection uses the address that was checked, so
 * that a name which answers differently the next time gains nothing.
 */
export function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, allowPrivate))
      if (allowed.length === 0) return callback(addressRefused(), [])
      if (options.all === true) callback(null, allowed)
      else callback(null, allowed[0]!.address, allowed[0]!.family)
    })
  }
}

/** The error of a target in a network where it may not be. */
export function addressRefused(): SloError {
  return new SloError('ADDRESS_REFUSED', 'the address of the target is inside of a network; set allowPrivate of the target if it belongs there. Link-local addresses are never allowed.', { permanent: 'message' })
}
