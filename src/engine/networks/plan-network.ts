/** From a create request to a network record: everything that can be decided before the kernel is asked; pure. */
import { chooseSubnet, completePool, localPrefixOf, usedPrefixes } from './address-pools.ts'
import type { DefaultPool } from './address-pools.ts'
import { formatPrefix, overlaps, parsePrefix } from './address.ts'
import type { Prefix } from './address.ts'
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

/** Decides the record of a new network. @throws GantryError with Docker's words for whatever is wrong with the request. */
export function planNetwork(input: NetworkPlanInput): NetworkRecord {
  const { body, existing } = input
  checkName(body, existing)
  const driver = checkDriver(body)
  const source = configSource(body, existing)
  const options = source?.options ?? body.Options ?? {}
  if (driver === 'bridge') checkBridge(options, existing)
  if (driver === 'macvlan' || driver === 'ipvlan') checkParent(options, existing)
  if (body.ConfigOnly === true && (body.Internal === true || body.Attachable === true))
    throw networkErrors.configOptions()
  const pools = planPools(input, source)
  return {
    id: input.id,
    name: body.Name,
    createdAt: input.createdAt,
    driver,
    internal: body.Internal ?? false,
    attachable: body.Attachable ?? false,
    ipv4: body.EnableIPv4 ?? true,
    ipv6: source?.ipv6 ?? body.EnableIPv6 ?? false,
    options,
    labels: { ...source?.labels, ...body.Labels },
    ipam: {
      driver: source?.ipam.driver ?? (body.IPAM?.Driver || 'default'),
      options: body.IPAM?.Options ?? {},
      pools: pools.pools,
    },
    configOnly: body.ConfigOnly ?? false,
    configFrom: source?.name ?? '',
    userSubnet: pools.fromUser,
  }
}

function checkName({ Name: name }: NetworkCreateBody, existing: readonly NetworkRecord[]): void {
  if (name === 'default') throw networkErrors.predefinedName(name)
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) throw networkErrors.badName(name)
  if (isPredefined(name) || existing.some((network) => network.name === name)) throw networkErrors.nameTaken(name)
}

function checkDriver(body: NetworkCreateBody): NetworkRecord['driver'] {
  const driver = body.Driver === undefined || body.Driver === '' || body.Driver === 'default' ? 'bridge' : body.Driver
  if (driver === 'overlay' || body.Scope === 'swarm' || body.Ingress === true) throw networkErrors.noSwarm()
  if (driver === 'host' || driver === 'null') throw networkErrors.oneInstance(driver)
  const ipam = body.IPAM?.Driver ?? ''
  if (ipam !== '' && ipam !== 'default') throw networkErrors.ipamDriverMissing(ipam)
  if (driver === 'bridge' || driver === 'macvlan' || driver === 'ipvlan') return driver
  throw networkErrors.driverMissing(driver)
}

function configSource(
  { ConfigFrom: from }: NetworkCreateBody,
  existing: readonly NetworkRecord[],
): NetworkRecord | undefined {
  const name = from?.Network ?? ''
  if (name === '') return undefined
  const source = existing.find((network) => network.configOnly && (network.name === name || network.id === name))
  if (source === undefined) throw networkErrors.notFound(name)
  return source
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

/** The pools asked for, completed, or one chosen for each family that is wanted and has none. */
function planPools(
  input: NetworkPlanInput,
  source: NetworkRecord | undefined,
): { pools: IpamPool[]; fromUser: boolean } {
  const { body, existing, id } = input
  const used = usedPrefixes(existing.filter((network) => !network.configOnly))
  const asked = source?.ipam.pools ?? askedPools(body)
  if (body.ConfigOnly === true) return { pools: [...asked], fromUser: asked.length > 0 }
  const withGateway = body.Internal !== true || (body.Driver ?? 'bridge') === 'bridge'
  const pools: IpamPool[] = []
  const families = new Set<number>()
  for (const pool of asked) {
    const prefix = parsePrefix(pool.subnet)
    if (prefix === undefined)
      throw pool.subnet === '' ? networkErrors.subnetMissing() : networkErrors.badSubnet(pool.subnet)
    if (used.some((other) => overlaps(other, prefix))) throw networkErrors.overlap()
    used.push(prefix)
    families.add(prefix.family)
    pools.push(completePool(pool, prefix, withGateway))
  }
  const add = (prefix: Prefix): void =>
    void pools.push(completePool({ subnet: formatPrefix(prefix), auxiliary: {} }, prefix, withGateway))
  if (!families.has(4) && body.EnableIPv4 !== false) add(chooseSubnet(input.pools, [...used, ...input.hostPrefixes], 4))
  if ((source?.ipv6 ?? body.EnableIPv6) === true && !families.has(6)) add(localPrefixOf(id))
  return { pools, fromUser: asked.length > 0 }
}

function askedPools({ IPAM: ipam }: NetworkCreateBody): IpamPool[] {
  return (ipam?.Config ?? []).map(({ Subnet, IPRange, Gateway, AuxiliaryAddresses, AuxAddress }) => ({
    subnet: Subnet ?? '',
    ...(IPRange === undefined || IPRange === '' ? {} : { ipRange: IPRange }),
    ...(Gateway === undefined || Gateway === '' ? {} : { gateway: Gateway.split('/', 1)[0] ?? '' }),
    auxiliary: AuxiliaryAddresses ?? AuxAddress ?? {},
  }))
}
