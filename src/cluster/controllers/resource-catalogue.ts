/**
 * Every resource whose objects can be listed and deleted: the built-in ones, each in one version, and those of custom
 * resource definitions. What the garbage collector watches and what a dying namespace is emptied of.
 */
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'

/** Built-in resources with list and delete, without those that are another version's objects (events, old autoscalers). */
export function builtInCatalogue(): readonly ApiResource[] {
  const found = new Map<string, ApiResource>()
  for (const kind of builtInKinds.resources()) {
    const { group, version, resource, namespaced } = kind
    if (!['list', 'watch', 'delete'].every((verb) => kind.verbs.includes(verb as never))) continue
    if (group === 'events.k8s.io' || (group === 'autoscaling' && version === 'v1')) continue
    const id = `${group}/${resource}`
    if (!found.has(id)) found.set(id, { group, version, resource, kind: kind.kind, namespaced })
  }
  return [...found.values()]
}

/** The resource of an established definition, in its stored version; undefined until it is served. */
export function customResource(definition: CustomResourceDefinition): ApiResource | undefined {
  const { group, names, scope, versions } = definition.spec
  if (!isConditionTrue(definition.status?.conditions, 'Established')) return undefined
  const version = versions.find((one) => one.served && one.storage) ?? versions.find((one) => one.served)
  if (version === undefined) return undefined
  return { group, version: version.name, resource: names.plural, kind: names.kind, namespaced: scope === 'Namespaced' }
}
