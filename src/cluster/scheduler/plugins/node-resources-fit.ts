/** A pod fits where its requests are free; of the nodes where it fits, those with the most left free are liked best. */
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Plugin, QueueingHint } from '../plugin.ts'
import { finalRejection, rejection, type Rejection } from '../rejection.ts'
import { AmountReader, type Amounts } from '../resource-amounts.ts'
import type { KnownNode, NodeTable, ResourceColumn } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import { fitScore, type ShapePoint, type StrategyType } from './fit-strategies.ts'
import { cpuAndMemory, scoredResources, type WeighedResource } from './scored-resources.ts'

export interface FitArgs {
  readonly strategy: StrategyType
  readonly resources: readonly WeighedResource[]
  /** The line that RequestedToCapacityRatio follows. */
  readonly shape: readonly ShapePoint[]
  /** Extended resources that somebody else looks after: by name, and by the part before the slash. */
  readonly ignoredResources: readonly string[]
  readonly ignoredGroups: readonly string[]
}

export const defaultFitArgs: FitArgs = {
  strategy: 'LeastAllocated',
  resources: cpuAndMemory,
  shape: [],
  ignoredResources: [],
  ignoredGroups: [],
}

interface Wanted {
  readonly amount: number
  readonly column: ResourceColumn
  readonly reason: string
}

/** Builds the plugin; its arguments are the profile's choice. */
export function nodeResourcesFit(args: FitArgs = defaultFitArgs): Plugin {
  const scoreOf = fitScore(args.strategy, args.shape)
  const reader = new AmountReader()
  const offersMore: QueueingHint = (pod, { object, previous }) =>
    object === undefined ||
    helpsToFit(pod, reader.list((object as Node).status?.allocatable), {
      before: previous === undefined ? undefined : reader.list((previous as Node).status?.allocatable),
    })
  return {
    name: 'NodeResourcesFit',
    preFilter: (pod, { table }) => {
      const wanted = wantedOf(pod, table, args)
      return { question: pod.requestsText, check: (entry) => checkFit(entry, wanted, table.podCount) }
    },
    preScore: (pod, { table }) => {
      const scored = scoredResources({ pod, table, presumes: true }, args.resources)
      const question = `${pod.requestsText} ${pod.presumedCpuMillis} ${pod.presumedMemoryBytes}`
      return { question, score: ({ row }) => scoreOf(scored, row) }
    },
    hints: {
      'pod-deleted': true,
      'pod-shrunk': true,
      'own-pod-changed': true,
      'node-added': offersMore,
      'node-changed': offersMore,
    },
  }
}

/** A node helps when it could hold the pod alone, and could hold less of what the pod wants before. */
function helpsToFit(
  { requests }: PodRecord,
  allocatable: Amounts,
  { before }: { readonly before: Amounts | undefined },
): boolean {
  const names = ['pods', ...requests.keys()]
  const of = (amounts: Amounts, name: string): number => amounts.get(name) ?? 0
  if (of(allocatable, 'pods') < 1) return false
  if ([...requests].some(([name, amount]) => amount > of(allocatable, name))) return false
  return before === undefined || names.some((name) => of(allocatable, name) > of(before, name))
}

function wantedOf(pod: PodRecord, table: NodeTable, args: FitArgs): Wanted[] {
  return Array.from(pod.requests, ([name, amount]) => ({
    name,
    amount,
    column: table.column(name),
    reason: `Insufficient ${name}`,
  })).filter(({ name, amount }) => amount > 0 && !isIgnored(name, args))
}

function isIgnored(name: string, { ignoredResources, ignoredGroups }: FitArgs): boolean {
  const slash = name.indexOf('/')
  return slash > 0 && (ignoredResources.includes(name) || ignoredGroups.includes(name.slice(0, slash)))
}

const tooManyPods = 'Too many pods'

/** Every resource that is missing; final when the node could not even hold the pod alone. */
function checkFit({ row }: KnownNode, wanted: readonly Wanted[], podCount: ResourceColumn): Rejection | undefined {
  let reasons: string[] | undefined
  let isHopeless = false
  if ((podCount.requested[row] ?? 0) + 1 > (podCount.allocatable[row] ?? 0)) reasons = [tooManyPods]
  for (const { amount, column, reason } of wanted) {
    const allocatable = column.allocatable[row] ?? 0
    if (amount <= allocatable - (column.requested[row] ?? 0)) continue
    reasons ??= []
    reasons.push(reason)
    if (amount > allocatable) isHopeless = true
  }
  if (reasons === undefined) return undefined
  return isHopeless ? finalRejection(...reasons) : rejection(...reasons)
}
