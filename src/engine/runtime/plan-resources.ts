/** Docker's resource settings as cgroup settings of the OCI runtime specification. Pure. */
import type { Resources, ThrottleDevice, Ulimit } from '#spec/docker/container-config.ts'
import type { SpecDeviceRule, SpecResources, SpecRlimit } from './oci-spec.ts'

/** Device number of a path on this machine. */
export interface DeviceNumber {
  readonly major: number
  readonly minor: number
}

const character = (major: number, minor: number, allow = true): SpecDeviceRule => ({
  allow,
  type: 'c',
  major,
  minor,
  access: 'rwm',
})

/** What every container may open: zero, null, urandom, random, tty, console; making nodes is allowed, using them is not. */
const defaultDeviceRules: readonly SpecDeviceRule[] = [
  { allow: false, access: 'rwm' },
  character(1, 5),
  character(1, 3),
  character(1, 9),
  character(1, 8),
  character(5, 0),
  character(5, 1),
  character(10, 229, false),
]

/** `a|b|c major:minor access` of `--device-cgroup-rule`, with `*` as any. */
function parseDeviceRule(text: string): SpecDeviceRule | undefined {
  const match = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text)
  if (match === null) return undefined
  const [, type, major = '*', minor = '*', access = 'rwm'] = match
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  }
}

/** Rules of the device cgroup: all for privileged containers, else the defaults, the container's devices, its own rules. */
export function planDeviceRules(
  privileged: boolean,
  devices: readonly SpecDeviceRule[],
  rules: readonly string[],
): SpecDeviceRule[] {
  if (privileged) return [{ allow: true, access: 'rwm' }]
  const own = rules.map(parseDeviceRule).filter((rule) => rule !== undefined)
  return [...defaultDeviceRules, ...devices, ...own]
}

function planMemory(resources: Resources): SpecResources['memory'] {
  const { Memory, MemoryReservation, MemorySwap, MemorySwappiness, OomKillDisable } = resources
  const memory = {
    ...(Memory > 0 ? { limit: Memory } : {}),
    ...(MemoryReservation > 0 ? { reservation: MemoryReservation } : {}),
    ...(MemorySwap === 0 ? {} : { swap: MemorySwap }),
    ...(MemorySwappiness === null || MemorySwappiness < 0 ? {} : { swappiness: MemorySwappiness }),
    ...(OomKillDisable === true ? { disableOOMKiller: true } : {}),
  }
  return Object.keys(memory).length === 0 ? undefined : memory
}

/** `--cpus 0.5` is a quota of half of each 100 ms period (moby `getCPUResources`). */
function planCpu(resources: Resources): SpecResources['cpu'] {
  const { CpuShares, CpuPeriod, CpuQuota, NanoCpus, CpusetCpus, CpusetMems } = resources
  const periodUs = NanoCpus > 0 ? 100_000 : CpuPeriod
  const quotaUs = NanoCpus > 0 ? Math.floor((NanoCpus * 100_000) / 1e9) : CpuQuota
  const cpu = {
    ...(CpuShares === 0 ? {} : { shares: CpuShares }),
    ...(periodUs === 0 ? {} : { period: periodUs }),
    ...(quotaUs === 0 ? {} : { quota: quotaUs }),
    ...(resources.CpuRealtimePeriod === 0 ? {} : { realtimePeriod: resources.CpuRealtimePeriod }),
    ...(resources.CpuRealtimeRuntime === 0 ? {} : { realtimeRuntime: resources.CpuRealtimeRuntime }),
    ...(CpusetCpus === '' ? {} : { cpus: CpusetCpus }),
    ...(CpusetMems === '' ? {} : { mems: CpusetMems }),
  }
  return Object.keys(cpu).length === 0 ? undefined : cpu
}

function planBlockIo(resources: Resources, deviceOf: (path: string) => DeviceNumber | undefined): object | undefined {
  const throttle = (list: readonly ThrottleDevice[]): object[] =>
    list.flatMap(({ Path, Rate }) => {
      const device = deviceOf(Path)
      return device === undefined ? [] : [{ ...device, rate: Rate }]
    })
  const rows: [string, object[]][] = [
    ['throttleReadBpsDevice', throttle(resources.BlkioDeviceReadBps)],
    ['throttleWriteBpsDevice', throttle(resources.BlkioDeviceWriteBps)],
    ['throttleReadIOPSDevice', throttle(resources.BlkioDeviceReadIOps)],
    ['throttleWriteIOPSDevice', throttle(resources.BlkioDeviceWriteIOps)],
  ]
  const used = rows.filter(([, list]) => list.length > 0)
  if (used.length === 0 && resources.BlkioWeight === 0) return undefined
  return { ...(resources.BlkioWeight === 0 ? {} : { weight: resources.BlkioWeight }), ...Object.fromEntries(used) }
}

/** The cgroup part of a container's specification. */
export function planResources(
  resources: Resources,
  devices: readonly SpecDeviceRule[],
  deviceOf: (path: string) => DeviceNumber | undefined,
): SpecResources {
  const memory = planMemory(resources)
  const cpu = planCpu(resources)
  const blockIO = planBlockIo(resources, deviceOf)
  const pids = resources.PidsLimit
  return {
    devices,
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(pids === null || pids <= 0 ? {} : { pids: { limit: pids } }),
    ...(blockIO === undefined ? {} : { blockIO }),
  }
}

/**
 * Ulimits within what we ourselves have: without CAP_SYS_RESOURCE nobody can raise a hard limit.
 * @param own our own limits by OCI name (`RLIMIT_NOFILE`); undefined: no such limit known.
 */
export function planRlimits(
  ulimits: readonly Ulimit[],
  own: (name: string) => { readonly hard: bigint } | undefined,
  mayRaise: boolean,
): { readonly rlimits: readonly SpecRlimit[]; readonly clamped: readonly string[] } {
  const clamped: string[] = []
  const unlimited = 2n ** 64n - 1n
  const asNumber = (value: number): number => (value < 0 ? Infinity : value)
  const rlimits = ulimits.map(({ Name, Soft, Hard }) => {
    const type = `RLIMIT_${Name.toUpperCase()}`
    const limit = own(type)?.hard
    const ceiling = mayRaise || limit === undefined || limit === unlimited ? Infinity : Number(limit)
    if (asNumber(Hard) > ceiling) clamped.push(Name)
    return { type, soft: Math.min(asNumber(Soft), ceiling), hard: Math.min(asNumber(Hard), ceiling) }
  })
  return { rlimits, clamped }
}
