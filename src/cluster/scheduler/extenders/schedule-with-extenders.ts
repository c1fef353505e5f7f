/**
 * A scheduling cycle that extenders have a say in. It is made of the same steps as any other, and waits for them twice: after
 * the filters, and after the scores. What changes in the cluster meanwhile is seen by the steps that follow.
 */
import type { KnownNode } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'
import {
  type CycleDeps,
  highest,
  type Outcome,
  prepareFilters,
  schedulePod,
  scoreNodes,
  searchNodes,
  type Suiting,
} from '../schedule-pod.ts'
import { type Asking, filterByExtenders, scoresOfExtenders } from './ask-extenders.ts'
import { extenderName } from './extender-plugin.ts'

/** Chooses a node for a pod, or tells why there is none. @throws what an extender throws that cannot be done without. */
export async function scheduleWithExtenders(pod: PodRecord, deps: CycleDeps, asking: Asking): Promise<Outcome> {
  const search = searchNodes(pod, deps)
  if (!search.found) return search
  const outcome = await narrowed(pod, search, { deps, asking })
  if (outcome.found || !search.isNominee) return outcome
  const wider = searchNodes(pod, deps, { skipsNominee: true })
  return wider.found ? narrowed(pod, wider, { deps, asking }) : wider
}

async function narrowed(
  pod: PodRecord,
  { feasible, evaluated, diagnosis }: Suiting,
  { deps, asking }: { readonly deps: CycleDeps; readonly asking: Asking },
): Promise<Outcome> {
  const { passed, rejected } = await filterByExtenders(pod, feasible, asking)
  const left = stillThere(passed, deps)
  const entry = left.length <= 1 ? left[0] : await best(pod, left, { deps, asking })
  if (entry !== undefined) return { found: true, entry, evaluated, feasible: left.length }
  // What the filters made ready is of the time before the wait: preemption needs it anew.
  const filters = prepareFilters(pod, deps.cycle, deps.config.plugins)
  if (!Array.isArray(filters)) return schedulePod(pod, deps)
  const byNode = new Map([...diagnosis.byNode, ...rejected])
  const plugins = new Set([...diagnosis.plugins, extenderName])
  return { found: false, filters, diagnosis: { ...diagnosis, byNode, plugins } }
}

async function best(
  pod: PodRecord,
  entries: readonly KnownNode[],
  { deps, asking }: { readonly deps: CycleDeps; readonly asking: Asking },
): Promise<KnownNode | undefined> {
  const totals = scoreNodes(pod, entries, deps)
  const theirs = await scoresOfExtenders(pod, entries, asking)
  for (const [index, { name }] of entries.entries())
    // A node that went away meanwhile is liked least.
    totals[index] = isThere(name, deps) ? (totals[index] ?? 0) + (theirs.get(name) ?? 0) : -Infinity
  const chosen = entries[highest(totals, deps.random)]
  return chosen === undefined || !isThere(chosen.name, deps) ? undefined : chosen
}

function isThere(name: string, { cycle }: CycleDeps): boolean {
  return cycle.table.known(name) !== undefined
}

function stillThere(entries: readonly KnownNode[], deps: CycleDeps): readonly KnownNode[] {
  return entries.filter(({ name }) => isThere(name, deps))
}
