/** Decides the Endpoints object of a service: the older form of the same addresses, at most 1000 (pkg/controller/endpoint, v1.36). */
import type {
  EndpointAddress,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { triggerTimeAnnotation } from './trigger-times.ts'
import { copiedLabels, familiesOf, isHeadless, podEndpoints } from './desired-endpoints.ts'
import { repackSubsets } from './repack-subsets.ts'

const addressesMost = 1000
const overCapacity = 'endpoints.kubernetes.io/over-capacity'

/** The subsets for a service and the pods that it selects. */
export function subsetsFor(
  service: Service,
  pods: readonly Pod[],
): { readonly subsets: readonly EndpointSubset[]; readonly isTruncated: boolean } {
  const family = familiesOf(service)[0] ?? 'IPv4'
  const found = podEndpoints(service, pods, { family, nodeNamed: () => undefined })
    .filter(({ pod }) => pod.metadata.deletionTimestamp === undefined || service.spec.publishNotReadyAddresses === true)
    .filter(({ ports }) => ports.length > 0 || isHeadless(service))
  const kept = found.toSorted((a, b) => rank(a) - rank(b)).slice(0, addressesMost)
  const subsets = repackSubsets(
    kept.map(({ endpoint, ports }) => {
      const { hostname, nodeName, targetRef } = endpoint
      const address: EndpointAddress = {
        ip: endpoint.addresses[0] ?? '',
        ...(hostname === undefined ? {} : { hostname }),
        ...(nodeName === undefined ? {} : { nodeName }),
        ...(targetRef === undefined ? {} : { targetRef }),
      }
      return {
        [endpoint.conditions?.ready === true ? 'addresses' : 'notReadyAddresses']: [address],
        ports: (ports as NonNullable<EndpointSubset['ports']>).map(withoutEmptyName),
      }
    }),
  )
  return { subsets, isTruncated: found.length > addressesMost }
}

function rank({ endpoint }: { readonly endpoint: { readonly conditions?: { readonly ready?: boolean } } }): number {
  return endpoint.conditions?.ready === true ? 0 : 1
}

function withoutEmptyName<P extends { readonly name?: string }>(port: P): P {
  if (port.name !== '') return port
  const { name: _name, ...rest } = port
  return rest as P
}

interface EndpointsObserved {
  readonly service: Service
  readonly pods: readonly Pod[]
  /** The Endpoints object of the service's name. */
  readonly known: Endpoints | undefined
  /** When what brought about this write happened, where that is known. */
  readonly triggerTime: string | undefined
}

/** The plan for one service. */
export function planEndpoints(observed: EndpointsObserved, resource: ApiResource<Endpoints>): Plan {
  const { service, known } = observed
  const object = wantedEndpoints(observed)
  if (known !== undefined && isSame(known, object)) return nothingToDo
  const verb = known === undefined ? 'create' : 'update'
  const failed = {
    type: 'Warning',
    reason: verb === 'create' ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint',
    message: `Failed to ${verb} endpoint ${service.metadata.namespace ?? ''}/${service.metadata.name}: {error}`,
  } as const
  return {
    subject: { ...service, apiVersion: 'v1', kind: 'Service' },
    actions: [{ do: verb, resource, object, told: { failed } }],
  }
}

function wantedEndpoints({ service, pods, known, triggerTime }: EndpointsObserved): Endpoints {
  const { subsets, isTruncated } = subsetsFor(service, pods)
  const { [overCapacity]: _over, [triggerTimeAnnotation]: _time, ...annotations } = known?.metadata.annotations ?? {}
  const metadata = {
    ...(known?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace ?? '' }),
    labels: {
      ...copiedLabels(service),
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    },
    annotations: {
      ...annotations,
      ...(isTruncated ? { [overCapacity]: 'truncated' } : {}),
      ...(triggerTime === undefined ? {} : { [triggerTimeAnnotation]: triggerTime }),
    },
  }
  return { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets }
}

/** The trigger time alone is no reason to write. */
function isSame(known: Endpoints, next: Endpoints): boolean {
  return (
    equalValues(known.subsets ?? [], next.subsets) &&
    equalValues(known.metadata.labels ?? {}, next.metadata.labels) &&
    known.metadata.annotations?.[overCapacity] === next.metadata.annotations?.[overCapacity]
  )
}
