/** metrics.k8s.io/v1beta1: what pods and nodes use now, as `kubectl top` and autoscalers ask for it. */
import { matchesSelector } from '#base/data/label-selector.ts'
import { builtInMergeTypes } from '#spec/kubernetes/apply/merge-type.ts'
import { at, columns, list, nameOf, type Printer, text } from '#spec/kubernetes/printers/cells.ts'
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import { selectableFieldsOf } from '#spec/kubernetes/selectors/selectable-fields.ts'
import { type ApiObject, timeText } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import type { ComputedResource } from '../computed-resource.ts'
import { storedBytes } from '../cache/object-bytes.ts'
import { selectionOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { notFound } from '../status-errors.ts'
import { StoredObject } from '../cache/stored-object.ts'
import { plainStrategy } from '../strategies/strategy.ts'
import { addAmounts, type Amounts } from './add-amounts.ts'

/** A measurement: when it was taken and over which span. */
export interface Sample {
  readonly timestampMs: number
  readonly windowSeconds: number
}

/** Who measures: the nodes of the cluster. */
export interface ResourceUsage {
  /** What a pod's containers use; undefined where nothing was measured yet. */
  ofPod(pod: ApiObject): (Sample & { readonly containers: Readonly<Record<string, Amounts>> }) | undefined
  /** What a node uses; undefined where nothing was measured yet. */
  ofNode(node: ApiObject): (Sample & { readonly usage: Amounts }) | undefined
}

const group = 'metrics.k8s.io'
const version = 'v1beta1'
const apiVersion = `${group}/${version}`

/** The rows to add to a server's resources. */
export function metricsResources(usage: ResourceUsage): readonly ComputedResource[] {
  return [
    rowOf('pods', 'PodMetrics', (pod) => {
      const found = usage.ofPod(pod)
      if (found === undefined) return undefined
      const containers = Object.entries(found.containers).map(([name, amounts]) => ({ name, usage: amounts }))
      return metricsOf('PodMetrics', pod, { ...found, containers })
    }),
    rowOf('nodes', 'NodeMetrics', (node) => {
      const found = usage.ofNode(node)
      return found === undefined ? undefined : metricsOf('NodeMetrics', node, found)
    }),
  ]
}

type Kind = 'PodMetrics' | 'NodeMetrics'
type Measure = (object: ApiObject) => ApiObject | undefined

function metricsOf<T extends Sample>(kind: Kind, { metadata }: ApiObject, sample: T): ApiObject {
  const { timestampMs, windowSeconds, ...measured } = sample
  const { name = '', namespace, labels } = metadata
  const time = timeText(timestampMs)
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: time,
      ...(labels === undefined ? {} : { labels }),
    },
    timestamp: time,
    window: `${windowSeconds}s`,
    ...measured,
  }
}

function rowOf(resource: 'pods' | 'nodes', kind: Kind, measure: Measure): ComputedResource {
  const row = builtInKinds.findKind(apiVersion, kind)
  const type = builtInTypes.find(row?.type ?? '')
  if (row === undefined || type === undefined) throw new Error(`no type for ${kind}`)
  const namespaced = resource === 'pods'
  const verbs = ['get', 'list']
  return {
    group,
    version,
    apiVersion,
    resource,
    kind,
    namespaced,
    listKind: `${kind}List`,
    info: { ...row, resource, singular: resource.slice(0, -1), namespaced, verbs },
    storage: `${group}/${resource}`,
    type,
    mergeType: builtInMergeTypes.of(type),
    printer,
    fields: selectableFieldsOf(group, kind),
    strategy: plainStrategy,
    conversion: undefined,
    versions: undefined,
    stored: false,
    answer: (parts, request) => answerFor(parts, request, measure),
  }
}

async function answerFor(parts: ServerParts, request: ApiRequest, measure: Measure): Promise<ApiAnswer> {
  const { cache } = parts
  await cache.catchUp()
  const source = parts.view.list(`/${request.resource.resource}`, request.namespace)
  if (request.verb === 'get') return oneOf(request, source, measure)
  const selection = selectionOf(request)
  const { revision } = cache
  const items: StoredObject[] = []
  for (const object of source) {
    // Measuring costs more than comparing labels, and they are the same.
    if (!matchesSelector(selection.labels, object.metadata.labels)) continue
    const metrics = measure(object)
    const stored = metrics === undefined ? undefined : storedFor(metrics, revision)
    if (stored !== undefined && selection.matches(stored)) items.push(stored)
  }
  const { resource } = request
  return { form: 'list', resource, resourceVersion: String(revision), items, continueToken: '', remaining: undefined }
}

function storedFor(metrics: ApiObject, revision: number): StoredObject {
  const { namespace, name = '' } = metrics.metadata
  const place = namespace === undefined ? name : `${namespace}/${name}`
  return new StoredObject(place, { bytes: storedBytes(metrics), revision, decoded: metrics })
}

function oneOf(request: ApiRequest, source: readonly ApiObject[], measure: Measure): ApiAnswer {
  const { resource, name, namespace } = request
  const object = source.find(({ metadata }) => metadata.name === name)
  const metrics = object === undefined ? undefined : measure(object)
  if (metrics === undefined) {
    const key = namespace === '' ? name : `${namespace}/${name}`
    throw notFound({ group, resource: resource.kind.toLowerCase(), name: key })
  }
  return { form: 'value', code: 200, object: metrics, resource }
}

const printer: Printer = {
  columns: columns('Name!|CPU|Memory|Window'),
  cells: (metrics) => {
    const containers = list(metrics['containers']).map((container) => amountsAt(container))
    const { cpu, memory } = containers.length === 0 ? amountsAt(metrics) : addAmounts(containers)
    return [nameOf(metrics), cpu ?? '0', memory ?? '0', text(metrics['window'])]
  },
}

function amountsAt(object: Parameters<Printer['cells']>[0]): Amounts {
  return (at(object, 'usage') ?? {}) as Amounts
}
