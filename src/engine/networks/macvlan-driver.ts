/** Macvlan and ipvlan networks in the kernel: containers as stations on one of the machine's own links. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { LinkOptions } from '#world/ports/kernel.ts'
import type { DriverDeps } from './bridge-driver.ts'
import { networkErrors } from './errors.ts'
import type { Endpoint, NetworkRecord } from './network-record.ts'

const macvlanModes = ['bridge', 'private', 'vepa', 'passthru'] as const
const ipvlanModes = ['l2', 'l3', 'l3s'] as const

function modeOf<T extends string>(network: NetworkRecord, modes: readonly [T, ...T[]]): T {
  const name = network.driver === 'macvlan' ? 'macvlan_mode' : 'ipvlan_mode'
  const wanted = network.options[name] ?? network.options['mode'] ?? ''
  if (wanted === '') return modes[0]
  const mode = modes.find((known) => known === wanted)
  if (mode === undefined) throw networkErrors.badMode(network.driver, wanted, modes[0])
  return mode
}

/** Name of the link that a network's stations sit on. */
export function parentOf({ names }: DriverDeps, network: NetworkRecord): string {
  const { parent } = network.options
  return parent === undefined || parent === '' ? names.standIn(network.id) : parent
}

/** Checks or makes the parent: a VLAN for `eth0.10`, a stand-in without way out when none was named. Answers whether it was made. */
export function ensureParent(deps: DriverDeps, network: NetworkRecord): boolean {
  const { host } = deps
  if (network.driver === 'macvlan') modeOf(network, macvlanModes)
  else modeOf(network, ipvlanModes)
  const parent = parentOf(deps, network)
  if (host.link(parent) !== undefined) {
    host.setLink(parent, { up: true })
    return false
  }
  if (network.options['parent'] === undefined || network.options['parent'] === '') addStandIn(deps, parent)
  else addVlan(deps, parent)
  host.setLink(parent, { up: true })
  return true
}

/** Runs `make` and says by name what the kernel lacks when it does not know the kind. */
function withKind(kind: string, make: () => void): void {
  try {
    make()
  } catch (error) {
    if (errnoOf(error) === 'ENOTSUP' || errnoOf(error) === 'EOPNOTSUPP') throw networkErrors.kernelLacks(kind, error)
    throw error
  }
}

function addVlan({ host }: DriverDeps, name: string): void {
  const match = /^(.+)\.(\d{1,4})$/.exec(name)
  const id = Number(match?.[2])
  if (match?.[1] === undefined || id < 1 || id > 4094) throw networkErrors.badParent(name)
  const parent = match[1]
  if (host.link(parent) === undefined) throw networkErrors.parentMissing(parent)
  withKind('vlan', () => host.addLink({ kind: 'vlan', name, parent, id }))
}

/** A dummy, or where the kernel has none a veth pair that leads nowhere. */
function addStandIn({ host }: DriverDeps, name: string): void {
  try {
    host.addLink({ kind: 'dummy', name })
  } catch (error) {
    if (errnoOf(error) !== 'ENOTSUP' && errnoOf(error) !== 'EOPNOTSUPP') throw error
    const peerName = name.replace(/^dm/, 'dp')
    host.addLink({ kind: 'veth', name, peerName })
    host.setLink(peerName, { up: true })
  }
}

/** Makes the container's interface, down and without addresses, directly in its namespace. */
export function plugIntoParent(
  deps: DriverDeps,
  network: NetworkRecord,
  { netnsPath, endpoint }: { netnsPath: string; endpoint: Endpoint },
): void {
  const common = { name: endpoint.interfaceName, parent: parentOf(deps, network), netns: netnsPath }
  const options: LinkOptions =
    network.driver === 'macvlan'
      ? { kind: 'macvlan', mode: modeOf(network, macvlanModes), mac: endpoint.mac, ...common }
      : { kind: 'ipvlan', mode: modeOf(network, ipvlanModes), ...common }
  withKind(options.kind, () => deps.host.addLink(options))
}
