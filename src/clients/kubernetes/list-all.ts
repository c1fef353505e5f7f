/** Whole collections, page by page. */
import type { ApiResource } from './api-resource.ts'
import type { KubeClient, Selection } from './kube-client.ts'

/** All pages of a list, of one version. */
export async function listAll<T extends object>(
  client: KubeClient,
  resource: ApiResource<T>,
  options: Selection & { readonly pageSize?: number } = {},
): Promise<{ readonly objects: readonly T[]; readonly resourceVersion: string }> {
  const { namespace, labelSelector, fieldSelector, pageSize = 500 } = options
  const selection = {
    limit: pageSize,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
  const objects: T[] = []
  let page = await client.list(resource, selection)
  for (;;) {
    objects.push(...page.items)
    const next = page.metadata?.continue ?? ''
    if (next === '') return { objects, resourceVersion: page.metadata?.resourceVersion ?? '' }
    page = await client.list(resource, { ...selection, continue: next })
  }
}
