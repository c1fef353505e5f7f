/**
 * What follows when no node suits a pod: plugins may help it in their way, then room is made by preemption. Each says what
 * came of it, and the event says it all (upstream's PostFilter plugins, v1.36).
 */
import type { Diagnosis } from './fit-error.ts'
import type { Cycle, Plugin } from './plugin.ts'
import type { PodRecord } from './pod-record.ts'
import { type Preemption, type PreemptionArgs, type PreemptionDeps, planPreemption } from './preempt.ts'
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
  const { cycle, diagnosis, plugins, preemption: args } = deps
  const said: string[] = []
  const acts: (() => Promise<void>)[] = []
  for (const [index, { plugin }] of plugins.entries()) {
    if (plugin.postFilter === undefined) continue
    // A plugin that never looked at the pod has nothing to go by: upstream gives up here, preemption included.
    if (isStoppedBefore(index, diagnosis, plugins)) return { message: neverBegun, acts: [] }
    const result = plugin.postFilter(pod, cycle, diagnosis)
    said.push(result.message)
    if (result.act !== undefined) acts.push(result.act)
  }
  if (args === undefined) return { message: said.join(', '), acts }
  const preemption = planPreemption(pod, { ...deps, args })
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
