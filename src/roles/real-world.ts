/** The world as it is: every port on this machine. */
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import type { World } from '#world/ports/world.ts'

/** Opens the real world; nothing is done until a port is used. */
export function createRealWorld(): World {
  const processes = createProcesses()
  return {
    clock: createClock(),
    random: createRandom(),
    files: createFiles(),
    processes,
    network: createNetwork(),
    kernel: createKernel({ processes }),
    machine: readMachine(),
  }
}
