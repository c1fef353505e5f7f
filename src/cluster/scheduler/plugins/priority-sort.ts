/** The order of the queue: higher priority first, then who has waited longer. */
import type { Plugin } from '../plugin.ts'

export const prioritySort: Plugin = {
  name: 'PrioritySort',
  compare: (a, b) => b.priority - a.priority || a.sinceMs - b.sinceMs || a.sequence - b.sequence,
}
