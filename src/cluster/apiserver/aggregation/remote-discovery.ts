/** What a remote server says that it serves, in the form of the merged discovery document. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

interface ListedResource {
  readonly name?: string
  readonly singularName?: string
  readonly namespaced?: boolean
  readonly kind?: string
  readonly group?: string
  readonly version?: string
  readonly verbs?: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

const resourcesMax = 2000

/** Resources of an APIResourceList as aggregated discovery lists them; whatever is malformed is left out. */
export function aggregatedResources(
  list: unknown,
  own: { readonly group: string; readonly version: string },
): readonly JsonObject[] {
  const { resources } = (list ?? {}) as { readonly resources?: unknown }
  const rows = (Array.isArray(resources) ? resources : [])
    .filter((one): one is ListedResource => typeof one === 'object' && one !== null)
    .filter(({ name }) => typeof name === 'string' && name !== '')
    .slice(0, resourcesMax)
  const kindOf = ({ group = own.group, version = own.version, kind = '' }: ListedResource): JsonObject => ({
    group,
    version,
    kind,
  })
  return rows
    .filter(({ name = '' }) => !name.includes('/'))
    .map((row) => {
      const prefix = `${row.name ?? ''}/`
      const subs = rows.filter(({ name = '' }) => name.startsWith(prefix))
      return {
        resource: row.name,
        responseKind: kindOf(row),
        scope: row.namespaced === true ? 'Namespaced' : 'Cluster',
        singularResource: row.singularName ?? '',
        verbs: row.verbs ?? [],
        ...(row.shortNames === undefined ? {} : { shortNames: row.shortNames }),
        ...(row.categories === undefined ? {} : { categories: row.categories }),
        ...(subs.length === 0
          ? {}
          : {
              subresources: subs.map((sub) => ({
                subresource: (sub.name ?? '').slice(prefix.length),
                responseKind: kindOf(sub),
                verbs: sub.verbs ?? [],
              })),
            }),
      }
    })
}

/** The entry of the index of OpenAPI v3 documents for one group version, undefined when it has none. */
export function openApiPath(
  index: unknown,
  { group, version }: { readonly group: string; readonly version: string },
): string | undefined {
  const { paths } = (index ?? {}) as {
    readonly paths?: Readonly<Record<string, { readonly serverRelativeURL?: unknown } | null>>
  }
  const url = paths?.[`apis/${group}/${version}`]?.serverRelativeURL
  return typeof url === 'string' && url.startsWith('/openapi/v3/') ? url : undefined
}
