/**
 * Devices that pods claim (resource.k8s.io/v1): a pod waits for its claims to exist, goes where their allocated devices
 * are, and gets devices allocated from the node's slices where they have none yet.
 */
import type { Node, NodeSelector } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { AllocationResult, ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { allocateClaim, type DeviceMarket } from '../allocate-devices.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import { offersFor, TakenDevices, wholePools } from '../device-offers.ts'
import type { MatchDevice } from '../device-selector.ts'
import { compileNodeSelector } from '../node-match.ts'
import type { KnownNode } from '../node-table.ts'
import { filterFault, type Plugin } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'
import type { PodRecord } from '../pod-record.ts'

const notHere = finalRejection('resourceclaim not available on the node')
const noDevices = finalRejection('cannot allocate all claims')

export interface ClaimWriter {
  /** Writes the allocation, where it is new, and reserves the claim for the pod. */
  reserve(claim: ResourceClaim, allocation: AllocationResult | undefined, pod: PodRecord): Promise<void>
  /** Takes the devices of a claim back that nobody uses. Left out, claims keep them. */
  readonly deallocate?: (claim: ResourceClaim) => Promise<void>
  /** Evaluates a device selector. Left out, requests with selectors match no device. */
  readonly matchesDevice?: MatchDevice
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

/** What claims hold already. */
function allocationsOf(objects: ClusterObjects): AllocationResult[] {
  return [...objects.resourceClaims()].flatMap(({ status }) => status?.allocation ?? [])
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

/** What is to be had on a node. */
type Market = (node: Node) => DeviceMarket

/** The devices of the cluster as of now; whoever allocates on a node gets a picture of his own. */
function openMarket(
  objects: ClusterObjects,
  promised: readonly AllocationResult[],
  { matchesDevice }: ClaimWriter,
): Market {
  const pools = wholePools([...objects.resourceSlices()])
  const taken = TakenDevices.of(pools, [...allocationsOf(objects), ...promised])
  return (node) => ({
    offers: offersFor(node, pools),
    taken: taken.copy(),
    deviceClass: (name) => objects.deviceClass(name),
    matchesDevice: matchesDevice ?? (() => false),
  })
}

/** What each of a pod's claims gets on a node. */
type ClaimPlan = Map<ResourceClaim, AllocationResult | undefined>

/** Allocates what is not allocated yet; undefined when the node has not enough. */
function planClaims(claims: readonly ResourceClaim[], { node }: KnownNode, market: Market): ClaimPlan | undefined {
  const own = market(node)
  const result: ClaimPlan = new Map()
  for (const claim of claims) {
    const isAllocated = claim.status?.allocation !== undefined
    const allocation = isAllocated ? undefined : allocateClaim(claim, node, own)
    if (!isAllocated && allocation === undefined) return undefined
    result.set(claim, allocation)
  }
  return result
}

/** As `planClaims`; a selector that fails ends the whole attempt: something is wrong with the claim, wherever it went. */
function planFiltering(...asked: Parameters<typeof planClaims>): ClaimPlan | undefined {
  try {
    return planClaims(...asked)
  } catch (error) {
    throw filterFault('DynamicResources', error)
  }
}

/** Builds the plugin; it remembers promised devices until the pod is bound or given up. */
export function dynamicResources(writer: ClaimWriter): Plugin {
  const promised = new Map<string, ClaimPlan>()
  const promisedDevices = (): AllocationResult[] =>
    [...promised.values()].flatMap((plan) => [...plan.values()].filter((allocation) => allocation !== undefined))
  const open = (objects: ClusterObjects): Market => openMarket(objects, promisedDevices(), writer)
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
      const market = open(objects)
      return {
        check: (entry) => {
          const isElsewhere = claims.some((claim) => !onNode(claim.status?.allocation?.nodeSelector, entry.node))
          if (isElsewhere) return notHere
          return planFiltering(claims, entry, market) === undefined ? noDevices : undefined
        },
      }
    },
    postFilter: takeBackIdle(writer),
    reserve: (pod, entry, { objects }) => {
      if (!cares(pod)) return undefined
      const claims = claimsOf(pod, objects)
      const made = typeof claims === 'string' ? undefined : planClaims(claims, entry, open(objects))
      if (made === undefined) return noDevices
      promised.set(pod.uid, made)
      return undefined
    },
    unreserve: (pod) => void promised.delete(pod.uid),
    prepares: (pod) => promised.has(pod.uid),
    preBind: async (pod) => {
      for (const [claim, allocation] of promised.get(pod.uid) ?? []) {
        // In order: a claim that fails leaves those after it untouched.
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
