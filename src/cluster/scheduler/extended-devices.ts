/**
 * What a pod claims of devices for extended resources behind which device classes stand (DRAExtendedResource, on in v1.36).
 * Pure.
 */
import { quantityUnits, tryParseQuantity } from '#base/data/quantity.ts'
import type {
  Container,
  ContainerExtendedResourceRequest,
  Node,
  PodSpec,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { DeviceRequest, ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { isSidecar } from '#spec/kubernetes/pods/pod-containers.ts'
import { extendedClaimAnnotation } from '#spec/kubernetes/pods/device-resources.ts'
import type { PodRecord } from './pod-record.ts'

/** True for a node that has something of a resource itself, by a device plugin: then no class stands in. */
export function offersItself({ status }: Node, resource: string): boolean {
  return unitsOf(status?.allocatable?.[resource]) > 0
}

/** What a pod's containers are given of the devices of its extended resources. */
export interface ExtendedDevices {
  readonly requests: readonly DeviceRequest[]
  readonly mappings: readonly ContainerExtendedResourceRequest[]
}

interface Position {
  readonly container: Container
  readonly index: number
}

interface Share {
  readonly request: DeviceRequest | undefined
  readonly mappings: readonly ContainerExtendedResourceRequest[]
}

/**
 * The requests for resources that stand for devices, by name. Containers that last get devices of their own; one that ends
 * before others start uses what is meant for those after it, and what that is short of is asked for once for all of them.
 * @param classes the class behind each of the resources
 */
export function extendedDevices(spec: PodSpec, classes: ReadonlyMap<string, string>): ExtendedDevices {
  const initial = spec.initContainers ?? []
  const all = [...initial, ...spec.containers].map((container, index): Position => ({ container, index }))
  const isShort = ({ container, index }: Position): boolean => index < initial.length && !isSidecar(container)
  const parts = [...classes.keys()].toSorted().map((resource) => {
    const terms = { resource, deviceClassName: classes.get(resource) ?? '' }
    return ofResource(terms, { all, isShort })
  })
  const requests = parts.flatMap((part) => part.requests)
  return {
    requests: requests.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    mappings: parts.flatMap((part) => part.mappings),
  }
}

interface Terms {
  readonly resource: string
  readonly deviceClassName: string
}

function ofResource(
  terms: Terms,
  { all, isShort }: { readonly all: readonly Position[]; readonly isShort: (position: Position) => boolean },
): ExtendedDevices {
  const lasting = all.map((position) => (isShort(position) ? undefined : shareOf(position, terms, [])))
  const requested = lasting.map((share) => share?.request)
  const brief = all.filter(isShort).map((position) => shareOf(position, terms, requested.slice(position.index)))
  const own = brief.flatMap(({ request }) => request ?? [])
  const most = own.reduce<DeviceRequest | undefined>(
    (a, b) => (a === undefined || countOf(b) > countOf(a) ? b : a),
    undefined,
  )
  const merged = new Set(own.map(({ name }) => name))
  const mappings = brief.flatMap((share) =>
    share.mappings.map((one) =>
      most !== undefined && merged.has(one.requestName) ? { ...one, requestName: most.name } : one,
    ),
  )
  return {
    requests: [...(most === undefined ? [] : [most]), ...requested.filter((request) => request !== undefined)],
    mappings: [...lasting.flatMap((share) => share?.mappings ?? []), ...mappings],
  }
}

const countOf = ({ exactly }: DeviceRequest): number => exactly?.count ?? 0

/** What one container asks for, as far as the requests that it can use do not give it. */
function shareOf(
  { container, index }: Position,
  { resource, deviceClassName }: Terms,
  usable: readonly (DeviceRequest | undefined)[],
): Share {
  const requests = container.resources?.requests ?? {}
  const amount = unitsOf(requests[resource])
  const mappings: ContainerExtendedResourceRequest[] = []
  if (amount === 0) return { request: undefined, mappings }
  const map = (requestName: string): void =>
    void mappings.push({ containerName: container.name, resourceName: resource, requestName })
  let sum = 0
  for (const other of usable) {
    if (other === undefined) continue
    sum += countOf(other)
    map(other.name)
    if (sum >= amount) return { request: undefined, mappings }
  }
  const name = `container-${index}-request-${Object.keys(requests).toSorted().indexOf(resource)}`
  map(name)
  return {
    request: { name, exactly: { deviceClassName, allocationMode: 'ExactCount', count: amount - sum } },
    mappings,
  }
}

function unitsOf(text: string | undefined): number {
  const quantity = text === undefined ? undefined : tryParseQuantity(text)
  return quantity === undefined ? 0 : Number(quantityUnits(quantity))
}

/** The claim for a pod's extended resources that an earlier attempt left behind. */
export function claimLeftBehind(pod: PodRecord, claims: Iterable<ResourceClaim>): ResourceClaim | undefined {
  for (const claim of claims) {
    const { annotations, ownerReferences = [], namespace } = claim.metadata
    if (namespace !== pod.namespace || annotations?.[extendedClaimAnnotation] !== 'true') continue
    if (
      ownerReferences.some(({ name, uid, controller }) => name === pod.name && uid === pod.uid && controller === true)
    ) {
      return claim
    }
  }
  return undefined
}

/** The claim for these requests, as it is made; until then it has a name that no claim can have. */
export function extendedClaim({ namespace, name, uid }: PodRecord, requests: readonly DeviceRequest[]): ResourceClaim {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      name: '<extended-resources>',
      generateName: `${name}-extended-resources-`,
      namespace,
      annotations: { [extendedClaimAnnotation]: 'true' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    },
    spec: { devices: { requests } },
  }
}
