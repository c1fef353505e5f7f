/** The resource quota controller: keeps in each ResourceQuota's status what its namespace uses, whoever added or took away. */
import {
  customResourceDefinitions,
  deviceClasses,
  pods,
  resourceClaims,
  resourceQuotas,
} from '#clients/kubernetes/resources.table.ts'
import { type ApiResource, resourceId } from '#kit/reconcile/api-client.ts'
import { type Controller, createController, watch, type Watch } from '#kit/reconcile/controller.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ResourceQuota } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { QuotaDevices } from '#spec/kubernetes/quota/extended-usage.ts'
import { isCounted } from '#spec/kubernetes/quota/quota-usage.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { builtInCatalogue, customResource } from '../resource-catalogue.ts'
import { type CountedObjects, planQuota } from './plan-quota.ts'
import { quotasToLookAt } from './quotas-to-look-at.ts'

/** Starts the controller. */
export function startQuotaController(context: ControllerContext): Controller {
  const quotas = context.informers.of(resourceQuotas)
  const followed = new Map<string, { readonly resource: ApiResource; readonly ending: Disposable | undefined }>()
  const seen = new Map<string, { readonly version: string; readonly sinceMs: number }>()
  const devices = devicesOf(context)
  const keysFor = (change: CacheChange<KubernetesObject>, resource: ApiResource): readonly string[] => {
    const near = quotas.list(change.object.metadata.namespace)
    return near.length === 0 ? [] : quotasToLookAt(near, { change, resource, nowMs: context.clock.now() }).map(keyOf)
  }
  const follow = (resource: ApiResource): Watch => {
    const informer = context.informers.of(resource)
    followed.set(resourceId(resource), { resource, ending: undefined })
    return watch(informer, (change) => keysFor(change, resource))
  }
  const controller = createController(context, {
    name: 'resourcequota',
    queue: countingQueue,
    watches: [
      watch(quotas, ({ object }) => [keyOf(object)]),
      watch(context.informers.of(deviceClasses), () => quotas.list().filter(limitsExtended).map(keyOf)),
      ...builtInCatalogue()
        .filter((resource) => resource.namespaced && isCounted(resource))
        .map(follow),
    ],
    reconcile: (key) => {
      const quota = quotas.get(key)
      if (quota === undefined) {
        seen.delete(key)
        return nothingToDo
      }
      const nowMs = context.clock.now()
      const version = quota.metadata.resourceVersion ?? ''
      const before = seen.get(key)
      const since = before?.version === version ? before : { version, sinceMs: nowMs }
      seen.set(key, since)
      const counted = countedIn(quota.metadata.namespace ?? '', context, followed)
      return planQuota({ quota, counted, unchangedMs: nowMs - since.sinceMs, nowMs, devices })
    },
  })
  const definitions = context.informers.of(customResourceDefinitions).onChange(({ type, object }) => {
    const resource = customResource(object)
    if (resource === undefined || !resource.namespaced) return
    const id = resourceId(resource)
    followed.get(id)?.ending?.[Symbol.dispose]()
    followed.delete(id)
    if (type === 'deleted') return
    const ending = context.informers.of(resource).onChange((change) => {
      for (const key of keysFor(change, resource)) controller.wake(key)
    })
    followed.set(id, { resource, ending })
  })
  return {
    name: controller.name,
    wake: (key) => controller.wake(key),
    get isIdle() {
      return controller.isIdle
    },
    async [Symbol.asyncDispose]() {
      definitions[Symbol.dispose]()
      for (const { ending } of followed.values()) ending?.[Symbol.dispose]()
      await controller[Symbol.asyncDispose]()
    },
  }
}

/** What decides beside a claim what it counts for. */
function devicesOf({ informers }: ControllerContext): QuotaDevices {
  const [classes, claims, inPods] = [informers.of(deviceClasses), informers.of(resourceClaims), informers.of(pods)]
  return {
    classes: () => classes.list(),
    claims: (namespace) => claims.list(namespace),
    pod: (namespace, name) => inPods.get(`${namespace}/${name}`),
  }
}

/** True for quotas of resources behind which a device class may stand. */
function limitsExtended({ spec }: ResourceQuota): boolean {
  return Object.keys(spec?.hard ?? {}).some((name) => name.startsWith('requests.') && name.includes('/'))
}

/** What is in a namespace, of every resource whose objects are all known. */
function countedIn(
  namespace: string,
  { informers }: ControllerContext,
  followed: ReadonlyMap<string, { readonly resource: ApiResource }>,
): readonly CountedObjects[] {
  return Array.from(followed.values()).flatMap(({ resource }) => {
    const informer = informers.of(resource)
    return informer.hasSynced ? [{ resource, objects: informer.list(namespace) }] : []
  })
}
