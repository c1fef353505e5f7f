/**
 * What follows when no node suits a pod: plugins may help it in their way, then room is made by preemption. Each says what
 * came of it, and the event says it all (upstream's PostFilter plugins, v1.36).
 */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { Diagnosis } from './fit-error.ts'
import type { Cycle, Plugin } from './plugin.ts'
import type { PodRecord } from './pod-record.ts'
import {
  type Candidate,
  chooseCandidate,
  findCandidates,
  type Preemption,
  type PreemptionArgs,
  type PreemptionDeps,
  planPreemption,
} from './preempt.ts'
import type { WeighedPlugin } from './schedule-pod.ts'

export interface Aftermath {
  /** What the event says after the reasons; '' when room is being made. */
  readonly message: string
  /** Left out where preemption is off or was not reached. */
  readonly preemption?: Preemption
  /** Carries out what plugins decided. */
  readonly acts: readonly (() => Promise<void>)[]
}

export interface AftermathDeps extends Omit<PreemptionDeps, 'args'> {
  readonly cycle: Cycle
  readonly plugins: readonly WeighedPlugin[]
  /** Undefined where DefaultPreemption is off. */
  readonly preemption: PreemptionArgs | undefined
}

/** What upstream's cycle state says of work that was never begun. */
const neverBegun = 'not found'

/** Asks everybody who may help, in their order. */
export function afterFailure(pod: PodRecord, deps: AftermathDeps): Aftermath {
  const help = askPlugins(pod, deps)
  const { preemption: args } = deps
  if (help.isOver || args === undefined) return concluded(help)
  return concluded(help, planPreemption(pod, { ...deps, args }))
}

/** Leaves of the candidates for preemption those that others agree to. */
export type Narrow = (candidates: readonly Candidate[]) => Promise<readonly Candidate[]>

/** The same where others have a say about the candidates for preemption; what they throw becomes part of the message. */
export async function afterFailureWith(narrow: Narrow, pod: PodRecord, deps: AftermathDeps): Promise<Aftermath> {
  const help = askPlugins(pod, deps)
  const { preemption: args } = deps
  if (help.isOver || args === undefined) return concluded(help)
  const found = findCandidates(pod, { ...deps, args })
  if ('message' in found) return concluded(help, found)
  try {
    return concluded(help, chooseCandidate(await narrow(found.candidates)))
  } catch (error) {
    return concluded(help, { message: messageOf(error), keepNomination: true })
  }
}

interface Help {
  readonly said: readonly string[]
  readonly acts: readonly (() => Promise<void>)[]
  /** Nobody else is asked. */
  readonly isOver: boolean
}

function askPlugins(pod: PodRecord, { cycle, diagnosis, plugins }: AftermathDeps): Help {
  const said: string[] = []
  const acts: (() => Promise<void>)[] = []
  for (const [index, { plugin }] of plugins.entries()) {
    if (plugin.postFilter === undefined) continue
    // A plugin that never looked at the pod has nothing to go by: upstream gives up here, preemption included.
    if (isStoppedBefore(index, diagnosis, plugins)) return { said: [neverBegun], acts: [], isOver: true }
    const result = plugin.postFilter(pod, cycle, diagnosis)
    said.push(result.message)
    if (result.act !== undefined) acts.push(result.act)
  }
  return { said, acts, isOver: false }
}

function concluded({ said, acts }: Help, preemption?: Preemption): Aftermath {
  if (preemption === undefined) return { message: said.join(', '), acts }
  const message = 'message' in preemption ? [...said, `preemption: ${preemption.message}`].join(', ') : ''
  return { message, preemption, acts }
}

/** True when the pod was rejected as a whole by a plugin that comes before the one at `index`. */
function isStoppedBefore(
  index: number,
  { wholePod, plugins: rejecting }: Diagnosis,
  plugins: readonly WeighedPlugin[],
): boolean {
  if (wholePod === '') return false
  const isRejecting = ({ plugin }: { readonly plugin: Plugin }): boolean => rejecting.has(plugin.name)
  return !plugins.slice(index).some(isRejecting)
}
