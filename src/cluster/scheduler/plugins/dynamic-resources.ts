/**
 * Devices that pods claim (resource.k8s.io/v1): a pod waits for its claims to exist, goes where their allocated devices
 * are, and gets devices allocated from the node's slices where they have none yet.
 */
import type { Node, NodeSelector } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type {
  AllocationResult,
  Device,
  DeviceRequestAllocationResult,
  DeviceSelector,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceSlice,
} from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import { compileNodeSelector } from '../node-match.ts'
import type { KnownNode } from '../node-table.ts'
import { finalRejection, type Plugin, rejection } from '../plugin.ts'
import type { PodRecord } from '../pod-record.ts'

const notHere = finalRejection('resourceclaim not available on the node')
const noDevices = rejection('cannot allocate all claims')

export interface ClaimWriter {
  /** Writes the allocation, where it is new, and reserves the claim for the pod. */
  reserve(claim: ResourceClaim, allocation: AllocationResult | undefined, pod: PodRecord): Promise<void>
  /** Takes the devices of a claim back that nobody uses. Left out, claims keep them. */
  readonly deallocate?: (claim: ResourceClaim) => Promise<void>
  /** Evaluates a device selector. Left out, requests with selectors match no device. */
  readonly matchesDevice?: (selector: DeviceSelector, device: Device, driver: string) => boolean
}

/** Names of a pod's claims by their names in the pod; undefined for one that is not made yet. */
function claimNames(pod: PodRecord): Map<string, string | undefined> {
  const statuses = new Map((pod.pod.status?.resourceClaimStatuses ?? []).map((status) => [status.name, status]))
  const names = new Map<string, string | undefined>()
  for (const { name, resourceClaimName } of pod.pod.spec.resourceClaims ?? []) {
    const status = statuses.get(name)
    // A status without a name says that no claim is needed.
    if (resourceClaimName === undefined && status !== undefined && status.resourceClaimName === undefined) continue
    names.set(name, resourceClaimName ?? status?.resourceClaimName)
  }
  return names
}

function claimsOf(pod: PodRecord, objects: ClusterObjects): ResourceClaim[] | string {
  const claims: ResourceClaim[] = []
  for (const name of claimNames(pod).values()) {
    if (name === undefined) return `pod "${pod.key}": resource claim not created yet`
    const claim = objects.resourceClaim(pod.namespace, name)
    if (claim === undefined) return `resourceclaim "${name}" not found`
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim "${name}" is being deleted`
    claims.push(claim)
  }
  return claims
}

const onNode = (selector: NodeSelector | undefined, node: Node): boolean =>
  selector === undefined || compileNodeSelector(selector)(node)

const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`

/** Devices that claims hold, written or promised. */
function heldDevices(objects: ClusterObjects, promised: Iterable<AllocationResult>): Set<string> {
  const held = new Set<string>()
  const add = (allocation: AllocationResult | undefined): void => {
    for (const { driver, pool, device, adminAccess } of allocation?.devices?.results ?? [])
      if (adminAccess !== true) held.add(deviceId(driver, pool, device))
  }
  for (const claim of objects.resourceClaims()) add(claim.status?.allocation)
  for (const allocation of promised) add(allocation)
  return held
}

interface Offer {
  readonly slice: ResourceSlice
  readonly device: Device
}

function offersOn(node: Node, objects: ClusterObjects): Offer[] {
  const newest = new Map<string, number>()
  for (const { spec } of objects.resourceSlices()) {
    const key = `${spec.driver}/${spec.pool.name}`
    newest.set(key, Math.max(newest.get(key) ?? 0, spec.pool.generation))
  }
  return objects.resourceSlices().flatMap((slice) => {
    const { spec } = slice
    if (spec.pool.generation !== newest.get(`${spec.driver}/${spec.pool.name}`)) return []
    const isWhole = spec.perDeviceNodeSelection !== true
    if (isWhole && !isOffered(spec, node)) return []
    return (spec.devices ?? []).flatMap((device) => (isWhole || isOffered(device, node) ? [{ slice, device }] : []))
  })
}

function isOffered(
  place: { readonly nodeName?: string; readonly nodeSelector?: NodeSelector; readonly allNodes?: boolean },
  node: Node,
): boolean {
  if (place.allNodes === true) return true
  if (place.nodeName !== undefined) return place.nodeName === node.metadata.name
  return place.nodeSelector !== undefined && onNode(place.nodeSelector, node)
}

/** Devices for a whole claim on a node, or undefined. Taken ones are added to `held`. */
export function allocateClaim(
  claim: ResourceClaim,
  node: Node,
  from: {
    readonly objects: ClusterObjects
    readonly held: Set<string>
    readonly matchesDevice: ClaimWriter['matchesDevice']
  },
): AllocationResult | undefined {
  const results: DeviceRequestAllocationResult[] = []
  for (const request of claim.spec.devices?.requests ?? []) {
    const options = request.exactly === undefined ? (request.firstAvailable ?? []) : [request.exactly]
    let found: DeviceRequestAllocationResult[] | undefined
    for (const option of options) {
      const name = 'name' in option ? `${request.name}/${option.name}` : request.name
      found ??= pickDevices(option, name, { ...from, node })
    }
    if (found === undefined) return undefined
    for (const { driver, pool, device } of found) from.held.add(deviceId(driver, pool, device))
    results.push(...found)
  }
  return {
    devices: { results },
    nodeSelector: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] }],
    },
  }
}

function pickDevices(
  request: ExactDeviceRequest,
  name: string,
  from: {
    readonly objects: ClusterObjects
    readonly held: ReadonlySet<string>
    readonly matchesDevice: ClaimWriter['matchesDevice']
    readonly node: Node
  },
): DeviceRequestAllocationResult[] | undefined {
  const deviceClass = from.objects.deviceClass(request.deviceClassName)
  if (deviceClass === undefined) return undefined
  const selectors = [...(deviceClass.spec.selectors ?? []), ...(request.selectors ?? [])]
  const suits = ({ slice, device }: Offer): boolean =>
    (device.taints ?? []).length === 0 &&
    selectors.every((selector) => from.matchesDevice?.(selector, device, slice.spec.driver) === true)
  const suitable = offersOn(from.node, from.objects).filter(suits)
  const isFree = ({ slice: { spec }, device }: Offer): boolean =>
    request.adminAccess === true || !from.held.has(deviceId(spec.driver, spec.pool.name, device.name))
  const free = suitable.filter(isFree)
  const count = request.allocationMode === 'All' ? suitable.length : (request.count ?? 1)
  if (count === 0 || free.length < count) return undefined
  return free.slice(0, count).map(({ slice: { spec }, device }) => ({
    request: name,
    driver: spec.driver,
    pool: spec.pool.name,
    device: device.name,
    ...(request.adminAccess === true ? { adminAccess: true } : {}),
  }))
}

/** A claim whose devices are on nodes that will not do, and that nobody else has reserved. */
function idleClaim(
  pod: PodRecord,
  claims: readonly ResourceClaim[],
  nodes: readonly KnownNode[],
): ResourceClaim | undefined {
  return claims.find(({ status }) => {
    const reservedFor = status?.reservedFor ?? []
    const isOthers = reservedFor.length > 1 || reservedFor.some(({ uid }) => uid !== pod.uid)
    const { allocation } = status ?? {}
    return allocation !== undefined && !isOthers && nodes.some((entry) => !onNode(allocation.nodeSelector, entry.node))
  })
}

/** Frees one claim whose devices are in the way; the next attempt may get others elsewhere. */
function takeBackIdle({ deallocate }: ClaimWriter): NonNullable<Plugin['postFilter']> {
  return (pod, { objects, table }) => {
    const claims = claimsOf(pod, objects)
    if (typeof claims === 'string' || claims.length === 0) return { message: 'no new claims to deallocate' }
    const idle = idleClaim(pod, claims, table.order())
    if (idle === undefined || deallocate === undefined) return { message: 'still not schedulable' }
    return { message: 'deallocation of ResourceClaim completed', act: () => deallocate(idle) }
  }
}

/** Builds the plugin; it remembers promised devices until the pod is bound or given up. */
export function dynamicResources(writer: ClaimWriter): Plugin {
  const promised = new Map<string, Map<ResourceClaim, AllocationResult | undefined>>()
  const promisedDevices = (): AllocationResult[] =>
    [...promised.values()].flatMap((plan) => [...plan.values()].filter((allocation) => allocation !== undefined))
  const plan = (
    claims: readonly ResourceClaim[],
    entry: KnownNode,
    objects: ClusterObjects,
  ): Map<ResourceClaim, AllocationResult | undefined> | undefined => {
    const held = heldDevices(objects, promisedDevices())
    const result = new Map<ResourceClaim, AllocationResult | undefined>()
    for (const claim of claims) {
      const allocation =
        claim.status?.allocation === undefined
          ? allocateClaim(claim, entry.node, { objects, held, matchesDevice: writer.matchesDevice })
          : undefined
      if (claim.status?.allocation === undefined && allocation === undefined) return undefined
      result.set(claim, allocation)
    }
    return result
  }
  const cares = (pod: PodRecord): boolean => (pod.pod.spec.resourceClaims ?? []).length > 0
  return {
    name: 'DynamicResources',
    preEnqueue: (pod, objects) => {
      if (!cares(pod)) return undefined
      const claims = claimsOf(pod, objects)
      return typeof claims === 'string' ? finalRejection(claims) : undefined
    },
    preFilter: (pod, { objects }) => {
      if (!cares(pod)) return undefined
      const claims = claimsOf(pod, objects)
      if (typeof claims === 'string') return finalRejection(claims)
      return {
        check: (entry) => {
          const isElsewhere = claims.some((claim) => !onNode(claim.status?.allocation?.nodeSelector, entry.node))
          if (isElsewhere) return notHere
          return plan(claims, entry, objects) === undefined ? noDevices : undefined
        },
      }
    },
    postFilter: takeBackIdle(writer),
    reserve: (pod, entry, { objects }) => {
      if (!cares(pod)) return undefined
      const claims = claimsOf(pod, objects)
      const made = typeof claims === 'string' ? undefined : plan(claims, entry, objects)
      if (made === undefined) return noDevices
      promised.set(pod.uid, made)
      return undefined
    },
    unreserve: (pod) => void promised.delete(pod.uid),
    preBind: async (pod) => {
      for (const [claim, allocation] of promised.get(pod.uid) ?? []) {
        // oxlint-disable-next-line no-await-in-loop -- a claim that fails leaves those after it untouched
        await writer.reserve(claim, allocation, pod)
      }
    },
    postBind: (pod) => void promised.delete(pod.uid),
    hints: {
      'resource-claim': true,
      'resource-slice': true,
      'device-class': true,
      'own-pod-changed': true,
      'node-added': true,
      'node-changed': true,
      'pod-deleted': true,
    },
  }
}
