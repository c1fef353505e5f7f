/** `network create`: makes a network. */
import { failure } from '#cli/docker/exit.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { compareVersions } from '#clients/docker/engine-client.ts'
import { keyValues } from './key-value-files.ts'

export const networkCreate: Verb = {
  usage: '[OPTIONS] NETWORK',
  flags: [
    { name: 'attachable', kind: 'bool', help: 'Let containers join by hand' },
    { name: 'aux-address', kind: 'map', help: 'Address that the driver keeps for itself' },
    { name: 'config-from', kind: 'string', help: 'Network to copy settings from' },
    { name: 'config-only', kind: 'bool', help: 'Keep settings only' },
    { name: 'driver', short: 'd', kind: 'string', default: 'bridge', help: 'Driver' },
    { name: 'gateway', kind: 'strings', help: 'Gateway of a subnet' },
    { name: 'ingress', kind: 'bool', help: 'Make the routing mesh of a swarm' },
    { name: 'internal', kind: 'bool', help: 'Keep it apart from the outside' },
    { name: 'ip-range', kind: 'strings', help: 'Part of a subnet to give addresses from' },
    { name: 'ipam-driver', kind: 'string', default: 'default', help: 'Driver of the addresses' },
    { name: 'ipam-opt', kind: 'map', help: 'Option of the address driver' },
    { name: 'ipv4', kind: 'bool', default: 'true', help: 'Give IPv4 addresses' },
    { name: 'ipv6', kind: 'bool', help: 'Give IPv6 addresses' },
    { name: 'label', kind: 'list', help: 'Label (key=value)' },
    { name: 'opt', short: 'o', kind: 'map', help: 'Option of the driver' },
    { name: 'scope', kind: 'string', help: 'Scope' },
    { name: 'subnet', kind: 'strings', help: 'Subnet in CIDR form' },
  ],
  count: exactly(1),
  async run({ flags, args, session }) {
    const client = await session.client()
    const version = await client.version()
    const body = {
      Driver: flags.text('driver'),
      Scope: flags.text('scope'),
      ...(flags.has('ipv4') ? { EnableIPv4: flags.bool('ipv4') } : {}),
      ...(flags.has('ipv6') ? { EnableIPv6: flags.bool('ipv6') } : {}),
      IPAM: {
        Driver: flags.text('ipam-driver'),
        Options: keyValues(flags.list('ipam-opt')),
        Config: addressPools(flags),
      },
      Internal: flags.bool('internal'),
      Attachable: flags.bool('attachable'),
      Ingress: flags.bool('ingress'),
      ConfigOnly: flags.bool('config-only'),
      ConfigFrom: flags.text('config-from') === '' ? null : { Network: flags.text('config-from') },
      Options: keyValues(flags.list('opt')),
      Labels: keyValues(flags.list('label')),
      Name: args[0],
      ...(compareVersions(version, '1.44') < 0 ? { CheckDuplicate: true } : {}),
    }
    const { Id: id, Warning: warning = '' } = await client.json<{ readonly Id: string; readonly Warning?: string }>(
      'POST',
      '/networks/create',
      { json: body },
    )
    if (warning !== '') await session.warn(`WARNING: ${warning}\n`)
    await session.print(`${id}\n`)
  },
}

interface Pool {
  Subnet: string
  IPRange?: string
  Gateway?: string
  AuxiliaryAddresses?: Record<string, string>
}

/** Puts ranges, gateways and kept addresses to the subnet that holds them. */
function addressPools(flags: Flags): readonly Pool[] {
  const subnets = flags.list('subnet')
  if (subnets.length < flags.list('ip-range').length || subnets.length < flags.list('gateway').length)
    throw failure('every ip-range or gateway must have a corresponding subnet')
  // Whether a subnet is well-formed is the daemon's to say.
  const pools = subnets.map((subnet): Pool => ({ Subnet: subnet }))
  for (const [at, pool] of pools.entries()) {
    if (pools.some((other, index) => index !== at && holds(other.Subnet, pool.Subnet.split('/')[0] ?? '')))
      throw failure('multiple overlapping subnet configuration is not supported')
  }
  for (const range of flags.list('ip-range'))
    placeIn(pools, range.split('/')[0] ?? '', {
      key: 'IPRange',
      value: range,
      missing: `no matching subnet for range ${range}`,
      twice: `cannot configure multiple ranges (${range}) on the same subnet`,
    })
  for (const gateway of flags.list('gateway'))
    placeIn(pools, gateway, {
      key: 'Gateway',
      value: gateway,
      missing: `no matching subnet for gateway ${gateway}`,
      twice: `cannot configure multiple gateways (${gateway}) on the same subnet`,
    })
  for (const [name, address] of Object.entries(keyValues(flags.list('aux-address')))) {
    const pool = pools.find((candidate) => holds(candidate.Subnet, address))
    if (pool === undefined) throw failure(`no matching subnet for aux-address ${address}`)
    pool.AuxiliaryAddresses = { ...pool.AuxiliaryAddresses, [name]: address }
  }
  return pools
}

function placeIn(
  pools: readonly Pool[],
  address: string,
  {
    key,
    value,
    missing,
    twice,
  }: { readonly key: 'IPRange' | 'Gateway'; readonly value: string; readonly missing: string; readonly twice: string },
): void {
  const pool = pools.find((candidate) => holds(candidate.Subnet, address))
  if (pool === undefined) throw failure(missing)
  if (pool[key] !== undefined) throw failure(twice)
  pool[key] = value
}

interface Cidr {
  readonly bits: bigint
  readonly length: number
  readonly size: number
}

function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix] = text.split('/')
  const value = addressBits(address)
  const length = Number(prefix)
  if (value === undefined || prefix === undefined || !/^\d+$/.test(prefix) || length > value.size) return undefined
  return { ...value, length }
}

function addressBits(text: string): { readonly bits: bigint; readonly size: number } | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number)
    return parts.some((part) => part > 255)
      ? undefined
      : { bits: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n), size: 32 }
  }
  if (!text.includes(':') || !URL.canParse(`http://[${text}]/`)) return undefined
  const [head = '', tail] = text.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = [
    ...before,
    ...Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => '0'),
    ...after,
  ]
  return { bits: all.reduce((sum, group) => sum * 65_536n + BigInt(Number.parseInt(group, 16)), 0n), size: 128 }
}

function holds(subnet: string, address: string): boolean {
  const cidr = parseCidr(subnet)
  const value = addressBits(address)
  if (cidr === undefined || value === undefined || cidr.size !== value.size) return false
  const shift = BigInt(cidr.size - cidr.length)
  return cidr.bits >> shift === value.bits >> shift
}
