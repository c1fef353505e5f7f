/** Everything nondeterministic, as one value that `roles` choose and hand down in parts. */
import type { Clock } from './clock.ts'
import type { Files } from './files.ts'
import type { Kernel } from './kernel.ts'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import type { Processes } from './processes.ts'
import type { Random } from './random.ts'

export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
  readonly processes: Processes
  readonly network: Network
  readonly kernel: Kernel
  readonly machine: Machine
}
