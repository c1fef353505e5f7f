/** The namespace controller: empties a namespace that is being deleted, pods first, then lets it go. */
import { customResourceDefinitions, namespaces } from '#clients/kubernetes/resources.table.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { builtInCatalogue, customResource } from '../resource-catalogue.ts'
import { type NamespaceContent, planNamespace } from './plan-namespace.ts'

/** Starts the controller. */
export function startNamespaceController(context: ControllerContext): Controller {
  const { informers, client, clock } = context
  const cache = informers.of(namespaces)
  const definitions = informers.of(customResourceDefinitions)
  const builtIn = builtInCatalogue().filter((resource) => resource.namespaced)
  return createController(context, {
    name: 'namespace',
    watches: [
      watch(cache, ({ object }) => (object.metadata.deletionTimestamp === undefined ? [] : [object.metadata.name])),
    ],
    workers: 10,
    reconcile: async (name) => {
      const namespace = cache.get(name)
      if (namespace?.metadata.deletionTimestamp === undefined) return nothingToDo
      if (!(namespace.spec.finalizers ?? []).includes('kubernetes')) return nothingToDo
      const custom = definitions.list().flatMap((definition) => customResource(definition) ?? [])
      const content = await empty(name, [...builtIn, ...custom.filter((resource) => resource.namespaced)], client)
      return planNamespace(namespace, content, { resource: namespaces, nowMs: clock.now() })
    },
  })
}

interface Found {
  readonly remaining: Map<string, number>
  readonly finalizers: Map<string, number>
  readonly failures: string[]
  graceMs: number
}

/** Deletes everything in a namespace and says what is left. While pods are left nothing else is touched (KEP-5080). */
async function empty(
  namespace: string,
  resources: readonly ApiResource[],
  client: ControllerContext['client'],
): Promise<NamespaceContent> {
  const found: Found = { remaining: new Map(), finalizers: new Map(), failures: [], graceMs: 0 }
  const isPods = (resource: ApiResource): boolean => resource.group === '' && resource.resource === 'pods'
  for (const resource of resources.filter(isPods)) await emptyOf(resource, { namespace, client, found })
  if (found.remaining.size > 0) return { ...found, remaining: new Map(), finalizers: new Map(), waitsForPods: true }
  const others = resources.filter((resource) => !isPods(resource))
  for (let at = 0; at < others.length; at += 8) {
    const some = others.slice(at, at + 8)
    await Promise.all(some.map((resource) => emptyOf(resource, { namespace, client, found })))
  }
  return found
}

async function emptyOf(
  resource: ApiResource,
  {
    namespace,
    client,
    found,
  }: { readonly namespace: string; readonly client: ControllerContext['client']; readonly found: Found },
): Promise<void> {
  try {
    const before = await client.list(resource, { namespace, limit: 1 })
    if (before.items.length === 0) return
    await client.deleteCollection(resource, { namespace, propagationPolicy: 'Background' })
    const left = (await client.list(resource, { namespace })).items
    if (left.length > 0) note(resource, left, found)
  } catch (error) {
    // A resource that is not served (any more) has no content.
    if (!isGone(error)) found.failures.push(`unable to delete ${resource.resource}: ${messageOf(error)}`)
  }
}

function note({ resource, group }: ApiResource, left: readonly KubernetesObject[], found: Found): void {
  found.remaining.set(`${resource}.${group}`, left.length)
  for (const { metadata } of left) {
    for (const finalizer of metadata.finalizers ?? [])
      found.finalizers.set(finalizer, (found.finalizers.get(finalizer) ?? 0) + 1)
    found.graceMs = Math.max(found.graceMs, (metadata.deletionGracePeriodSeconds ?? 0) * 1000)
  }
}
