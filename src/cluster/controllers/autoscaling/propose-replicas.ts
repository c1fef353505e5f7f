/** From one metric's reading to the number of replicas that it asks for, its status, or what is wrong with it. Pure. */
import type {
  MetricIdentifier,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import { goTextOf } from '../workloads/selector-of.ts'
import {
  countByAverage,
  countByShare,
  countByUtilization,
  countByValue,
  type Counted,
  type Counting,
} from './count-replicas.ts'
import { milliOf, quantityOfMilli } from './metric-values.ts'
import type { Reading } from './read-metrics.ts'

export interface MetricTerms extends Counting {
  readonly namespace: string
  readonly statusReplicas: number
}

export type Proposal =
  | { readonly replicas: number; readonly name: string; readonly status: MetricStatus }
  /** What the event and the condition say, and how the whole is told of. */
  | { readonly reason: string; readonly message: string; readonly told: string }

/** What a metric asks for. */
export function proposeReplicas(metric: MetricSpec, reading: Reading, terms: MetricTerms): Proposal {
  switch (metric.type) {
    case 'Resource':
    case 'ContainerResource':
      return proposeForResource(metric, reading, terms)
    case 'Pods':
      return proposeForPods(metric.pods, reading, terms)
    case 'Object':
      return proposeForObject(metric.object, reading, terms)
    case 'External':
      return proposeForExternal(metric.external, reading, terms)
    default: {
      const message = `unknown metric source type ${JSON.stringify(metric.type)}`
      return { reason: 'InvalidMetricSourceType', message, told: message }
    }
  }
}

/** How a resource metric of pods, and one of a single container, are read and told of. */
interface ResourceWords {
  readonly resource: string
  readonly container: string
  readonly target: MetricTarget | undefined
  readonly reason: string
  readonly what: string
  readonly share: string
  statusOf(current: MetricValueStatus): MetricStatus
}

function wordsOf({ resource, containerResource }: MetricSpec): ResourceWords {
  if (containerResource === undefined) {
    const name = resource?.name ?? ''
    return {
      resource: name,
      container: '',
      target: resource?.target,
      reason: 'FailedGetResourceMetric',
      what: `${name} resource`,
      share: `${name} resource utilization (percentage of request)`,
      statusOf: (current) => ({ type: 'Resource', resource: { name, current } }),
    }
  }
  const { name, container, target } = containerResource
  return {
    resource: name,
    container,
    target,
    reason: 'FailedGetContainerResourceMetric',
    what: `${container} container`,
    share: `${name} container resource utilization (percentage of request)`,
    statusOf: (current) => ({ type: 'ContainerResource', containerResource: { name, container, current } }),
  }
}

function proposeForResource(metric: MetricSpec, reading: Reading, terms: MetricTerms): Proposal {
  const words = wordsOf(metric)
  const { resource, container } = words
  const { averageValue, averageUtilization } = words.target ?? {}
  const isShare = averageValue === undefined
  const counted = valuesOf(reading, `unable to get metrics for resource ${resource}`, (values) =>
    isShare
      ? countByUtilization(values, { resource, container, target: averageUtilization ?? 0 }, terms)
      : countByAverage(values, { resource, target: milliOf(averageValue) }, terms),
  )
  const isUnset = isShare && averageUtilization === undefined
  if (isUnset || typeof counted === 'string') {
    const problem = typeof counted === 'string' ? counted : ''
    const message = isUnset ? noTarget : `failed to get ${resource} ${isShare ? 'utilization' : 'usage'}: ${problem}`
    return { reason: words.reason, message, told: `failed to get ${words.what} metric value: ${message}` }
  }
  const share = counted.utilization === undefined ? {} : { averageUtilization: counted.utilization }
  return {
    replicas: counted.replicas,
    name: isShare ? words.share : `${resource} resource`,
    status: words.statusOf({ ...share, averageValue: quantityOfMilli(counted.usage, resource) }),
  }
}

const noTarget =
  'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set'

function valuesOf(
  reading: Reading,
  failing: string,
  count: (values: Extract<Reading, { values: unknown }>['values']) => Counted,
): Counted {
  if ('problem' in reading) return `${failing}: ${reading.problem}`
  return 'values' in reading ? count(reading.values) : `${failing}: no metrics returned`
}

function proposeForPods(source: MetricSpec['pods'], reading: Reading, terms: MetricTerms): Proposal {
  const { name = '', selector } = source?.metric ?? {}
  const target = milliOf(source?.target.averageValue)
  const counted = valuesOf(reading, `unable to get metric ${name}`, (values) =>
    countByAverage(values, { resource: '', target }, terms),
  )
  if (typeof counted === 'string') {
    return { reason: 'FailedGetPodsMetric', message: counted, told: `failed to get pods metric value: ${counted}` }
  }
  const metric = { name, ...(selector === undefined ? {} : { selector }) }
  const current = { averageValue: quantityOfMilli(counted.usage) }
  return {
    replicas: counted.replicas,
    name: `pods metric ${name}`,
    status: { type: 'Pods', pods: { metric, current } },
  }
}

function proposeForObject(source: MetricSpec['object'], reading: Reading, terms: MetricTerms): Proposal {
  const failed = (message: string): Proposal => ({
    reason: 'FailedGetObjectMetric',
    message,
    told: `failed to get object metric value: ${message}`,
  })
  if (source === undefined) return failed('invalid object metric source')
  const { describedObject, metric, target } = source
  const unset = 'invalid object metric source: neither a value target nor an average value target was set'
  // Upstream fills its format in the wrong order; whoever looks for the text finds it as it is there.
  const about = `${describedObject.kind} on ${terms.namespace} ${describedObject.name}`
  const problem = 'problem' in reading ? `unable to get metric ${metric.name}: ${about}/${reading.problem}` : undefined
  const value = 'value' in reading ? reading.value : 0
  if (target.type === 'Value' && target.value !== undefined) {
    const counted = problem ?? countByValue(value, milliOf(target.value), terms)
    if (typeof counted === 'string') return failed(counted)
    const current = { value: quantityOfMilli(counted.usage) }
    const name = `${describedObject.kind} metric ${metric.name}`
    return {
      replicas: counted.replicas,
      name,
      status: { type: 'Object', object: { describedObject, metric, current } },
    }
  }
  if (target.type !== 'AverageValue' || target.averageValue === undefined) return failed(unset)
  if (problem !== undefined) {
    // Told without the name, and the condition with it: so it is upstream.
    const message = `failed to get ${metric.name} object metric: ${problem}`
    return { reason: 'FailedGetObjectMetric', message: problem, told: `failed to get object metric value: ${message}` }
  }
  const counted = countByShare(value, milliOf(target.averageValue), terms)
  const current = { averageValue: quantityOfMilli(counted.usage) }
  return {
    replicas: counted.replicas,
    name: externalName(metric),
    status: { type: 'Object', object: { describedObject, metric, current } },
  }
}

function externalName({ name, selector }: { readonly name: string; readonly selector?: object }): string {
  return `external metric ${name}(${goTextOf(selector)})`
}

function proposeForExternal(source: MetricSpec['external'], reading: Reading, terms: MetricTerms): Proposal {
  const { metric = { name: '' }, target } = source ?? {}
  const { name } = metric
  const isShare = target?.averageValue !== undefined
  const counted = isShare || target?.value !== undefined ? countExternal({ metric, target }, reading, terms) : undefined
  if (counted === undefined || typeof counted === 'string') return failedExternal(name, isShare, counted)
  const usage = quantityOfMilli(counted.usage)
  const current = isShare ? { averageValue: usage } : { value: usage }
  return {
    replicas: counted.replicas,
    name: externalName(metric),
    status: { type: 'External', external: { metric, current } },
  }
}

/** `problem` is undefined for a metric that names no target. */
function failedExternal(name: string, isShare: boolean, problem: string | undefined): Proposal {
  const message =
    problem ?? 'invalid external metric source: neither a value target nor an average value target was set'
  const which = isShare ? `failed to get ${name} external metric` : `failed to get external metric ${name}`
  const told = problem === undefined ? message : `${which}: ${message}`
  return { reason: 'FailedGetExternalMetric', message, told: `failed to get ${name} external metric value: ${told}` }
}

function countExternal(
  { metric, target }: { readonly metric: MetricIdentifier; readonly target: MetricTarget | undefined },
  reading: Reading,
  terms: MetricTerms,
): Counted {
  if ('problem' in reading) {
    const which = `${terms.namespace}/${metric.name}/${goTextOf(metric.selector)}`
    return `unable to get external metric ${which}: ${reading.problem}`
  }
  const value = 'value' in reading ? reading.value : 0
  const share = target?.averageValue
  return share === undefined
    ? countByValue(value, milliOf(target?.value), terms)
    : countByShare(value, milliOf(share), terms)
}
