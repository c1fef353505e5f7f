/** The scale of a custom resource: its definition says where the numbers are (apiextensions registry/customresource, v1.36). */
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, objectAt } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { fromStored } from '../convert-stored.ts'
import { readObject } from '../read-objects.ts'
import type { ServedResource } from '../served-resource.ts'
import type { CustomScale } from '../resource-versions.ts'
import type { ServerParts } from '../server-parts.ts'
import { badRequest, internalError, invalid, unknownResource } from '../status-errors.ts'
import { changeScale, type ScaleView } from '../subresources/change-scale.ts'
import { answerOf } from '../subresources/scale.ts'
import { valueAtPath, withValueAtPath } from './value-at-path.ts'

const apiVersion = 'autoscaling/v1'
const kind = 'Scale'

function count(object: ApiObject, path: string): number {
  const value = valueAtPath(object, path)
  if (value === undefined) return 0
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw internalError(
      `.${path} accessor error: ${JSON.stringify(value)} is of the type ${typeof value}, expected int64`,
    )
  return value
}

/** The scale of an object. @throws 500 for numbers that are none. */
export function customScaleOf(object: ApiObject, scale: CustomScale): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = count(object, scale.specReplicas)
  const selector = scale.labelSelector === undefined ? undefined : valueAtPath(object, scale.labelSelector)
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    } as ApiObject['metadata'],
    // Zero is left out, as Go leaves it out.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: count(object, scale.statusReplicas),
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  }
}

/** GET, PUT and PATCH of a scale. @throws 400, 404, 409, 422, 500. */
export async function answerCustomScale(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const scale = request.resource.custom?.scale
  if (scale === undefined) throw unknownResource()
  if (request.verb === 'get') {
    const object = await fromStored(request.resource, (await readObject(parts, request)).value)
    if (valueAtPath(object, scale.specReplicas) === undefined)
      throw internalError(`the spec replicas field ".${scale.specReplicas}" does not exist`)
    return answerOf(request.resource, customScaleOf(object, scale))
  }
  const answer = await changeScale(parts, request, viewOf(request.resource, scale))
  if (answer.form === 'list') throw new TypeError('a change answers with one object')
  const object = answer.form === 'stored' ? await fromStored(request.resource, answer.object.value) : answer.object
  return answerOf(request.resource, customScaleOf(object, scale))
}

function viewOf({ versions }: ServedResource, scale: CustomScale): ScaleView {
  return {
    of: (object) => customScaleOf(object, scale),
    taken: (object, wanted) => scaled(object, wanted, scale),
    replicasPath: (apiVersion) => {
      if (versions?.knows(apiVersion) !== true) return undefined
      return versions.find(apiVersion)?.custom?.scale?.specReplicas.split('.') ?? null
    },
  }
}

function scaled(live: ApiObject, wanted: ApiObject, scale: CustomScale): ApiObject {
  const spec: JsonObject = objectAt(wanted, 'spec')
  const replicas = Number(spec['replicas'] ?? 0)
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    throw invalid({ group: 'autoscaling', resource: kind, name: live.metadata.name }, [
      { reason: 'FieldValueInvalid', message, field: 'spec.replicas' },
    ])
  }
  const changed = withValueAtPath(live, scale.specReplicas, replicas)
  if (!isJsonObject(changed)) throw badRequest(`the spec replicas field ".${scale.specReplicas}" cannot be set`)
  const { resourceVersion = '', uid = '' } = wanted.metadata
  const metadata = {
    ...live.metadata,
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(uid === '' ? {} : { uid }),
  }
  return { ...live, ...changed, metadata }
}
