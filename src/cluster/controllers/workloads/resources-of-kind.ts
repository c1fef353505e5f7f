/**
 * From a kind that an object names (an owner, the target of an autoscaler) to the resources that serve it: built-in ones
 * by table, all others as discovery says.
 */
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { builtInKinds, parseGroupVersion } from '#spec/kubernetes/schema/kinds.ts'
import type { ControllerClient } from '../controller-context.ts'

/** A kind as references name it. */
export interface KindReference {
  /** `apps/v1`; the version says only which one is wanted first. */
  readonly apiVersion: string
  readonly kind: string
}

interface DiscoveredGroup {
  readonly versions?: readonly { readonly version: string }[]
}

interface DiscoveredResources {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[]
}

/** A resource of a kind. */
export interface ResourceOfKind {
  readonly resource: ApiResource
  readonly hasScale: boolean
}

/** The resources of a kind in every version that is served, the version named first; none where nobody serves the kind. */
export async function resourcesOfKind(
  client: Pick<ControllerClient, 'raw'>,
  reference: KindReference,
): Promise<readonly ResourceOfKind[]> {
  const { group, version } = parseGroupVersion(reference.apiVersion)
  const builtIn = builtInKinds.kinds.flatMap((row): ResourceOfKind[] => {
    if (row.group !== group || row.kind !== reference.kind || row.resource === undefined) return []
    const { kind, resource, namespaced = false, subresources = [] } = row
    const hasScale = subresources.some(({ name }) => name === 'scale')
    return [{ resource: { group, version: row.version, kind, resource, namespaced }, hasScale }]
  })
  const found = builtIn.length > 0 || group === '' ? builtIn : await discovered(client, { group, kind: reference.kind })
  return found.toSorted((a, b) => Number(b.resource.version === version) - Number(a.resource.version === version))
}

async function discovered(
  client: Pick<ControllerClient, 'raw'>,
  { group, kind }: { readonly group: string; readonly kind: string },
): Promise<readonly ResourceOfKind[]> {
  const found: ResourceOfKind[] = []
  const served = await documentAt<DiscoveredGroup>(client, `/apis/${encodeURIComponent(group)}`)
  for (const { version } of served?.versions ?? []) {
    const path = `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`
    const list = await documentAt<DiscoveredResources>(client, path)
    const resources = list?.resources ?? []
    for (const one of resources) {
      if (one.kind !== kind || one.name.includes('/')) continue
      const hasScale = resources.some(({ name }) => name === `${one.name}/scale`)
      found.push({ resource: { group, version, kind, resource: one.name, namespaced: one.namespaced }, hasScale })
    }
  }
  return found
}

async function documentAt<T>(client: Pick<ControllerClient, 'raw'>, path: string): Promise<T | undefined> {
  const { status, body } = await client.raw({ path, headers: { accept: 'application/json' } })
  return status === 200 ? (JSON.parse(Buffer.from(body).toString('utf8')) as T) : undefined
}
