/** Applies manifests as `kubectl apply --server-side` does: YAML or JSON text, objects, lists of either. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { parseYamlDocuments } from '#kit/encoding/yaml.ts'
import { isJsonObject, type JsonObject, type KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'

export type Manifest = string | object | readonly object[]

const fieldManager = 'gantry'

/** The objects of a manifest, lists taken apart. @throws GantryError for what is no object. */
export function objectsOf(manifest: Manifest): readonly JsonObject[] {
  const values =
    typeof manifest === 'string'
      ? parseYamlDocuments(manifest).flatMap(({ value }) => (value === undefined || value === null ? [] : [value]))
      : [manifest].flat()
  return values.flatMap((value): readonly JsonObject[] => {
    if (!isJsonObject(value)) throw notAnObject(value)
    const items = value['items']
    if (typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(items))
      return items.flatMap((item) => objectsOf(item as object))
    if (typeof value['apiVersion'] !== 'string' || typeof value['kind'] !== 'string') throw notAnObject(value)
    return [value]
  })
}

/** Applies every object in order; those without a namespace go to `default`. */
export async function applyManifest(client: KubeClient, manifest: Manifest): Promise<KubernetesObject[]> {
  const applied: KubernetesObject[] = []
  for (const object of objectsOf(manifest)) {
    // Later objects may need earlier ones.
    applied.push(await applyOne(client, object))
  }
  return applied
}

async function applyOne(client: KubeClient, object: JsonObject): Promise<KubernetesObject> {
  const resource = await resourceOf(client, String(object['apiVersion']), String(object['kind']))
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {}
  const named = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : 'default'
  const place = resource.namespaced ? { namespace: named } : {}
  const whole = resource.namespaced ? { ...object, metadata: { ...metadata, namespace: named } } : object
  // A name that the server shall make up cannot be applied.
  if (metadata['name'] === undefined)
    return client.create(resource, whole as unknown as KubernetesObject, { ...place, fieldManager })
  return client.apply(resource, whole, { ...place, fieldManager, force: true })
}

/** The resource of a kind: built in, or found by asking the server. */
async function resourceOf(client: KubeClient, apiVersion: string, kind: string): Promise<ApiResource> {
  for (const each of builtInKinds.resources()) {
    const { group, version } = each
    if (each.kind === kind && apiVersion === (group === '' ? version : `${group}/${version}`))
      return { group, version, kind, resource: each.resource, namespaced: each.namespaced }
  }
  const [group = '', version = ''] = apiVersion.split('/')
  const reply = await client.raw({ path: `/apis/${group}/${version}` })
  const list =
    reply.status === 200 ? (JSON.parse(Buffer.from(reply.body).toString()) as { resources?: ServedRow[] }) : {}
  const row = list.resources?.find((one) => one.kind === kind && !one.name.includes('/'))
  if (row === undefined) {
    throw new GantryError(
      'CLUSTER_KIND_UNKNOWN',
      'not-found',
      `no matches for kind "${kind}" in version "${apiVersion}"`,
      {
        remedy: 'Check apiVersion and kind; apply a CustomResourceDefinition before its objects.',
      },
    )
  }
  return { group, version, kind, resource: row.name, namespaced: row.namespaced }
}

interface ServedRow {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

function notAnObject(value: unknown): GantryError {
  const text = JSON.stringify(value)?.slice(0, 80) ?? String(value)
  return new GantryError('CLUSTER_MANIFEST_INVALID', 'invalid', `${text} is no Kubernetes object`, {
    remedy: 'Every object needs apiVersion and kind; several in one YAML text are separated by ---.',
  })
}
