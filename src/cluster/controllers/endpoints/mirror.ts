/** The mirroring controller: Endpoints that a user wrote for a service without selector, as slices. */
import { endpoints, endpointSlices, services } from '#clients/kubernetes/resources.table.ts'
import type { EndpointAddress, Endpoints, EndpointSubset, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { EndpointSlice } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { planSlices, type WantedEndpoint } from './plan-slices.ts'
import { repackSubsets } from './repack-subsets.ts'
import { hasSelector } from './services-of-pod.ts'

const managedBy = 'endpointslicemirroring-controller.k8s.io'
const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
const serviceNameLabel = 'kubernetes.io/service-name'
const notCopied = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
])
/** Addresses of one subset that are mirrored at most. */
const subsetMost = 1000

/** Starts the controller. */
export function startEndpointSliceMirroringController(context: ControllerContext): Controller {
  const { informers } = context
  const serviceCache = informers.of(services)
  const known = informers.of(endpoints)
  const slices = informers.of(endpointSlices)
  return createController(context, {
    name: 'endpointslicemirroring',
    watches: [
      watch(known, ({ object }) => [keyOf(object)]),
      watch(serviceCache, ({ object }) => [keyOf(object)]),
      watch(slices, ({ object }) => {
        const name = object.metadata.labels?.[serviceNameLabel]
        return name !== undefined && isMirror(object) ? [keyFrom(object.metadata.namespace, name)] : []
      }),
    ],
    reconcile: (key) => {
      const object = known.get(key)
      const service = serviceCache.get(key)
      const [namespace, name] = key.split('/')
      const own = slices
        .list(namespace)
        .filter((slice) => isMirror(slice) && slice.metadata.labels?.[serviceNameLabel] === name)
      if (object === undefined || service === undefined || !isMirrored(object, service))
        return { actions: own.map((slice): Action => ({ do: 'delete', resource: endpointSlices, object: slice })) }
      return { subject: object, actions: (['IPv4', 'IPv6'] as const).flatMap((family) => mirror(object, own, family)) }
    },
  })
}

function isMirror(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[managedByLabel] === managedBy
}

function isMirrored({ metadata }: Endpoints, service: Service): boolean {
  if (metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] === 'true') return false
  if (metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined) return false
  return service.spec.type !== 'ExternalName' && !hasSelector(service)
}

function mirror(object: Endpoints, own: readonly EndpointSlice[], family: 'IPv4' | 'IPv6'): readonly Action[] {
  const wanted = repackSubsets(object.subsets ?? []).flatMap((subset) => endpointsOf(subset, family))
  const annotations = Object.fromEntries(
    Object.entries(object.metadata.annotations ?? {}).filter(([name]) => !notCopied.has(name)),
  )
  return planSlices({
    owner: { ...object, apiVersion: 'v1', kind: 'Endpoints' },
    resource: endpointSlices,
    slices: own.filter((slice) => slice.addressType === family),
    addressType: family,
    wanted,
    labels: { ...object.metadata.labels, [serviceNameLabel]: object.metadata.name, [managedByLabel]: managedBy },
    annotations,
    most: subsetMost,
    keepsEmpty: false,
  })
}

function endpointsOf(subset: EndpointSubset, family: 'IPv4' | 'IPv6'): readonly WantedEndpoint[] {
  const ports = (subset.ports ?? []).map((port) => ({
    ...port,
    name: port.name ?? '',
    protocol: port.protocol ?? 'TCP',
  }))
  const of = (addresses: readonly EndpointAddress[] | undefined, ready: boolean): readonly WantedEndpoint[] =>
    (addresses ?? [])
      .filter(({ ip }) => ip.includes(':') === (family === 'IPv6'))
      .slice(0, subsetMost)
      .map(({ ip, hostname, nodeName, targetRef }) => ({
        ports,
        endpoint: {
          addresses: [ip],
          conditions: { ready },
          ...(hostname === undefined ? {} : { hostname }),
          ...(nodeName === undefined ? {} : { nodeName }),
          ...(targetRef === undefined ? {} : { targetRef }),
        },
      }))
  return [...of(subset.addresses, true), ...of(subset.notReadyAddresses, false)]
}
