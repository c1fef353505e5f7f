/** ComponentStatuses (deprecated since v1.19): never stored, but asked of the components when somebody reads them. */
import type { ApiObject } from '../api-object.ts'
import type { ApiRequest } from '../api-request.ts'
import { storedBytes } from '../cache/object-bytes.ts'
import type { AnswerRequest, ServerParts } from '../server-parts.ts'
import { notFound } from '../status-errors.ts'
import { StoredObject } from '../cache/stored-object.ts'

function statusOf({ name, isHealthy }: ServerParts['components'][number]): StoredObject {
  const isFine = isHealthy()
  const condition = isFine
    ? { type: 'Healthy', status: 'True', message: 'ok' }
    : { type: 'Healthy', status: 'False', error: 'the component does not run' }
  const object = { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions: [condition] }
  return new StoredObject(name, { bytes: storedBytes(object as ApiObject), revision: 0 })
}

/** Answers for one component. @throws 404. */
export const getComponentStatus: AnswerRequest = (parts, request) => {
  const found = parts.components.find(({ name }) => name === request.name)
  if (found === undefined) throw notFound({ group: '', resource: 'componentstatus', name: request.name })
  return Promise.resolve({ form: 'stored', code: 200, resource: request.resource, object: statusOf(found) })
}

/** Answers for all of them. They have no labels: whoever asks for one gets nothing. */
export const listComponentStatuses: AnswerRequest = (parts, request) => {
  const items = selects(request) ? [] : parts.components.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(statusOf)
  const page = { resourceVersion: '', continueToken: '', remaining: undefined }
  return Promise.resolve({ form: 'list', resource: request.resource, ...page, items })
}

function selects(request: ApiRequest): boolean {
  return (request.query('labelSelector') ?? '') !== ''
}
