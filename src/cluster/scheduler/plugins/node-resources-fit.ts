/** A pod fits where its requests are free; of the nodes where it fits, those with the most left free are liked best. */
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { classBehind, mayBeDevices } from '#spec/kubernetes/pods/device-resources.ts'
import type { Cycle, Plugin, QueueingHint } from '../plugin.ts'
import { finalRejection, rejection, type Rejection } from '../rejection.ts'
import { AmountReader, type Amounts } from '../resource-amounts.ts'
import type { KnownNode, ResourceColumn } from '../node-table.ts'
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
  readonly name: string
  readonly amount: number
  /** A device class stands behind it: a node that has nothing of it may get it from devices. */
  readonly mayBeDevices: boolean
  readonly column: ResourceColumn
  readonly reason: string
}

/** Builds the plugin; its arguments are the profile's choice. */
export function nodeResourcesFit(args: FitArgs = defaultFitArgs): Plugin {
  const scoreOf = fitScore(args.strategy, args.shape)
  const reader = new AmountReader()
  // What classes stood behind when a pod was last looked at: changes of nodes are weighed without them.
  const devices = new Set<string>()
  const offersMore: QueueingHint = (pod, { object, previous }) =>
    object === undefined ||
    helpsToFit(pod, reader.list((object as Node).status?.allocatable), {
      devices,
      before: previous === undefined ? undefined : reader.list((previous as Node).status?.allocatable),
    })
  return {
    name: 'NodeResourcesFit',
    preFilter: (pod, { table, objects }) => {
      const wanted = wantedOf(pod, { table, objects }, args)
      const check = (entry: KnownNode): Rejection | undefined => checkFit(entry, wanted, table.podCount)
      const ofDevices = wanted.filter((one) => one.mayBeDevices)
      for (const { name } of ofDevices) devices.add(name)
      // Classes come and go while the node stays as it is.
      return ofDevices.length > 0 ? { check } : { question: pod.requestsText, check }
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
  { before, devices }: { readonly before: Amounts | undefined; readonly devices: ReadonlySet<string> },
): boolean {
  const names = ['pods', ...requests.keys()]
  const of = (amounts: Amounts, name: string): number => amounts.get(name) ?? 0
  if (of(allocatable, 'pods') < 1) return false
  const isOffered = (name: string): boolean => of(allocatable, name) > 0 || !devices.has(name)
  if ([...requests].some(([name, amount]) => isOffered(name) && amount > of(allocatable, name))) return false
  return before === undefined || names.some((name) => of(allocatable, name) > of(before, name))
}

function wantedOf(pod: PodRecord, { table, objects }: Pick<Cycle, 'table' | 'objects'>, args: FitArgs): Wanted[] {
  return Array.from(pod.requests, ([name, amount]) => ({
    name,
    amount,
    mayBeDevices: mayBeDevices(name) && classBehind(name, objects.deviceClasses()) !== undefined,
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
  for (const one of wanted) {
    const amount = shortOf(one, row)
    if (amount === 'enough') continue
    reasons ??= []
    reasons.push(one.reason)
    if (amount === 'never enough') isHopeless = true
  }
  if (reasons === undefined) return undefined
  return isHopeless ? finalRejection(...reasons) : rejection(...reasons)
}

function shortOf({ amount, column, mayBeDevices: mayCome }: Wanted, row: number): 'enough' | 'short' | 'never enough' {
  const allocatable = column.allocatable[row] ?? 0
  if (amount <= allocatable - (column.requested[row] ?? 0)) return 'enough'
  // DynamicResources sees to what a node has nothing of itself.
  if (mayCome && allocatable === 0) return 'enough'
  return amount > allocatable ? 'never enough' : 'short'
}
