/** The scale of a workload of any kind: how many replicas it wants and has, and which pods they are. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Scale } from '#spec/kubernetes/objects/autoscaling-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import type { ControllerClient } from '../controller-context.ts'
import { type KindReference, resourcesOfKind } from './resources-of-kind.ts'

/** A scale and the resource whose subresource it is, for writing it back. */
export interface FoundScale {
  readonly resource: ApiResource
  readonly scale: Scale
}

/**
 * Reads a scale from the first version of the kind that has one.
 * @throws GantryError where nobody serves the kind, the kind has no scale, the object is missing (the server's 404).
 */
export async function readScale(
  client: Pick<ControllerClient, 'raw' | 'getSubresource'>,
  kind: KindReference,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<FoundScale> {
  const resources = await resourcesOfKind(client, kind)
  const [first] = resources
  if (first === undefined) {
    const { apiVersion } = kind
    throw new GantryError(
      'CONTROLLERS_KIND_UNKNOWN',
      'not-implemented',
      `no matches for kind ${JSON.stringify(kind.kind)} in version ${JSON.stringify(apiVersion)}`,
      { remedy: 'Name a kind that the cluster serves (kubectl api-resources lists them).' },
    )
  }
  const scalable = resources.filter(({ hasScale }) => hasScale)
  let missing: unknown = noScale(first.resource)
  for (const { resource } of scalable) {
    try {
      const place = { namespace, subresource: 'scale' }
      return { resource, scale: await client.getSubresource<Scale>(resource, name, place) }
    } catch (error) {
      if (!isGone(error)) throw error
      missing = error
    }
  }
  throw missing
}

function noScale({ group, resource }: ApiResource): GantryError {
  const name = group === '' ? resource : `${resource}.${group}`
  return new GantryError(
    'CONTROLLERS_NO_SCALE',
    'not-implemented',
    `${name} does not implement the scale subresource`,
    { remedy: 'Point at a workload with replicas, or give the custom resource a scale subresource.' },
  )
}
