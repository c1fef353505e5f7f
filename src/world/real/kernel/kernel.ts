/** The Linux kernel behind the Kernel port. */
import type { Kernel } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'
import { createAttributes } from './attributes.ts'
import { lockFile } from './file-lock.ts'
import { loadLibc } from './libc.ts'
import { readLimits } from './limits.ts'
import { createMakeNode } from './make-node.ts'
import { createMounts } from './mounts.ts'
import { createNamespaces } from './namespaces.ts'
import { createOpenInRoot } from './open-in-root.ts'
import { createPacketFilter } from './packet-filter.ts'
import { createProcessMemory } from './process-memory.ts'
import { scatterBelow } from './scatter-below.ts'
import { connectSeqpacket } from './seqpacket.ts'

/** The real Kernel. Nothing is asked of the machine before the first call; `processes` starts the few helper programs. */
export function createKernel({ processes }: { readonly processes: Processes }): Kernel {
  const libc = loadLibc()
  const mounts = createMounts(libc)
  return {
    mounts,
    attributes: createAttributes(libc),
    namespaces: createNamespaces({ libc, mounts, run: (file, args, options) => processes.run(file, args, options) }),
    packetFilter: createPacketFilter(libc),
    memory: createProcessMemory(libc),
    makeNode: createMakeNode(libc),
    openInRoot: createOpenInRoot(libc),
    scatterBelow: (directory) => scatterBelow(libc, directory),
    connectSeqpacket: (path) => connectSeqpacket(libc, path),
    lockFile: (path) => lockFile(libc, path),
    limits: readLimits(),
  }
}
