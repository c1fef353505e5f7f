/**
 * What each plugin says about each node for one pod. A scheduling cycle stops at a node's first no; somebody who asks why
 * a pod waits wants them all, so here every filter is asked about every node. Reads only.
 */
import type { Node, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Random } from '#world/ports/random.ts'
import { afterFailure } from './after-failure.ts'
import type { ClusterObjects } from './cluster-objects.ts'
import { defaultPlugins, noWriters } from './default-plugins.table.ts'
import { fitErrorMessage } from './fit-error.ts'
import { NodeTable } from './node-table.ts'
import { NominatedPods } from './nominated-pods.ts'
import type { ActiveFilter, Cycle } from './plugin.ts'
import type { Rejection } from './rejection.ts'
import { defaultPreemptionArgs } from './preempt.ts'
import { type PodRecord, recordOf } from './pod-record.ts'
import { KeptAnswers } from './kept-answers.ts'
import { prepareFilters, schedulePod, type WeighedPlugin } from './schedule-pod.ts'

/** One plugin's answer over all nodes. */
export interface PluginVerdict {
  readonly plugin: string
  /** How many nodes it says no to. */
  readonly rejected: number
  /** Names of those nodes by reason. */
  readonly reasons: ReadonlyMap<string, readonly string[]>
}

export interface Placement {
  readonly nodeCount: number
  /** The node that would be chosen now. */
  readonly node?: string
  /** kube-scheduler's own sentence, when no node suits. */
  readonly message?: string
  /** A plugin's no to the pod as a whole, whichever node: gates, claims that are missing. */
  readonly wholePod?: { readonly plugin: string; readonly reasons: readonly string[] }
  /** Plugins that object, those with most nodes first. */
  readonly verdicts: readonly PluginVerdict[]
  /** Nodes that no plugin objects to. */
  readonly feasible: readonly string[]
}

export interface PlacementScene {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  readonly objects: ClusterObjects
  readonly random: Random
  readonly nowMs: number
}

/** Asks the default profile about a pod as if it came to be scheduled now. */
export function explainPlacement(pod: Pod, scene: PlacementScene): Placement {
  const table = tableOf(scene)
  const record = recordOf(pod, table.reader)
  const plugins = defaultPlugins(noWriters)
  const gate = gateOf(record, plugins, scene.objects)
  const cycle: Cycle = { table, objects: scene.objects, nowMs: scene.nowMs }
  const prepared = gate ?? prepareFilters(record, cycle, plugins)
  const nodeCount = table.order().length
  if (!Array.isArray(prepared)) {
    const { plugin, rejection } = prepared
    return { nodeCount, verdicts: [], feasible: [], wholePod: { plugin, reasons: rejection.reasons } }
  }
  const { verdicts, rejectedNodes } = askAll(prepared, table)
  const names = table.order().map(({ name }) => name)
  return {
    nodeCount,
    verdicts: verdicts.toSorted((a, b) => b.rejected - a.rejected),
    feasible: names.filter((name) => !rejectedNodes.has(name)),
    ...choose(record, cycle, { plugins, random: scene.random }),
  }
}

function tableOf({ nodes, pods }: PlacementScene): NodeTable {
  const table = new NodeTable()
  for (const node of nodes) table.putNode(node)
  for (const pod of pods)
    if (pod.spec.nodeName !== undefined && !isOver(pod.status?.phase))
      table.addPod(recordOf(pod, table.reader), pod.spec.nodeName)
  return table
}

/** Every filter's answer about every node. */
function askAll(
  filters: readonly ActiveFilter[],
  table: NodeTable,
): { readonly verdicts: readonly PluginVerdict[]; readonly rejectedNodes: ReadonlySet<string> } {
  const verdicts: PluginVerdict[] = []
  const rejectedNodes = new Set<string>()
  for (const { plugin, filtering } of filters) {
    const reasons = new Map<string, string[]>()
    let rejected = 0
    for (const entry of table.order()) {
      const no = filtering.onlyNodes?.has(entry.name) === false ? notAmong(plugin) : filtering.check?.(entry)
      if (no === undefined) continue
      rejected++
      rejectedNodes.add(entry.name)
      for (const reason of no.reasons) reasons.set(reason, [...(reasons.get(reason) ?? []), entry.name])
    }
    if (rejected > 0) verdicts.push({ plugin, rejected, reasons })
  }
  return { verdicts, rejectedNodes }
}

function isOver(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

function notAmong(plugin: string): Rejection {
  return { reasons: [`node(s) didn't satisfy plugin(s) [${plugin}]`], preemptable: false }
}

function gateOf(
  record: PodRecord,
  plugins: readonly WeighedPlugin[],
  objects: ClusterObjects,
): { readonly plugin: string; readonly rejection: Rejection } | undefined {
  for (const { plugin } of plugins) {
    const no = plugin.preEnqueue?.(record, objects)
    if (no !== undefined) return { plugin: plugin.name, rejection: no }
  }
  return undefined
}

/** What the scheduler itself would decide now, preemption included. */
function choose(
  record: PodRecord,
  cycle: Cycle,
  { plugins, random }: { readonly plugins: readonly WeighedPlugin[]; readonly random: Random },
): Pick<Placement, 'node' | 'message'> {
  const nominated = new NominatedPods()
  const config = { plugins, percentageOfNodesToScore: 100 }
  const outcome = schedulePod(record, {
    cycle,
    config,
    memory: { startIndex: 0 },
    random,
    nominated,
    answers: new KeptAnswers(),
  })
  if (outcome.found) return { node: outcome.entry.name }
  const { diagnosis, filters } = outcome
  if (diagnosis.nodeCount === 0) return { message: fitErrorMessage(diagnosis) }
  const { table, objects } = cycle
  const deps = {
    table,
    objects,
    random,
    nominated,
    filters,
    diagnosis,
    cycle,
    plugins,
    preemption: defaultPreemptionArgs,
  }
  return { message: fitErrorMessage(diagnosis, afterFailure(record, deps).message) }
}
