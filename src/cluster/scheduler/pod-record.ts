/** A pod as the scheduler works with it: the object, and what plugins ask about it over and over, worked out once. */
import { lastingContainers } from '#spec/kubernetes/pods/pod-containers.ts'
import { type Requirement, selectorFromObject } from '#base/data/label-selector.ts'
import type { Pod, PodAffinityTerm } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { LabelSelector } from '#spec/kubernetes/objects/meta-v1.generated.ts'
import { requiredNodes, type NodeTest } from './node-match.ts'
import { type AmountReader, type Amounts, askedFor, podRequests } from './resource-amounts.ts'

/** An affinity term ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string
  /** Undefined selects no pod. */
  readonly selector: readonly Requirement[] | undefined
  readonly namespaces: ReadonlySet<string>
  /** Further namespaces, by their labels. */
  readonly namespaceSelector: readonly Requirement[] | undefined
  readonly weight: number
}

export interface HostPort {
  readonly protocol: string
  readonly ip: string
  readonly port: number
}

export interface PodRecord {
  readonly pod: Pod
  readonly key: string
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>> | undefined
  readonly priority: number
  readonly requests: Amounts
  /** The same for the same requests. */
  readonly requestsText: string
  /** The same for the same tolerations. */
  readonly tolerationsText: string
  /** With presumed amounts where a container asks for nothing: what comparing nodes goes by. */
  readonly presumedCpuMillis: number
  readonly presumedMemoryBytes: number
  readonly requiredNodes: NodeTest | undefined
  readonly hostPorts: readonly HostPort[]
  readonly affinity: readonly AffinityTerm[]
  readonly antiAffinity: readonly AffinityTerm[]
  readonly preferredAffinity: readonly AffinityTerm[]
  readonly preferredAntiAffinity: readonly AffinityTerm[]
  readonly hasAffinity: boolean
  /** Names of its claims, those made for ephemeral volumes included. */
  readonly claims: readonly string[]
}

const selectorOf = (selector: LabelSelector | undefined): readonly Requirement[] | undefined => {
  if (selector === undefined) return undefined
  try {
    return selectorFromObject(selector)
  } catch {
    // The API refuses such selectors; one that got past it selects nothing.
    return undefined
  }
}

function compileTerm(term: PodAffinityTerm, namespace: string, weight: number): AffinityTerm {
  const own = (term.namespaces ?? []).length === 0 && term.namespaceSelector === undefined
  return {
    topologyKey: term.topologyKey,
    selector: selectorOf(term.labelSelector),
    namespaces: new Set(own ? [namespace] : term.namespaces),
    namespaceSelector: selectorOf(term.namespaceSelector),
    weight,
  }
}

/** Host ports of all containers that stay, and of sidecars. */
function hostPortsOf(pod: Pod): HostPort[] {
  return lastingContainers(pod.spec).flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, hostIP, protocol }) =>
      hostPort === undefined || hostPort <= 0
        ? []
        : [{ port: hostPort, ip: (hostIP ?? '') === '' ? '0.0.0.0' : (hostIP ?? ''), protocol: protocol ?? 'TCP' }],
    ),
  )
}

function claimsOf(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [volume.persistentVolumeClaim.claimName]
    return volume.ephemeral === undefined ? [] : [`${pod.metadata.name}-${volume.name}`]
  })
}

function amountsOf(
  pod: Pod,
  reader: AmountReader,
): Pick<PodRecord, 'requests' | 'requestsText' | 'presumedCpuMillis' | 'presumedMemoryBytes'> {
  const presumed = podRequests(pod, reader, true)
  const requests = podRequests(pod, reader)
  return {
    requests,
    requestsText: askedFor(requests),
    presumedCpuMillis: presumed.get('cpu') ?? 0,
    presumedMemoryBytes: presumed.get('memory') ?? 0,
  }
}

/** Works out the record of a pod. */
export function recordOf(pod: Pod, reader: AmountReader): PodRecord {
  const namespace = pod.metadata.namespace ?? ''
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  const required = (terms: readonly PodAffinityTerm[] | undefined): AffinityTerm[] =>
    (terms ?? []).map((term) => compileTerm(term, namespace, 0))
  const affinity = required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const antiAffinity = required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const preferredAffinity = (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) =>
    compileTerm(weighted.podAffinityTerm, namespace, weighted.weight),
  )
  const preferredAntiAffinity = (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
    (weighted) => compileTerm(weighted.podAffinityTerm, namespace, weighted.weight),
  )
  return {
    pod,
    key: `${namespace}/${pod.metadata.name}`,
    uid: pod.metadata.uid ?? `${namespace}/${pod.metadata.name}`,
    namespace,
    name: pod.metadata.name,
    labels: pod.metadata.labels,
    priority: pod.spec.priority ?? 0,
    ...amountsOf(pod, reader),
    tolerationsText: JSON.stringify(pod.spec.tolerations ?? []),
    requiredNodes: requiredNodes(pod),
    hostPorts: hostPortsOf(pod),
    affinity,
    antiAffinity,
    preferredAffinity,
    preferredAntiAffinity,
    hasAffinity: [affinity, antiAffinity, preferredAffinity, preferredAntiAffinity].some((terms) => terms.length > 0),
    claims: claimsOf(pod),
  }
}

/**
 * Records of the pods of one scheduler. Pods of one template differ in little more than their names, and a cache that
 * holds equal parts once gives them the very same spec: what follows from that is worked out for the first of them.
 */
export class PodRecords {
  readonly #reader: AmountReader
  readonly #bySpec = new WeakMap<Pod['spec'], PodRecord>()

  constructor(reader: AmountReader) {
    this.#reader = reader
  }

  /** The record of a pod, as `recordOf` makes it. */
  of(pod: Pod): PodRecord {
    const alike = this.#bySpec.get(pod.spec)
    if (alike !== undefined && isAskedAlike(alike, pod)) return renamed(alike, pod)
    const made = recordOf(pod, this.#reader)
    this.#bySpec.set(pod.spec, made)
    return made
  }

  /** The same of a pod that there is a record of: most changes are none of what it asks for. */
  changed(known: PodRecord, pod: Pod): PodRecord {
    const isSame = isSameButForNode(known.pod.spec, pod.spec) && isAskedAlike(known, pod)
    return isSame ? renamed(known, pod) : recordOf(pod, this.#reader)
  }
}

/** Whether a pod with the spec of another asks for the same: beside the spec, names and what is held already have a say. */
function isAskedAlike(known: PodRecord, pod: Pod): boolean {
  if (known.namespace !== (pod.metadata.namespace ?? '')) return false
  if (holdsAmounts(known.pod) || holdsAmounts(pod)) return false
  return known.name === pod.metadata.name || pod.spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined) !== true
}

function holdsAmounts({ status }: Pod): boolean {
  return status?.containerStatuses !== undefined || status?.initContainerStatuses !== undefined
}

/** Compares by identity: members that are equal and not the same are taken for different. */
function isSameButForNode(a: object, b: object): boolean {
  const before = a as Readonly<Record<string, unknown>>
  const now = b as Readonly<Record<string, unknown>>
  let more = 0
  for (const name in now) {
    if (name === 'nodeName') continue
    if (before[name] !== now[name]) return false
    more++
  }
  for (const name in before) if (name !== 'nodeName') more--
  return more === 0
}

function renamed(known: PodRecord, pod: Pod): PodRecord {
  const { name, uid, labels } = pod.metadata
  const key = `${known.namespace}/${name}`
  return { ...known, pod, key, uid: uid ?? key, name, labels }
}
