/** Priority classes: their generation is always the first, and those of the system stay. */
import type { Strategy } from './strategy.ts'

const ofSystem: ReadonlySet<string> = new Set(['system-node-critical', 'system-cluster-critical'])

export const priorityClassStrategy: Partial<Strategy> = {
  changesGeneration: () => false,
  whyUndeletable: (name) => (ofSystem.has(name) ? 'this is a system priority class and cannot be deleted' : undefined),
}
