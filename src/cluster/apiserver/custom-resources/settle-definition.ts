/** Brings a definition to where it should be: its status, and the end of its objects when it is being deleted. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { customResourceDefinitions } from '#clients/kubernetes/resources.table.ts'
import { isConflict, isNotFound } from '#clients/kubernetes/status-error.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { ApiRequest } from '../api-request.ts'
import type { User } from '../user.ts'
import { deleteObject } from '../writes/delete-object.ts'
import type { ServedResource } from '../served-resource.ts'
import type { ServerParts } from '../server-parts.ts'
import { type Ending, planDefinition, terminatingStatus } from './plan-definition.ts'
import { storageOf } from './serve-definition.ts'

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

export interface SettleParts {
  readonly parts: ServerParts
  readonly client: KubeClient
  /** The version that its objects are stored in, when there can be any. */
  readonly row: ServedResource | undefined
  /** The objects under its names belong to a built-in resource. */
  readonly isBuiltIn: boolean
}

/** One step; false when it is to be looked at again. @throws what the client throws. */
export async function settleDefinition(
  settle: SettleParts,
  definition: CustomResourceDefinition,
  group: readonly CustomResourceDefinition[],
): Promise<boolean> {
  const { metadata, status } = definition
  try {
    if (metadata.deletionTimestamp !== undefined) return await finish(settle, definition)
    const wanted = planDefinition(definition, group, settle.parts.view.now())
    if (wanted === status) return true
    // The change comes back as an event, which brings the next step.
    await writeStatus(settle, definition, wanted)
    return true
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return true
    throw error
  }
}

function writeStatus(
  { client }: SettleParts,
  definition: CustomResourceDefinition,
  status: CustomResourceDefinitionStatus,
): Promise<CustomResourceDefinition> {
  return client.updateStatus(customResourceDefinitions, { ...definition, status })
}

async function finish(settle: SettleParts, definition: CustomResourceDefinition): Promise<boolean> {
  if (definition.metadata.finalizers?.includes(cleanupFinalizer) !== true) return true
  const { parts, client } = settle
  const ending = await endOf(settle, definition)
  const status = terminatingStatus(definition, ending, parts.view.now())
  const told = status === definition.status ? definition : await writeStatus(settle, definition, status)
  if (ending === 'ending') return false
  const finalizers = told.metadata.finalizers?.filter((name) => name !== cleanupFinalizer) ?? []
  await client.update(customResourceDefinitions, { ...told, metadata: { ...told.metadata, finalizers } })
  return true
}

/** Deletes what there is of the definition's objects, and says how far that has come. */
async function endOf({ parts, row, isBuiltIn }: SettleParts, definition: CustomResourceDefinition): Promise<Ending> {
  if (isBuiltIn) return 'built-in'
  if (!isConditionTrue(definition.status?.conditions, 'Established')) return 'unserved'
  if (row !== undefined) await deleteObjects(parts, row)
  return parts.cache.collection(storageOf(definition)).size === 0 ? 'ended' : 'ending'
}

const serverItself: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }

/** Deletes all objects of a resource, as a client would: finalizers and admission have their say. */
async function deleteObjects(parts: ServerParts, resource: ServedResource): Promise<void> {
  const found = [...parts.cache.collection(resource.storage).values()]
  for (const { name, namespace, value } of found) {
    if (value.metadata.deletionTimestamp !== undefined) continue
    const request: ApiRequest = {
      verb: 'delete',
      resource,
      subresource: '',
      namespace,
      name,
      user: serverItself,
      userAgent: 'gantry',
      query: () => undefined,
      body: undefined,
      signal: undefined,
      warnings: [],
    }
    // One after the other keeps a large deletion from crowding out the rest.
    await deleteObject(parts, request).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}
