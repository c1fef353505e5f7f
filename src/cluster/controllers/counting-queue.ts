/** The queue of controllers that count pods. */
import type { ControllerSpec } from '#kit/reconcile/controller.ts'

/**
 * Pods come and go in crowds, and each of them changes its owner's numbers: they are counted, and the numbers written, at
 * most fifty times a second for one owner. The first change is looked at without delay.
 */
export const countingQueue: NonNullable<ControllerSpec['queue']> = { restMs: 20 }
