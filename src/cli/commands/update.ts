/** `update`: changes the limits and restart policy of containers. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { FlagSpec } from '#cli/grammar/flag-types.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { restartPolicy } from './host-config.ts'
import { containerFlags } from './container-flags.table.ts'
import { eachArgument } from './each-argument.ts'

const names: ReadonlySet<string> = new Set([
  'blkio-weight',
  'cpu-period',
  'cpu-quota',
  'cpu-rt-period',
  'cpu-rt-runtime',
  'cpu-shares',
  'cpus',
  'cpuset-cpus',
  'cpuset-mems',
  'kernel-memory',
  'memory',
  'memory-reservation',
  'memory-swap',
  'pids-limit',
  'restart',
])
const flagTable: readonly FlagSpec[] = containerFlags
  .filter((flag) => names.has(flag.name))
  .map((flag) => (flag.name === 'restart' ? { ...flag, default: '' } : flag))

export const update: Verb = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: flagTable,
  count: atLeast(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    if (![...names].some((name) => flags.has(name)))
      throw failure('you must provide one or more flags when using this command')
    const body = limits(flags)
    const client = await session.client()
    const warnings: string[] = []
    try {
      await eachArgument(session, args, {
        run: async (name) => {
          const reply = await client.json<{ readonly Warnings?: readonly string[] | null }>(
            'POST',
            `/containers${pathOf(name)}/update`,
            { json: body },
          )
          warnings.push(...(reply.Warnings ?? []))
        },
      })
    } finally {
      if (warnings.length > 0) await session.print(`${warnings.join('\n')}\n`)
    }
  },
}

function limits(flags: Flags): Readonly<Record<string, unknown>> {
  const count = (name: string): number => flags.int(name) ?? 0
  const bytes = (name: string): number => flags.bytes(name) ?? 0
  return {
    BlkioWeight: count('blkio-weight'),
    CpuPeriod: count('cpu-period'),
    CpuQuota: count('cpu-quota'),
    CpuRealtimePeriod: count('cpu-rt-period'),
    CpuRealtimeRuntime: count('cpu-rt-runtime'),
    CpuShares: count('cpu-shares'),
    NanoCpus: Math.round(Number(flags.text('cpus') || '0') * 1e9),
    CpusetCpus: flags.text('cpuset-cpus'),
    CpusetMems: flags.text('cpuset-mems'),
    Memory: bytes('memory'),
    MemoryReservation: bytes('memory-reservation'),
    MemorySwap: bytes('memory-swap'),
    ...(flags.has('pids-limit') ? { PidsLimit: flags.int('pids-limit') } : {}),
    RestartPolicy: restartPolicy(flags.text('restart')),
  }
}
