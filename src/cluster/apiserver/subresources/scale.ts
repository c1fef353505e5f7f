/** Scale: a small view of workloads that shows and sets only the number of replicas. */
import {
  formatSelector,
  type LabelSelectorObject,
  type Requirement,
  selectorFromObject,
} from '#base/data/label-selector.ts'
import { printerOf } from '#spec/kubernetes/printers/table.ts'
import { type ApiObject, objectAt } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { readObject } from '../read-objects.ts'
import type { ServedResource } from '../served-resource.ts'
import type { ServerParts } from '../server-parts.ts'
import { invalid } from '../status-errors.ts'
import { valueOf } from '../wire/encode-answer.ts'
import { changeScale, type ScaleView } from './change-scale.ts'

const apiVersion = 'autoscaling/v1'
const kind = 'Scale'

/** The scale of a workload. */
export function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = objectAt(object, 'spec')['selector']
  const status = objectAt(object, 'status')
  const isPlain = object.kind === 'ReplicationController'
  const text = selectorText(selector, isPlain)
  return {
    kind,
    apiVersion,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as ApiObject['metadata'],
    spec: replicasOf(objectAt(object, 'spec')['replicas']),
    status: { replicas: Number(status['replicas'] ?? 0), ...(text === '' ? {} : { selector: text }) },
  }
}

/** Zero replicas are left out, as Go leaves them out. */
function replicasOf(replicas: unknown): object {
  const count = Number(replicas ?? 0)
  return count === 0 ? {} : { replicas: count }
}

function selectorText(selector: unknown, isPlain: boolean): string {
  if (selector === undefined) return ''
  if (isPlain) return equalities(selector as Readonly<Record<string, string>>).join(',')
  const { matchLabels, matchExpressions } = selector as LabelSelectorObject
  const expressions = selectorFromObject({ matchExpressions: matchExpressions ?? [] }).map(
    (one) => [one.key, expressionText(one)] as const,
  )
  const labels = Object.entries(matchLabels ?? {}).map(([key, value]) => [key, `${key}=${value}`] as const)
  const sorted = [...labels, ...expressions].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted.map(([, text]) => text).join(',')
}

function equalities(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels)
    .toSorted()
    .map((key) => `${key}=${labels[key]}`)
}

/** One value stays a list of one, unlike what labels are matched by. */
function expressionText(requirement: Requirement): string {
  const { key, operator, values } = requirement
  return operator === 'in' ? `${key} in (${values.toSorted().join(',')})` : formatSelector([requirement])
}

/** GET, PUT and PATCH of a scale. @throws 404, 409, 422. */
export async function answerScale(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  if (request.verb === 'get') {
    const object = await readObject(parts, request)
    return answerOf(request.resource, scaleOf(valueOf(request.resource, object)))
  }
  const answer = await changeScale(parts, request, view)
  if (answer.form === 'list') throw new TypeError('a change answers with one object')
  const object = answer.form === 'stored' ? valueOf(request.resource, answer.object) : answer.object
  return answerOf(request.resource, scaleOf(object))
}

/** A scale as an answer, in its own columns where a table is asked for. */
export function answerOf(resource: ServedResource, scale: ApiObject): ApiAnswer {
  const shownAs = { ...resource, group: 'autoscaling', kind, printer: printerOf('autoscaling', kind) }
  return { form: 'value', code: 200, object: scale, resource: shownAs }
}

const view: ScaleView = {
  of: scaleOf,
  taken: scaled,
  replicasPath: (version) => (version === 'v1' || version === 'apps/v1' ? ['spec', 'replicas'] : undefined),
}

function scaled(live: ApiObject, scale: ApiObject): ApiObject {
  const replicas = Number(objectAt(scale, 'spec')['replicas'] ?? 0)
  if (!Number.isInteger(replicas) || replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    throw invalid({ group: 'autoscaling', resource: kind, name: live.metadata.name }, [
      { reason: 'FieldValueInvalid', message, field: 'spec.replicas' },
    ])
  }
  const { resourceVersion = '', uid = '' } = scale.metadata
  const metadata = {
    ...live.metadata,
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(uid === '' ? {} : { uid }),
  }
  return { ...live, metadata, spec: { ...objectAt(live, 'spec'), replicas } }
}
