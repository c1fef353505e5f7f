/** What controllers tell about the pods that they make and take away, in upstream's words (pod_control, v1.36). */
import type { Told } from '#kit/reconcile/plan.ts'

/** With each pod that is made. */
export const podMade: Told = {
  done: { type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: {name}' },
  failed: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: {error}' },
}

/** With each pod that is deleted. */
export const podDeleted: Told = {
  done: { type: 'Normal', reason: 'SuccessfulDelete', message: 'Deleted pod: {name}' },
  failed: { type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: {error}' },
}
