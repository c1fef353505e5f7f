/** Asks the metrics APIs (resource, custom, external) what an autoscaler's metric is at now. */
import { readGoDuration } from '#base/data/duration.ts'
import { formatSelector } from '#base/data/label-selector.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import type { CrossVersionObjectReference, MetricSpec } from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import type { MetricValueList } from '#spec/kubernetes/objects/metrics-custom-metrics-v1beta2.generated.ts'
import type { ExternalMetricValueList } from '#spec/kubernetes/objects/metrics-external-metrics-v1beta1.generated.ts'
import type { PodMetricsList } from '#spec/kubernetes/objects/metrics-v1beta1.generated.ts'
import type { LabelSelector } from '#spec/kubernetes/objects/objects.ts'
import { parseGroupVersion } from '#spec/kubernetes/schema/kinds.ts'
import type { ControllerClient } from '../controller-context.ts'
import { type KindReference, resourcesOfKind } from '../workloads/resources-of-kind.ts'
import { requirementsOf } from '../workloads/selector-of.ts'
import { milliOf, type PodValue, type PodValues } from './metric-values.ts'

/** Custom metrics without a window were measured over this time. */
const defaultWindowMs = 60_000

/** What a metric is at: values of pods, one value in thousandths, or why there is nothing. */
export type Reading = { readonly values: PodValues } | { readonly value: number } | { readonly problem: string }

export interface ReadTerms {
  readonly namespace: string
  /** Selector of the target's pods, as text. */
  readonly pods: string
}

type Client = Pick<ControllerClient, 'raw'>

/** Reads one metric. A metrics API that is missing or fails is a problem to tell of, not an exception. */
export async function readMetric(client: Client, metric: MetricSpec, terms: ReadTerms): Promise<Reading> {
  const { namespace, pods } = terms
  if (metric.resource !== undefined) return readResource(client, { ...metric.resource, container: '' }, terms)
  if (metric.containerResource !== undefined) return readResource(client, metric.containerResource, terms)
  if (metric.pods !== undefined) {
    const { name, selector } = metric.pods.metric
    const path = `/namespaces/${namespace}/pods/*/${encodeURIComponent(name)}`
    const list = await readCustom(client, path, { labelSelector: pods, metricLabelSelector: textOf(selector) })
    return typeof list === 'string' ? { problem: list } : { values: customValues(list) }
  }
  if (metric.object !== undefined) {
    const { describedObject, metric: of } = metric.object
    const place = await placeOf(client, describedObject, namespace)
    if (place === undefined) return { problem: custom(unmatched(describedObject)) }
    const path = `${place}/${encodeURIComponent(of.name)}`
    const list = await readCustom(client, path, { metricLabelSelector: textOf(of.selector) })
    if (typeof list === 'string') return { problem: list }
    return { value: milliOf(list.items[0]?.value) }
  }
  return metric.external === undefined ? { problem: '' } : readExternal(client, metric.external.metric, namespace)
}

const textOf = (selector: LabelSelector | undefined): string =>
  selector === undefined ? '' : formatSelector(requirementsOf(selector))

async function readResource(
  client: Client,
  { name, container }: { readonly name: string; readonly container: string },
  { namespace, pods }: ReadTerms,
): Promise<Reading> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`
  const list = await askList<PodMetricsList>(client, path, {
    query: { labelSelector: pods },
    what: 'get pods.metrics.k8s.io',
  })
  if (typeof list === 'string') return { problem: `unable to fetch metrics from resource metrics API: ${list}` }
  if (list.items.length === 0) return { problem: 'no metrics returned from resource metrics API' }
  const values = new Map<string, PodValue>()
  for (const { metadata, timestamp, window, containers = [] } of list.items) {
    const chosen = container === '' ? containers : containers.filter((one) => one.name === container)
    // A pod of which one container says nothing counts as one without metrics.
    if (chosen.length === 0 || chosen.some(({ usage }) => usage?.[name] === undefined)) continue
    const milli = chosen.reduce((sum, { usage }) => sum + milliOf(usage?.[name]), 0)
    values.set(metadata.name, { milli, timestampMs: epochMsOf(timestamp) ?? 0, windowMs: durationMs(window) })
  }
  return { values }
}

/** Milliseconds of a Go duration; none of what is no duration. */
function durationMs(text = '0s'): number {
  const nanos = readGoDuration(text)
  return typeof nanos === 'bigint' ? Number(nanos) / 1e6 : 0
}

async function readCustom(
  client: Client,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<MetricValueList | string> {
  const version = await customVersion(client)
  if (version === undefined) return custom('no custom metrics API (custom.metrics.k8s.io) registered')
  const what = `get ${path.split('/').slice(3).join('.')}.custom.metrics.k8s.io`
  const list = await askList<MetricValueList>(client, `/apis/custom.metrics.k8s.io/${version}${path}`, { query, what })
  if (typeof list === 'string') return custom(list)
  return list.items.length === 0 ? 'no metrics returned from custom metrics API' : list
}

const custom = (why: string): string => `unable to fetch metrics from custom metrics API: ${why}`

/** The newest version of the custom metrics API that somebody serves. */
async function customVersion(client: Client): Promise<string | undefined> {
  const group = await ask<{ readonly versions: readonly { readonly version: string }[] }>(
    client,
    '/apis/custom.metrics.k8s.io',
    { what: '' },
  )
  if (typeof group === 'string') return undefined
  const served = group.versions.map(({ version }) => version)
  return ['v1beta2', 'v1beta1'].find((version) => served.includes(version))
}

function customValues({ items }: MetricValueList): PodValues {
  return new Map(
    items.map(({ describedObject, timestamp, windowSeconds, value }) => [
      describedObject?.name ?? '',
      {
        milli: milliOf(value),
        timestampMs: epochMsOf(timestamp) ?? 0,
        windowMs: windowSeconds === undefined ? defaultWindowMs : windowSeconds * 1000,
      },
    ]),
  )
}

/** The path of an object below the custom metrics API; undefined for a kind that nobody serves. */
async function placeOf(
  client: Client,
  reference: CrossVersionObjectReference,
  namespace: string,
): Promise<string | undefined> {
  const kind: KindReference = { apiVersion: reference.apiVersion ?? 'v1', kind: reference.kind }
  const { group } = parseGroupVersion(kind.apiVersion)
  if (group === '' && kind.kind === 'Namespace') return `/namespaces/${namespace}/metrics`
  const [found] = await resourcesOfKind(client, kind)
  if (found === undefined) return undefined
  const resource = group === '' ? found.resource.resource : `${found.resource.resource}.${group}`
  return `/namespaces/${namespace}/${resource}/${encodeURIComponent(reference.name)}`
}

function unmatched({ apiVersion = 'v1', kind }: CrossVersionObjectReference): string {
  const { group } = parseGroupVersion(apiVersion)
  return `no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`
}

async function readExternal(
  client: Client,
  { name, selector }: { readonly name: string; readonly selector?: LabelSelector },
  namespace: string,
): Promise<Reading> {
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${encodeURIComponent(name)}`
  const list = await askList<ExternalMetricValueList>(client, path, {
    query: { labelSelector: textOf(selector) },
    what: `get ${name}.external.metrics.k8s.io`,
  })
  if (typeof list === 'string') return { problem: `unable to fetch metrics from external metrics API: ${list}` }
  if (list.items.length === 0) return { problem: 'no metrics returned from external metrics API' }
  return { value: list.items.reduce((sum, { value }) => sum + milliOf(value), 0) }
}

const unknownResource = 'the server could not find the requested resource'

/** GET of a list. A metrics server may be anybody's: what is no list counts as no answer. */
async function askList<T extends { readonly items: readonly unknown[] }>(
  client: Client,
  path: string,
  options: AskOptions,
): Promise<T | string> {
  const found = await ask<T>(client, path, options)
  if (typeof found === 'string' || Array.isArray((found as Partial<T>).items)) return found
  return `unable to decode the answer (${options.what})`
}

interface AskOptions {
  readonly query?: Readonly<Record<string, string>>
  /** What was asked for, as clients name it in failures. */
  readonly what: string
}

/** GET of a document; a failure is what the server says of it. */
async function ask<T>(client: Client, path: string, { query = {}, what }: AskOptions): Promise<T | string> {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  const text = given.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')
  const reply = await client.raw({
    path: text === '' ? path : `${path}?${text}`,
    headers: { accept: 'application/json' },
  })
  const body = parsed(reply.body)
  if (reply.status === 200 && typeof body === 'object' && body !== null) return body as T
  const said = (body as { readonly message?: unknown } | undefined)?.message
  // Paths that nobody serves are answered without saying what was asked for.
  if (reply.status === 404 && (typeof said !== 'string' || said === unknownResource))
    return `${unknownResource} (${what})`
  return typeof said === 'string' && said !== ''
    ? said
    : `the server is currently unable to handle the request (${what})`
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
