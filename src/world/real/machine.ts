/** What machine this is. */
import os from 'node:os'
import type { Machine } from '#world/ports/machine.ts'

const ociArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ia32: '386',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
}

/** Reads the machine's facts once. */
export function readMachine(): Machine {
  return {
    hostname: os.hostname(),
    kernelRelease: os.release(),
    kernelVersion: os.version(),
    architecture: os.machine(),
    os: 'linux',
    ociArchitecture: ociArchitectures[os.arch()] ?? os.arch(),
    cpuCount: os.availableParallelism(),
    memoryBytes: os.totalmem(),
  }
}
