/** Likes nodes on which the shares of CPU and memory in use are close to each other. */
import type { Plugin } from '../plugin.ts'

export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  preScore: (pod, { table }) => {
    const cpuWanted = pod.requests.get('cpu') ?? 0
    const memoryWanted = pod.requests.get('memory') ?? 0
    // A pod that asks for nothing changes no balance.
    if (pod.requests.size === 0 || (cpuWanted === 0 && memoryWanted === 0)) return undefined
    return {
      score: ({ row }) => {
        const cpu = used((table.cpu.requested[row] ?? 0) + cpuWanted, table.cpu.allocatable[row] ?? 0)
        const memory = used((table.memory.requested[row] ?? 0) + memoryWanted, table.memory.allocatable[row] ?? 0)
        const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs(cpu - memory) / 2
        return Math.trunc((1 - deviation) * 100)
      },
    }
  },
}

function used(requested: number, allocatable: number): number | undefined {
  return allocatable === 0 ? undefined : Math.min(1, requested / allocatable)
}
