/** From a pod to the services that select it, for everything that follows pods behind services. */
import type { Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'

/** Keys of the services that select a pod, before or after a change. */
export function serviceKeysOfPod(services: Lister<Service>): (change: CacheChange<Pod>) => readonly string[] {
  return ({ object, previous }) =>
    services
      .list(object.metadata.namespace ?? '')
      .filter((service) => selectsPod(service, object) || (previous !== undefined && selectsPod(service, previous)))
      .map(keyOf)
}

/** True when the service has a selector and the pod's labels meet it. */
export function selectsPod(service: Service, pod: Pod): boolean {
  const selector = Object.entries(service.spec.selector ?? {})
  return selector.length > 0 && selector.every(([key, value]) => pod.metadata.labels?.[key] === value)
}

/** True for services whose endpoints follow from pods. */
export function hasSelector(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && Object.keys(service.spec.selector ?? {}).length > 0
}
