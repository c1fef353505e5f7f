/** A pod with scheduling gates waits outside the queue until somebody removes them. */
import type { Plugin } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'

export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  preEnqueue: ({ pod }) => {
    const gates = (pod.spec.schedulingGates ?? []).map(({ name }) => name)
    return gates.length === 0 ? undefined : finalRejection(`waiting for scheduling gates: [${gates.join(' ')}]`)
  },
  hints: { 'own-pod-changed': true },
}
