/**
 * autoscaling/v1 autoscalers: one CPU target in the spec; what v1 has no field for travels in annotations
 * (conversion of v1.36, stored as v2).
 */
import { type ApiObject, listAt, objectAt, withMetadata } from '../api-object.ts'
import type { Strategy } from './strategy.ts'
import type { Conversion } from '../served-resource.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

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
  if (wanted.others.length > 0) extra[annotations.metrics] = JSON.stringify(wanted.others)
  if (behavior !== undefined) extra[annotations.behavior] = JSON.stringify(behavior)
  if (seen.others.length > 0) extra[annotations.currentMetrics] = JSON.stringify(seen.others)
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
  const others = (parsed(carried[annotations.metrics]) ?? []) as readonly JsonObject[]
  const cpu = (value: object): JsonObject => ({ type: 'Resource', resource: { name: 'cpu', ...value } })
  const metrics =
    target === undefined ? others : [...others, cpu({ target: { type: 'Utilization', averageUtilization: target } })]
  const seen = (parsed(carried[annotations.currentMetrics]) ?? []) as readonly JsonObject[]
  const currentMetrics = current === undefined ? seen : [...seen, cpu({ current: { averageUtilization: current } })]
  const behavior = parsed(carried[annotations.behavior])
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
  return withMetadata(out, { annotations: kept.length === 0 ? undefined : Object.fromEntries(kept) })
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
