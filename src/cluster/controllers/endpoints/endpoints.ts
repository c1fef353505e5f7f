/** The endpoints controller: an Endpoints object for each service with a selector. */
import { endpoints, pods, services } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { planEndpoints } from './plan-endpoints.ts'
import { hasSelector, selectsPod, serviceKeysOfPod } from './services-of-pod.ts'
import { TriggerTimes } from './trigger-times.ts'

/** Starts the controller. */
export function startEndpointsController(context: ControllerContext): Controller {
  const { informers } = context
  const serviceCache = informers.of(services)
  const podCache = informers.of(pods)
  const known = informers.of(endpoints)
  const triggers = new TriggerTimes()
  return createController(context, {
    name: 'endpoints',
    queue: countingQueue,
    watches: [
      watch(serviceCache, ({ object }) => [keyOf(object)]),
      watch(podCache, serviceKeysOfPod(serviceCache)),
      // What somebody wrote into Endpoints stays until the service or its pods change, as upstream has it.
      watch(known, ({ type, object }) => {
        const key = keyOf(object)
        return type === 'deleted' || serviceCache.get(key) === undefined ? [key] : []
      }),
    ],
    reconcile: (key) => {
      const service = serviceCache.get(key)
      const object = known.get(key)
      if (service === undefined) {
        triggers.forget(key)
        const isOurs = object?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller'
        return object !== undefined && isOurs
          ? { actions: [{ do: 'delete', resource: endpoints, object }] }
          : nothingToDo
      }
      if (!hasSelector(service)) return nothingToDo
      const selected = podCache.list(service.metadata.namespace ?? '').filter((pod) => selectsPod(service, pod))
      return planEndpoints(
        { service, pods: selected, known: object, triggerTime: triggers.next(key, service, selected) },
        endpoints,
      )
    },
  })
}
