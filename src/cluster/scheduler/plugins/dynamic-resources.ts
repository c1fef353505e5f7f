/**
 * Devices that pods claim (resource.k8s.io/v1): a pod waits for its claims to exist, goes where their allocated devices
 * are, and gets devices allocated from the node's slices where they have none yet.
 */
import type { Node, NodeSelector } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { AllocationResult, ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { classBehind, mayBeDevices } from '#spec/kubernetes/pods/device-resources.ts'
import { allocateClaim, type DeviceMarket } from '../allocate-devices.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import {
  claimLeftBehind,
  extendedClaim,
  type ExtendedDevices,
  extendedDevices,
  offersItself,
} from '../extended-devices.ts'
import { offersFor, TakenDevices, wholePools } from '../device-offers.ts'
import type { MatchDevice } from '../device-selector.ts'
import { compileNodeSelector } from '../node-match.ts'
import type { KnownNode } from '../node-table.ts'
import { filterFault, type Plugin } from '../plugin.ts'
import { finalRejection, type Rejection } from '../rejection.ts'
import type { PodRecord } from '../pod-record.ts'

const notHere = finalRejection('resourceclaim not available on the node')
const noDevices = finalRejection('cannot allocate all claims')
const cannotFit = finalRejection('cannot fit resource')
const leftBehind = finalRejection('cannot schedule extended resource claim')

export interface ClaimWriter {
  /** Writes the allocation, where it is new, and reserves the claim for the pod. */
  reserve(claim: ResourceClaim, allocation: AllocationResult | undefined, pod: PodRecord): Promise<void>
  /** Takes the devices of a claim back that nobody uses. Left out, claims keep them. */
  readonly deallocate?: (claim: ResourceClaim) => Promise<void>
  /** Makes the claim for a pod's extended resources, reserves it, and tells the pod. Left out, such pods get no devices. */
  readonly claimExtended?: (plan: ExtendedPlan, pod: PodRecord) => Promise<void>
  /** Removes such a claim of an earlier attempt. */
  readonly discard?: (claim: ResourceClaim) => Promise<void>
  /** Evaluates a device selector. Left out, requests with selectors match no device. */
  readonly matchesDevice?: MatchDevice
}

/** What a pod gets for its extended resources. */
export interface ExtendedPlan {
  /** As it is to be made. */
  readonly claim: ResourceClaim
  readonly allocation: AllocationResult
  readonly mappings: ExtendedDevices['mappings']
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

/** Frees one claim whose devices are in the way, or removes one that is no good any more; the next attempt may do better. */
function takeBackIdle({ deallocate, discard }: ClaimWriter): NonNullable<Plugin['postFilter']> {
  return (pod, { objects, table }) => {
    const claims = claimsOf(pod, objects)
    const leftover = leftoverOf(pod, objects)
    if (typeof claims === 'string' || (claims.length === 0 && leftover === undefined && !hasDevices(pod, objects))) {
      return { message: 'no new claims to deallocate' }
    }
    const idle = idleClaim(pod, claims, table.order())
    if (idle !== undefined && deallocate !== undefined) {
      return { message: 'deallocation of ResourceClaim completed', act: () => deallocate(idle) }
    }
    if (leftover === undefined || discard === undefined) return { message: 'still not schedulable' }
    return { message: 'deletion of ResourceClaim completed', act: () => discard(leftover) }
  }
}

/** The extended resources of a pod that a device class stands behind, with its name. */
function classesFor({ requests }: PodRecord, objects: ClusterObjects): ReadonlyMap<string, string> {
  const classes = new Map<string, string>()
  for (const [name, amount] of requests) {
    const deviceClass = amount > 0 && mayBeDevices(name) ? classBehind(name, objects.deviceClasses()) : undefined
    if (deviceClass !== undefined) classes.set(name, deviceClass.metadata.name)
  }
  return classes
}

const hasDevices = (pod: PodRecord, objects: ClusterObjects): boolean => classesFor(pod, objects).size > 0

function leftoverOf(pod: PodRecord, objects: ClusterObjects): ResourceClaim | undefined {
  return hasDevices(pod, objects) ? claimLeftBehind(pod, objects.resourceClaims()) : undefined
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

/** What each of a pod's claims gets on a node, and what stands in for its extended resources. */
interface PodPlan {
  readonly claims: ReadonlyMap<ResourceClaim, AllocationResult | undefined>
  readonly extended: ExtendedPlan | undefined
}

/** What a pod wants of devices. */
interface Wanted {
  readonly pod: PodRecord
  readonly claims: readonly ResourceClaim[]
  /** Extended resources and the classes behind them. */
  readonly classes: ReadonlyMap<string, string>
}

/** Allocates what is not allocated yet; says why when the node has not enough. */
function planPod(wanted: Wanted, { node }: KnownNode, market: Market): PodPlan | Rejection {
  const lacking = missingResource(wanted, node)
  if (lacking) return cannotFit
  const own = market(node)
  const claims = new Map<ResourceClaim, AllocationResult | undefined>()
  for (const claim of wanted.claims) {
    const isAllocated = claim.status?.allocation !== undefined
    const allocation = isAllocated ? undefined : allocateClaim(claim, node, own)
    if (!isAllocated && allocation === undefined) return noDevices
    claims.set(claim, allocation)
  }
  const extended = planExtended(wanted, node, own)
  return extended === 'none' ? noDevices : { claims, extended }
}

/** True when a pod with devices asks for another extended resource that the node does not know at all. */
function missingResource({ pod, classes }: Wanted, { status }: Node): boolean {
  if (classes.size === 0) return false
  const asked = [...pod.requests].filter(([name, amount]) => amount > 0 && mayBeDevices(name) && !classes.has(name))
  return asked.some(([name]) => status?.allocatable?.[name] === undefined)
}

/** What the node does not offer by itself comes from devices; undefined where it offers all of it. */
function planExtended({ pod, classes }: Wanted, node: Node, market: DeviceMarket): ExtendedPlan | 'none' | undefined {
  const backed = new Map([...classes].filter(([name]) => !offersItself(node, name)))
  if (backed.size === 0) return undefined
  const { requests, mappings } = extendedDevices(pod.pod.spec, backed)
  const claim = extendedClaim(pod, requests)
  const allocation = allocateClaim(claim, node, market)
  return allocation === undefined ? 'none' : { claim, allocation, mappings }
}

const isPlan = (made: PodPlan | Rejection): made is PodPlan => 'claims' in made

/** As `planPod`; a selector that fails ends the whole attempt: something is wrong with the claim, wherever it went. */
function planFiltering(...asked: Parameters<typeof planPod>): PodPlan | Rejection {
  try {
    return planPod(...asked)
  } catch (error) {
    throw filterFault('DynamicResources', error)
  }
}

/** Builds the plugin; it remembers promised devices until the pod is bound or given up. */
export function dynamicResources(writer: ClaimWriter): Plugin {
  const promised = new Map<string, PodPlan>()
  const promisedDevices = (): AllocationResult[] =>
    [...promised.values()].flatMap(({ claims, extended }) =>
      [...claims.values(), extended?.allocation].filter((allocation) => allocation !== undefined),
    )
  const open = (objects: ClusterObjects): Market => openMarket(objects, promisedDevices(), writer)
  const wantedOf = (pod: PodRecord, objects: ClusterObjects): Wanted | string | undefined => {
    const classes = classesFor(pod, objects)
    if (classes.size === 0 && (pod.pod.spec.resourceClaims ?? []).length === 0) return undefined
    const claims = claimsOf(pod, objects)
    return typeof claims === 'string' ? claims : { pod, claims, classes }
  }
  return {
    name: 'DynamicResources',
    preEnqueue: (pod, objects) => {
      const claims = claimsOf(pod, objects)
      return typeof claims === 'string' ? finalRejection(claims) : undefined
    },
    preFilter: (pod, { objects }) => {
      const wanted = wantedOf(pod, objects)
      if (wanted === undefined) return undefined
      if (typeof wanted === 'string') return finalRejection(wanted)
      if (leftoverOf(pod, objects) !== undefined) return { check: () => leftBehind }
      const market = open(objects)
      return {
        check: (entry) => {
          const isElsewhere = wanted.claims.some((claim) => !onNode(claim.status?.allocation?.nodeSelector, entry.node))
          if (isElsewhere) return notHere
          const made = planFiltering(wanted, entry, market)
          return isPlan(made) ? undefined : made
        },
      }
    },
    postFilter: takeBackIdle(writer),
    reserve: (pod, entry, { objects }) => {
      const wanted = wantedOf(pod, objects)
      if (wanted === undefined) return undefined
      const made = typeof wanted === 'string' ? noDevices : planPod(wanted, entry, open(objects))
      if (!isPlan(made)) return made
      if (made.claims.size > 0 || made.extended !== undefined) promised.set(pod.uid, made)
      return undefined
    },
    unreserve: (pod) => void promised.delete(pod.uid),
    prepares: (pod) => promised.has(pod.uid),
    preBind: async (pod) => {
      const plan = promised.get(pod.uid)
      for (const [claim, allocation] of plan?.claims ?? []) {
        // In order: a claim that fails leaves those after it untouched.
        await writer.reserve(claim, allocation, pod)
      }
      if (plan?.extended !== undefined) await writer.claimExtended?.(plan.extended, pod)
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
