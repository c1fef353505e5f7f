/** A moment of a simulated cluster. */
import type { SimulatedNode } from '#cluster/simulated-nodes/node-object.ts'
import type { MemorySnapshot } from '#kit/store/memory-store.ts'

/** Everything stored, the time, and which nodes there are. */
export interface ClusterSnapshot {
  readonly store: MemorySnapshot
  readonly timeMs: number
  readonly nodes: readonly Partial<SimulatedNode>[]
}
