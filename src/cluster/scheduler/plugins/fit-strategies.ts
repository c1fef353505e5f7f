/** How NodeResourcesFit compares nodes: what is left free, what is used, or any line between the two (v1.36). */
import type { ScoredResource } from './scored-resources.ts'

export type StrategyType = 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio'

/** A point of the line that RequestedToCapacityRatio follows: 0 to 100 % in use, score 0 to 10. */
export interface ShapePoint {
  readonly utilization: number
  readonly score: number
}

/** The score of one resource, 0 to 100. */
type ResourceScore = (requested: number, allocatable: number) => number

const byType: Readonly<Record<StrategyType, (shape: readonly ShapePoint[]) => ResourceScore>> = {
  LeastAllocated: () => (requested, allocatable) =>
    requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * 100) / allocatable),
  MostAllocated: () => (requested, allocatable) => Math.trunc((Math.min(requested, allocatable) * 100) / allocatable),
  RequestedToCapacityRatio: (shape) => (requested, allocatable) =>
    onLine(shape, requested > allocatable ? 100 : Math.trunc((requested * 100) / allocatable)),
}

/** The score of a row by all resources, weighed. */
export function fitScore(
  type: StrategyType,
  shape: readonly ShapePoint[],
): (scored: readonly ScoredResource[], row: number) => number {
  const scoreOf = byType[type](shape)
  // On a line a resource that scores nothing does not count at all, and the mean is rounded.
  const isRatio = type === 'RequestedToCapacityRatio'
  return (scored, row) => {
    let sum = 0
    let weights = 0
    for (const { allocatable, requested, wanted, weight } of scored) {
      const has = allocatable[row] ?? 0
      if (has === 0) continue
      const score = scoreOf((requested[row] ?? 0) + wanted, has)
      if (isRatio && score <= 0) continue
      sum += score * weight
      weights += weight
    }
    if (weights === 0) return 0
    return isRatio ? Math.round(sum / weights) : Math.trunc(sum / weights)
  }
}

function onLine(shape: readonly ShapePoint[], utilization: number): number {
  const above = shape.findIndex((point) => utilization <= point.utilization)
  // Beyond the last point (-1) the line goes on as it ended.
  const to = shape.at(above) ?? { utilization: 0, score: 0 }
  const from = above > 0 ? shape[above - 1] : undefined
  if (from === undefined) return to.score * 10
  const rise = ((to.score - from.score) * 10 * (utilization - from.utilization)) / (to.utilization - from.utilization)
  return from.score * 10 + Math.trunc(rise)
}
