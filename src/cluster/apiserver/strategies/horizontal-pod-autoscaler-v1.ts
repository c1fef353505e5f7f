/**
 * autoscaling/v1 autoscalers: one CPU target in the spec; what v1 has no field for travels in annotations
 * (conversion of v1.36, stored as v2).
 */
import { type ApiObject, listAt, objectAt, withMetadata } from '../api-object.ts'
import { behaviourInV1, behaviourInV2, metricInV1, metricInV2 } from './autoscaler-annotations.ts'
import type { Strategy } from './strategy.ts'
import type { Conversion } from '../resource-versions.ts'
import { Defaulter } from '#spec/kubernetes/defaults/apply-defaults.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { typeOfKind } from '#spec/kubernetes/schema/kinds.ts'

const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const

function isCpuUtilization(metric: JsonObject): boolean {
  return (
    metric['type'] === 'Resource' &&
    objectAt(metric, 'resource')['name'] === 'cpu' &&
    (objectAt(metric, 'resource', 'target')['type'] === 'Utilization' ||
      objectAt(metric, 'resource', 'current')['averageUtilization'] !== undefined)
  )
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function carriedList(text: string | undefined): readonly JsonObject[] {
  const list = parsed(text)
  return Array.isArray(list) ? (list as readonly JsonObject[]) : []
}

function split(metrics: readonly JsonObject[]): { cpu: JsonObject | undefined; others: readonly JsonObject[] } {
  const cpu = metrics.find(isCpuUtilization)
  return { cpu, others: metrics.filter((metric) => metric !== cpu) }
}

function fromStored(object: ApiObject): ApiObject {
  const { metrics: _, behavior, ...spec } = objectAt(object, 'spec')
  const { currentMetrics: __, conditions, ...status } = objectAt(object, 'status')
  const wanted = split(listAt(object, 'spec', 'metrics'))
  const seen = split(listAt(object, 'status', 'currentMetrics'))
  const extra: Record<string, string> = {}
  if (wanted.others.length > 0)
    extra[annotations.metrics] = JSON.stringify(wanted.others.map((metric) => metricInV1(metric, 'target')))
  if (behavior !== undefined) extra[annotations.behavior] = JSON.stringify(behaviourInV1(behavior as JsonObject))
  // All that was seen is kept: the percentage of CPU says less than the metric.
  const allSeen = listAt(object, 'status', 'currentMetrics')
  if (allSeen.length > 0)
    extra[annotations.currentMetrics] = JSON.stringify(allSeen.map((metric) => metricInV1(metric, 'current')))
  if (Array.isArray(conditions) && conditions.length > 0) extra[annotations.conditions] = JSON.stringify(conditions)
  const target = objectAt(wanted.cpu, 'resource', 'target')['averageUtilization']
  const current = objectAt(seen.cpu, 'resource', 'current')['averageUtilization']
  const out = {
    ...object,
    apiVersion: 'autoscaling/v1',
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  } as ApiObject
  if (Object.keys(extra).length === 0) return out
  return withMetadata(out, { annotations: { ...out.metadata.annotations, ...extra } })
}

function toStored(object: ApiObject): ApiObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = objectAt(object, 'spec')
  const { currentCPUUtilizationPercentage: current, ...status } = objectAt(object, 'status')
  const carried: Readonly<Record<string, string>> = object.metadata.annotations ?? {}
  const others = carriedList(carried[annotations.metrics]).map((metric) => metricInV2(metric, 'target'))
  const cpu = (value: object): JsonObject => ({ type: 'Resource', resource: { name: 'cpu', ...value } })
  const metrics =
    target === undefined ? others : [...others, cpu({ target: { type: 'Utilization', averageUtilization: target } })]
  const seen = carriedList(carried[annotations.currentMetrics]).map((metric) => metricInV2(metric, 'current'))
  const currentMetrics =
    current === undefined || seen.length > 0 ? seen : [cpu({ current: { averageUtilization: current } })]
  const behavior = behaviourInV2(parsed(carried[annotations.behavior]))
  const conditions = parsed(carried[annotations.conditions])
  const kept = Object.entries(carried).filter(([name]) => !Object.values<string>(annotations).includes(name))
  const out = {
    ...object,
    apiVersion: 'autoscaling/v2',
    spec: {
      ...spec,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: {
      ...status,
      currentMetrics: currentMetrics.length === 0 ? null : currentMetrics,
      ...(conditions === undefined ? {} : { conditions }),
    },
  } as ApiObject
  return withV2Defaults(withMetadata(out, { annotations: kept.length === 0 ? undefined : Object.fromEntries(kept) }))
}

/** What v2 fills in, of behaviour above all: v1 has no defaults for what it only carries. */
function withV2Defaults(object: ApiObject): ApiObject {
  const type = typeOfKind('autoscaling/v2', 'HorizontalPodAutoscaler')
  if (type === undefined || objectAt(object, 'spec')['behavior'] === undefined) return object
  return new Defaulter().apply(object, type, { now: '' }) as ApiObject
}

/** Without any metric v1 stands for 80 % of the CPU, as v2 does by default. */
export const autoscalerStrategy: Partial<Strategy> = {
  internalize: (object) => {
    const isNothing =
      object.apiVersion === 'autoscaling/v1' &&
      objectAt(object, 'spec')['targetCPUUtilizationPercentage'] === undefined &&
      object.metadata.annotations?.[annotations.metrics] === undefined
    if (!isNothing) return object
    return { ...object, spec: { ...objectAt(object, 'spec'), targetCPUUtilizationPercentage: 80 } }
  },
}

export const horizontalPodAutoscalerV1: Conversion = { storedVersion: 'autoscaling/v2', fromStored, toStored }
