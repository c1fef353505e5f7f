/** Base images made on this machine; see `bootstrap-types.ts`. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { LayerStore } from '#images/layers/layer-types.ts'
import type { Leases } from '#images/content/content-types.ts'
import type { ImageIndex } from '#images/records/image-index.ts'
import type { ImageRecords } from '#images/records/image-records.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Machine } from '#world/ports/machine.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Random } from '#world/ports/random.ts'
import type { BootstrapOptions, BootstrapResult } from './bootstrap-types.ts'

export interface BootstrapDeps {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
  readonly processes: Processes
  readonly kernel: Kernel
  readonly machine: Machine
  readonly root: string
  readonly layers: LayerStore
  readonly leases: Leases
  readonly records: ImageRecords
  readonly index: ImageIndex
}

/** Makes a base image. */
export function bootstrapImage(_deps: BootstrapDeps, options: BootstrapOptions): Promise<BootstrapResult> {
  return Promise.reject<BootstrapResult>(new GantryError('IMAGE_BOOTSTRAP_UNKNOWN', 'invalid', `no way is known to make ${options.name}`, { remedy: 'See gantry image bootstrap --help.' }))
}
