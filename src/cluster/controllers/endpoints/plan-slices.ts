/**
 * Decides which slices hold a set of endpoints: those there stay where they are, new ones fill what has room, and slices
 * are made or dropped as needed (endpointslice reconciler, v1.36: 100 endpoints a slice).
 */
import type { Endpoint, EndpointPort, EndpointSlice } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { controllerReference } from '#kit/reconcile/owner-references.ts'
import type { Action, Told } from '#kit/reconcile/plan.ts'
import { canonicalText } from '../workloads/template-hash.ts'

export interface WantedEndpoint {
  readonly endpoint: Endpoint
  readonly ports: readonly EndpointPort[]
}

export interface SlicesObserved {
  readonly owner: KubernetesObject
  readonly resource: ApiResource<EndpointSlice>
  /** Slices of this owner and address type. */
  readonly slices: readonly EndpointSlice[]
  readonly addressType: string
  readonly wanted: readonly WantedEndpoint[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Annotations that are told anew with each write, or not at all. */
  readonly ownAnnotations?: readonly string[]
  /** Endpoints of one slice at most. */
  readonly most?: number
  /** Whether a slice without endpoints stays where there are none. */
  readonly keepsEmpty: boolean
}

const told: Told = {
  failed: {
    type: 'Warning',
    reason: 'FailedToUpdateEndpointSlices',
    message: 'Error updating Endpoint Slices for Service {name}: {error}',
  },
}

/** The actions that bring the slices to what is wanted. */
export function planSlices(observed: SlicesObserved): readonly Action[] {
  const groups = new Map<string, { readonly ports: readonly EndpointPort[]; readonly endpoints: Endpoint[] }>()
  for (const { endpoint, ports } of observed.wanted) {
    const key = canonicalText(ports)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { ports, endpoints: [endpoint] })
    else group.endpoints.push(endpoint)
  }
  if (groups.size === 0 && observed.keepsEmpty) groups.set('', { ports: [], endpoints: [] })
  const actions: Action[] = []
  const spare = new Set(observed.slices)
  for (const [key, group] of groups) {
    const own = observed.slices.filter((slice) => key !== '' && canonicalText(slice.ports ?? []) === key)
    for (const slice of own) spare.delete(slice)
    actions.push(...placeGroup(observed, group, own))
  }
  return reuse(observed, actions, [...spare])
}

/** Slices that would be dropped take the place of new ones: fewer objects come and go. */
function reuse(
  observed: SlicesObserved,
  actions: readonly Action[],
  spare: readonly EndpointSlice[],
): readonly Action[] {
  const left = [...spare]
  const out = actions.flatMap((action): readonly Action[] => {
    const slice = action.do === 'create' ? left.shift() : undefined
    if (slice === undefined || action.do !== 'create') return [action]
    const next: EndpointSlice = {
      ...(action.object as EndpointSlice),
      metadata: { ...slice.metadata, ...labelled(observed, slice) },
    }
    return says(next, observed) === says(slice, observed)
      ? []
      : [{ do: 'update', resource: observed.resource, object: next, told }]
  })
  return [...out, ...left.map((object): Action => ({ do: 'delete', resource: observed.resource, object, told }))]
}

/** What a slice says, but for the annotations that are told anew with each write: they alone are no reason for one. */
function says(slice: EndpointSlice, { ownAnnotations = [] }: SlicesObserved): string {
  const { annotations, labels } = slice.metadata
  const lasting = Object.entries(annotations ?? {}).filter(([name]) => !ownAnnotations.includes(name))
  const { endpoints, ports } = slice
  return canonicalText([labels, Object.fromEntries(lasting), endpoints ?? [], ports ?? []])
}

function placeGroup(
  observed: SlicesObserved,
  group: { readonly ports: readonly EndpointPort[]; readonly endpoints: readonly Endpoint[] },
  own: readonly EndpointSlice[],
): readonly Action[] {
  const most = observed.most ?? 100
  const waiting = new Map(group.endpoints.map((endpoint) => [endpointIdentity(endpoint), endpoint]))
  const kept = own.map((slice) => ({
    slice,
    endpoints: (slice.endpoints ?? []).flatMap((endpoint) => {
      const now = waiting.get(endpointIdentity(endpoint))
      waiting.delete(endpointIdentity(endpoint))
      return now ?? []
    }),
  }))
  const rest = [...waiting.values()]
  // The fullest slice that still has room takes what is new.
  for (const one of kept.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    one.endpoints.push(...rest.splice(0, Math.max(0, most - one.endpoints.length)))
  }
  const actions = kept.flatMap(({ slice, endpoints }) => sliceAction(observed, slice, endpoints))
  const isNeeded = rest.length > 0 || (own.length === 0 && group.endpoints.length === 0)
  for (let at = 0; isNeeded && (at < rest.length || at === 0); at += most) {
    const object = newSlice(observed, group.ports, rest.slice(at, at + most))
    actions.push({ do: 'create', resource: observed.resource, object, told })
  }
  return actions
}

function sliceAction(observed: SlicesObserved, slice: EndpointSlice, endpoints: readonly Endpoint[]): Action[] {
  const { resource } = observed
  if (endpoints.length === 0) return [{ do: 'delete', resource, object: slice, told }]
  const isSame = equalValues(endpoints, slice.endpoints ?? []) && hasLabels(slice, observed)
  if (isSame) return []
  const object: EndpointSlice = { ...slice, endpoints, metadata: { ...slice.metadata, ...labelled(observed, slice) } }
  return [{ do: 'update', resource, object, told }]
}

function hasLabels(slice: EndpointSlice, { labels }: SlicesObserved): boolean {
  return equalValues(slice.metadata.labels ?? {}, labels)
}

function labelled(
  { labels, annotations, ownAnnotations = [] }: SlicesObserved,
  slice: EndpointSlice,
): Pick<EndpointSlice['metadata'], 'labels' | 'annotations'> {
  const kept = Object.entries(slice.metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.includes(name))
  return { labels, annotations: { ...Object.fromEntries(kept), ...annotations } }
}

/** One endpoint stays the same one while its address and what it points at stay. */
export function endpointIdentity(endpoint: Endpoint): string {
  return `${endpoint.addresses.join(',')}|${endpoint.targetRef?.uid ?? ''}`
}

function newSlice(
  observed: SlicesObserved,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  const { owner, labels, annotations } = observed
  const generateName = `${owner.metadata.name ?? ''}-`
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...({ generateName } as unknown as { readonly name: string }),
      namespace: owner.metadata.namespace ?? '',
      labels,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    addressType: observed.addressType as EndpointSlice['addressType'],
    // None at all are told by null, as Kubernetes stores an empty list.
    endpoints: endpoints.length === 0 ? (null as unknown as readonly Endpoint[]) : endpoints,
    // No ports at all are told by leaving them out.
    ...(ports.length === 0 ? {} : { ports }),
  }
}
