/** The endpoint slice controller: the addresses behind each service with a selector, in slices. */
import { endpointSlices, nodes, pods, services } from '#clients/kubernetes/resources.table.ts'
import type { Node, Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { EndpointSlice } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { type EventText, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { copiedLabels, familiesOf, podEndpoints } from './desired-endpoints.ts'
import { planSlices } from './plan-slices.ts'
import { hasSelector, selectsPod, serviceKeysOfPod } from './services-of-pod.ts'
import { TopologyHints } from './topology-hints.ts'
import { triggerTimeAnnotation, TriggerTimes } from './trigger-times.ts'
import { capacityOf, type ZoneRatios, zoneRatios } from './zone-shares.ts'

const managedBy = 'endpointslice-controller.k8s.io'
export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'

/** Starts the controller. */
export function startEndpointSliceController(context: ControllerContext): Controller {
  const { informers } = context
  const serviceCache = informers.of(services)
  const podCache = informers.of(pods)
  const nodeCache = informers.of(nodes)
  const slices = informers.of(endpointSlices)
  slices.addIndex('service', (slice) => [
    `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`,
  ])
  const ownSlices = (key: string): readonly EndpointSlice[] =>
    slices.byIndex('service', key).filter((slice) => slice.metadata.labels?.[managedByLabel] === managedBy)
  const triggers = new TriggerTimes()
  const hints = new TopologyHints()
  return createController(context, {
    name: 'endpointslice',
    queue: countingQueue,
    watches: [
      watch(serviceCache, ({ object }) => [keyOf(object)]),
      watch(podCache, serviceKeysOfPod(serviceCache)),
      watch(nodeCache, (change) =>
        hints.isInUse && changesZones(change) ? hints.overloaded(zoneRatios(nodeCache.list())) : [],
      ),
      watch(slices, ({ object }) => {
        const name = object.metadata.labels?.[serviceNameLabel]
        return name === undefined || object.metadata.labels?.[managedByLabel] !== managedBy
          ? []
          : [keyFrom(object.metadata.namespace, name)]
      }),
    ],
    reconcile: (key) => {
      const service = serviceCache.get(key)
      if (service === undefined) {
        triggers.forget(key)
        hints.forget(key)
      }
      if (service === undefined || !hasSelector(service)) return nothingToDo
      const selected = podCache.list(service.metadata.namespace ?? '').filter((pod) => selectsPod(service, pod))
      const triggerTime = triggers.next(key, service, selected)
      const nodeNamed = (name: string): Node | undefined => nodeCache.get(name)
      const ratios = (): ZoneRatios => zoneRatios(nodeCache.list())
      return planService(service, { pods: selected, own: ownSlices(key), triggerTime, nodeNamed, hints, ratios })
    },
  })
}

/** Whether a node counts for other zones, or otherwise, than before. */
function changesZones({ type, object, previous }: CacheChange<Node>): boolean {
  if (type !== 'updated' || previous === undefined) return true
  const [now, before] = [capacityOf(object), capacityOf(previous)]
  return now?.zone !== before?.zone || now?.cpuMillis !== before?.cpuMillis
}

interface ServiceObserved {
  /** Pods that it selects. */
  readonly pods: readonly Pod[]
  /** Its slices of this controller. */
  readonly own: readonly EndpointSlice[]
  readonly triggerTime: string | undefined
  readonly nodeNamed: (name: string) => Node | undefined
  readonly hints: TopologyHints
  readonly ratios: () => ZoneRatios
}

/** Slices for each family that the service has; those of others go. */
function planService(
  service: Service,
  { pods: selected, own, triggerTime, nodeNamed, hints, ratios }: ServiceObserved,
): Plan {
  const families = familiesOf(service)
  const events: EventText[] = []
  const subject = { ...service, apiVersion: 'v1', kind: 'Service' }
  const actions = families.flatMap((family) => {
    const slices = own.filter((slice) => slice.addressType === family)
    const found = podEndpoints(service, selected, { family, nodeNamed })
    const { wanted, events: told } = hints.hint(service, found, { family, own: slices, ratios })
    events.push(...told)
    return planSlices({
      owner: subject,
      resource: endpointSlices,
      slices,
      addressType: family,
      wanted,
      labels: labelsFor(service),
      annotations: annotationsFor(triggerTime),
      ownAnnotations: [triggerTimeAnnotation],
      keepsEmpty: true,
    })
  })
  const foreign = own.filter((slice) => !families.some((family) => family === slice.addressType))
  const drops = foreign.map((object) => ({ do: 'delete', resource: endpointSlices, object }) as const)
  return { subject, actions: [...actions, ...drops], events }
}

function annotationsFor(time: string | undefined): Readonly<Record<string, string>> {
  return time === undefined ? {} : { [triggerTimeAnnotation]: time }
}

function labelsFor(service: Service): Readonly<Record<string, string>> {
  return {
    ...copiedLabels(service),
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedBy,
  }
}
