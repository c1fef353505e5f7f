/** Names of resources in the API, with the type of their objects: what a client call is addressed by. */
import { builtInKinds, groupVersionText } from '#spec/kubernetes/schema/kinds.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'

export type { ApiResource }

/** The type of a resource's objects: `ObjectOf<typeof resources.pods>`. */
export type ObjectOf<R extends ApiResource> = NonNullable<R['object']>

/** `v1` or `apps/v1`. */
export function apiVersionOf(resource: Pick<ApiResource, 'group' | 'version'>): string {
  return groupVersionText(resource)
}

/**
 * A built-in resource by its API version and plural name.
 * @throws Error for a resource that the release does not have: a mistake of the caller.
 */
export function builtInResource<T extends object = KubernetesObject>(
  apiVersion: string,
  resource: string,
): ApiResource<T> {
  const found = builtInKinds.findResource(apiVersion, resource)
  if (found === undefined) throw new Error(`no resource ${resource} in ${apiVersion}`)
  const { group, version, kind, namespaced } = found
  return { group, version, resource, kind, namespaced }
}

/** The path of a collection or an object, percent-encoded: `/apis/apps/v1/namespaces/a/deployments/b/status`. */
export function resourcePath(
  resource: Pick<ApiResource, 'group' | 'version' | 'resource'>,
  of: { readonly namespace?: string; readonly name?: string; readonly subresource?: string },
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const place =
    of.namespace === undefined || of.namespace === '' ? '' : `/namespaces/${encodeURIComponent(of.namespace)}`
  const name = of.name === undefined ? '' : `/${encodeURIComponent(of.name)}`
  const sub = of.subresource === undefined || of.subresource === '' ? '' : `/${of.subresource}`
  return `${root}${place}/${resource.resource}${name}${sub}`
}
