/** From a create request to a network record: everything that can be decided before the kernel is asked; pure. */
import { chooseSubnet, completePool, localPrefixOf, usedPrefixes } from './address-pools.ts'
import type { DefaultPool } from './address-pools.ts'
import { formatPrefix, overlaps, parsePrefix } from './address.ts'
import type { Family, Prefix } from './address.ts'
import { readBridgeOptions } from './bridge-options.ts'
import { networkErrors } from './errors.ts'
import { isPredefined } from './network-record.ts'
import type { IpamPool, NetworkRecord } from './network-record.ts'

/** POST /networks/create; every field but the name may be missing. */
export interface NetworkCreateBody {
  readonly Name: string
  readonly CheckDuplicate?: boolean
  readonly Driver?: string
  readonly Scope?: string
  readonly Internal?: boolean
  readonly Attachable?: boolean
  readonly Ingress?: boolean
  readonly ConfigOnly?: boolean
  readonly ConfigFrom?: { readonly Network?: string } | null
  readonly EnableIPv4?: boolean | null
  readonly EnableIPv6?: boolean | null
  readonly Options?: Readonly<Record<string, string>> | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly IPAM?: {
    readonly Driver?: string
    readonly Options?: Readonly<Record<string, string>> | null
    readonly Config?:
      | readonly {
          readonly Subnet?: string
          readonly IPRange?: string
          readonly Gateway?: string
          readonly AuxiliaryAddresses?: Readonly<Record<string, string>> | null
          readonly AuxAddress?: Readonly<Record<string, string>> | null
        }[]
      | null
  } | null
}

export interface NetworkPlanInput {
  readonly body: NetworkCreateBody
  /** Identity of the new network. */
  readonly id: string
  readonly createdAt: number
  readonly existing: readonly NetworkRecord[]
  /** Routes and addresses of the host, which automatic subnets keep clear of. */
  readonly hostPrefixes: readonly Prefix[]
  readonly pools: readonly DefaultPool[]
}

/** A request with every gap filled, so that what follows asks nothing twice. */
type FullBody = { readonly [K in keyof NetworkCreateBody]-?: NonNullable<NetworkCreateBody[K]> }

const emptyBody: FullBody = {
  Name: '',
  CheckDuplicate: true,
  Driver: '',
  Scope: '',
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigOnly: false,
  ConfigFrom: {},
  EnableIPv4: true,
  EnableIPv6: false,
  Options: {},
  Labels: {},
  IPAM: {},
}

function fillBody(body: NetworkCreateBody): FullBody {
  const given = Object.entries(body).filter(([, value]) => value !== null && value !== undefined)
  return { ...emptyBody, ...(Object.fromEntries(given) as Partial<FullBody>) }
}

/** Decides the record of a new network. @throws GantryError with Docker's words for whatever is wrong with the request. */
export function planNetwork(input: NetworkPlanInput): NetworkRecord {
  const { existing } = input
  const body = fillBody(input.body)
  checkName(body, existing)
  const driver = checkDriver(body)
  const source = configSource(body, existing)
  const { options, ipv6, labels, name } = source ?? {
    options: body.Options,
    ipv6: body.EnableIPv6,
    labels: {},
    name: '',
  }
  checkOptions(driver, options, existing)
  if (body.ConfigOnly && (body.Internal || body.Attachable)) throw networkErrors.configOptions()
  const asked = source?.ipam.pools ?? askedPools(body)
  return {
    id: input.id,
    name: body.Name,
    createdAt: input.createdAt,
    driver,
    internal: body.Internal,
    attachable: body.Attachable,
    ipv4: body.EnableIPv4,
    ipv6,
    options,
    labels: { ...labels, ...body.Labels },
    ipam: planIpam(input, { body, asked, ipv6, driver }),
    configOnly: body.ConfigOnly,
    configFrom: name,
    userSubnet: asked.length > 0,
  }
}

function planIpam(input: NetworkPlanInput, wish: PoolWish): NetworkRecord['ipam'] {
  const pools = wish.body.ConfigOnly ? wish.asked : planPools(input, wish)
  return { driver: 'default', options: wish.body.IPAM.Options ?? {}, pools }
}

function checkName({ Name: name }: FullBody, existing: readonly NetworkRecord[]): void {
  if (name === 'default' || isPredefined(name)) throw networkErrors.predefinedName(name)
  // Docker takes any text that is not blank.
  if (name.trim() === '' || /\p{Cc}/u.test(name)) throw networkErrors.badName(name)
  if (existing.some((network) => network.name === name)) throw networkErrors.nameTaken(name)
}

const drivers = { '': 'bridge', default: 'bridge', bridge: 'bridge', macvlan: 'macvlan', ipvlan: 'ipvlan' } as const

function checkDriver(body: FullBody): 'bridge' | 'macvlan' | 'ipvlan' {
  const driver = body.Driver
  if (driver === 'overlay' || body.Scope === 'swarm' || body.Ingress) throw networkErrors.noSwarm()
  if (driver === 'host' || driver === 'null') throw networkErrors.oneInstance(driver)
  const { Driver: ipam = '' } = body.IPAM
  if (ipam !== '' && ipam !== 'default') throw networkErrors.ipamDriverMissing(ipam)
  if (Object.hasOwn(drivers, driver)) return drivers[driver as keyof typeof drivers]
  throw networkErrors.driverMissing(driver)
}

function configSource({ ConfigFrom: from }: FullBody, existing: readonly NetworkRecord[]): NetworkRecord | undefined {
  const name = from.Network ?? ''
  if (name === '') return undefined
  const source = existing.find((network) => network.configOnly && (network.name === name || network.id === name))
  if (source === undefined) throw networkErrors.notFound(name)
  return source
}

function checkOptions(
  driver: NetworkRecord['driver'],
  options: NetworkRecord['options'],
  existing: readonly NetworkRecord[],
): void {
  if (driver === 'bridge') checkBridge(options, existing)
  else checkParent(options, existing)
}

function checkBridge(options: NetworkRecord['options'], existing: readonly NetworkRecord[]): void {
  const { bridgeName } = readBridgeOptions(options)
  if (bridgeName === undefined) return
  const owner = existing.find(
    (other) => other.driver === 'bridge' && other.options['com.docker.network.bridge.name'] === bridgeName,
  )
  if (owner !== undefined) throw networkErrors.bridgeTaken(bridgeName)
}

function checkParent({ parent }: NetworkRecord['options'], existing: readonly NetworkRecord[]): void {
  if (parent === undefined || parent === '') return
  const owner = existing.find(
    (other) => (other.driver === 'macvlan' || other.driver === 'ipvlan') && other.options['parent'] === parent,
  )
  if (owner !== undefined) throw networkErrors.parentTaken(owner.name, parent)
}

interface PoolWish {
  readonly body: FullBody
  readonly asked: readonly IpamPool[]
  readonly ipv6: boolean
  readonly driver: NetworkRecord['driver']
}

/** The pools asked for, completed, and one chosen for each family that is wanted and has none. */
function planPools(input: NetworkPlanInput, { body, asked, ipv6, driver }: PoolWish): IpamPool[] {
  const used = usedPrefixes(input.existing.filter((network) => !network.configOnly))
  const withGateway = !body.Internal || driver === 'bridge'
  const prefixes = asked.map((pool) => {
    const prefix = parsePrefix(pool.subnet)
    if (prefix === undefined)
      throw pool.subnet === '' ? networkErrors.subnetMissing() : networkErrors.badSubnet(pool.subnet)
    if (used.some((other) => overlaps(other, prefix))) throw networkErrors.overlap()
    used.push(prefix)
    return { pool, prefix }
  })
  const lacks = (family: Family): boolean => !prefixes.some(({ prefix }) => prefix.family === family)
  const choose = (prefix: Prefix): void =>
    void prefixes.push({ pool: { subnet: formatPrefix(prefix), auxiliary: {} }, prefix })
  if (body.EnableIPv4 && lacks(4)) choose(chooseSubnet(input.pools, [...used, ...input.hostPrefixes], 4))
  if (ipv6 && lacks(6)) choose(localPrefixOf(input.id))
  return prefixes.map(({ pool, prefix }) => completePool(pool, prefix, withGateway))
}

function askedPools({ IPAM: { Config } }: FullBody): IpamPool[] {
  return (Config ?? []).map(({ Subnet = '', IPRange = '', Gateway = '', AuxiliaryAddresses, AuxAddress }) => ({
    subnet: Subnet,
    ...(IPRange === '' ? {} : { ipRange: IPRange }),
    ...(Gateway === '' ? {} : { gateway: Gateway.split('/', 1)[0] ?? '' }),
    auxiliary: AuxiliaryAddresses ?? AuxAddress ?? {},
  }))
}
