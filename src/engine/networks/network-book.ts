/** What is known of networks and running containers, in memory, with the indexes that answers need at once. */
import { networkErrors } from './errors.ts'
import type { Endpoint, NetworkRecord, Sandbox } from './network-record.ts'

export interface Member {
  readonly sandbox: Sandbox
  readonly endpoint: Endpoint
}

export interface NetworkBook {
  networks(): NetworkRecord[]
  network(id: string): NetworkRecord | undefined
  /** By id, name, or the beginning of one id. @throws GantryError not-found, or invalid when several begin so. */
  find(reference: string): NetworkRecord
  putNetwork(network: NetworkRecord): void
  dropNetwork(id: string): void
  sandboxes(): Sandbox[]
  sandbox(containerId: string): Sandbox | undefined
  putSandbox(sandbox: Sandbox): void
  dropSandbox(containerId: string): void
  /** Running containers in a network, in the order in which they came. */
  members(networkId: string): Member[]
}

export function createNetworkBook(): NetworkBook {
  const networks = new Map<string, NetworkRecord>()
  const sandboxes = new Map<string, Sandbox>()
  const membership = new Map<string, Map<string, Member>>()
  const forget = (containerId: string): void => {
    for (const { networkId } of sandboxes.get(containerId)?.endpoints ?? [])
      membership.get(networkId)?.delete(containerId)
  }
  return {
    networks: () => [...networks.values()],
    network: (id) => networks.get(id),
    find: (reference) => findNetwork([...networks.values()], reference),
    putNetwork: (network) => void networks.set(network.id, network),
    dropNetwork: (id) => {
      networks.delete(id)
      membership.delete(id)
    },
    sandboxes: () => [...sandboxes.values()],
    sandbox: (containerId) => sandboxes.get(containerId),
    putSandbox: (sandbox) => {
      forget(sandbox.containerId)
      sandboxes.set(sandbox.containerId, sandbox)
      for (const endpoint of sandbox.endpoints) {
        const members = membership.get(endpoint.networkId) ?? new Map<string, Member>()
        members.set(sandbox.containerId, { sandbox, endpoint })
        membership.set(endpoint.networkId, members)
      }
    },
    dropSandbox: (containerId) => {
      forget(containerId)
      sandboxes.delete(containerId)
    },
    members: (networkId) => [...(membership.get(networkId)?.values() ?? [])],
  }
}

/** Whole id before name before the beginning of an id, as Docker looks things up. */
export function findNetwork(networks: readonly NetworkRecord[], reference: string): NetworkRecord {
  const exact = networks.find(({ id }) => id === reference) ?? networks.find(({ name }) => name === reference)
  if (exact !== undefined) return exact
  const begun = /^[0-9a-f]+$/.test(reference) ? networks.filter(({ id }) => id.startsWith(reference)) : []
  if (begun.length > 1) throw networkErrors.ambiguous(reference, begun.length)
  if (begun[0] === undefined) throw networkErrors.notFound(reference)
  return begun[0]
}
