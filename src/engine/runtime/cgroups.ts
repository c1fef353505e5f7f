/**
 * Control groups of running containers, read and written as files: pausing, changing limits, statistics. Works on
 * cgroup v1 (also beside a nearly empty v2, "hybrid") and on v2.
 */
import { join } from 'node:path'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Resources } from '#spec/docker/container-config.ts'

const mountPoint = '/sys/fs/cgroup'
const smallFileBytesMax = 1 << 16

/** True when the machine has only the unified hierarchy. */
export async function hasUnifiedCgroups(files: Files): Promise<boolean> {
  return files.exists(join(mountPoint, 'cgroup.controllers'))
}

/** Folder of a container's cgroup for a v1 controller; the controller does not matter on v2. */
export async function cgroupFolder(files: Files, controller: string, group: string): Promise<string> {
  return (await hasUnifiedCgroups(files)) ? join(mountPoint, group) : join(mountPoint, controller, group)
}

async function readOr(files: Files, path: string, fallback: string): Promise<string> {
  try {
    return (await files.readText(path, { maxBytes: smallFileBytesMax })).trim()
  } catch (error) {
    if (errnoOf(error) !== undefined) return fallback
    throw error
  }
}

export interface FreezeRequest {
  readonly parent: string
  readonly frozen: boolean
}

/** Stops or lets go on every process of a container. @throws GantryError when it has no cgroup. */
export async function freeze(files: Files, id: string, request: FreezeRequest): Promise<void> {
  const unified = await hasUnifiedCgroups(files)
  const folder = await cgroupFolder(files, 'freezer', `${request.parent}/${id}`)
  const [file, value] = unified
    ? ['cgroup.freeze', request.frozen ? '1' : '0']
    : ['freezer.state', request.frozen ? 'FROZEN' : 'THAWED']
  try {
    await files.write(join(folder, file ?? ''), value ?? '')
  } catch (error) {
    throw new GantryError(
      'ENGINE_FREEZE',
      'internal',
      `cannot ${request.frozen ? 'pause' : 'unpause'} container ${id}: ${String(error)}`,
      { cause: error },
    )
  }
}

/** Waits until a frozen container really stands still. */
export async function waitFrozen(files: Files, clock: Clock, group: string): Promise<void> {
  const unified = await hasUnifiedCgroups(files)
  const folder = await cgroupFolder(files, 'freezer', group)
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const text = await readOr(files, join(folder, unified ? 'cgroup.events' : 'freezer.state'), '')
    if (unified ? /^frozen 1$/m.test(text) : text === 'FROZEN') return
    await clock.sleep(5)
  }
}

/** One file to write: controller (v1), file name, text. */
export interface CgroupWrite {
  readonly controller: string
  readonly file: string
  readonly text: string
}

const limitText = (value: number): string => (value < 0 ? '-1' : String(value))

/** The writes that bring a running v1 container to new limits; memory grows before and shrinks after swap. Pure. */
export function planLimitWrites(resources: Resources): CgroupWrite[] {
  const { Memory, MemorySwap, MemoryReservation, CpuShares, CpusetCpus, CpusetMems, PidsLimit } = resources
  const periodUs = resources.NanoCpus > 0 ? 100_000 : resources.CpuPeriod
  const quotaUs = resources.NanoCpus > 0 ? Math.floor(resources.NanoCpus / 10_000) : resources.CpuQuota
  const rows: [boolean, string, string, string][] = [
    [MemorySwap !== 0, 'memory', 'memory.memsw.limit_in_bytes', limitText(MemorySwap)],
    [Memory > 0, 'memory', 'memory.limit_in_bytes', String(Memory)],
    [MemorySwap !== 0, 'memory', 'memory.memsw.limit_in_bytes', limitText(MemorySwap)],
    [MemoryReservation > 0, 'memory', 'memory.soft_limit_in_bytes', String(MemoryReservation)],
    [CpuShares > 0, 'cpu', 'cpu.shares', String(CpuShares)],
    [periodUs > 0, 'cpu', 'cpu.cfs_period_us', String(periodUs)],
    [quotaUs !== 0, 'cpu', 'cpu.cfs_quota_us', String(quotaUs)],
    [CpusetCpus !== '', 'cpuset', 'cpuset.cpus', CpusetCpus],
    [CpusetMems !== '', 'cpuset', 'cpuset.mems', CpusetMems],
    [PidsLimit !== null, 'pids', 'pids.max', PidsLimit === null || PidsLimit <= 0 ? 'max' : String(PidsLimit)],
  ]
  return rows.filter(([wanted]) => wanted).map(([, controller, file, text]) => ({ controller, file, text }))
}

/** The same for v2 (names and units of the unified hierarchy; swap there does not include memory). Pure. */
export function planUnifiedLimitWrites(resources: Resources): CgroupWrite[] {
  const { Memory, MemorySwap, MemoryReservation, CpuShares, CpusetCpus, CpusetMems, PidsLimit } = resources
  const periodUs = resources.NanoCpus > 0 || resources.CpuPeriod === 0 ? 100_000 : resources.CpuPeriod
  const quotaUs = resources.NanoCpus > 0 ? Math.floor(resources.NanoCpus / 10_000) : resources.CpuQuota
  const weight = 1 + Math.floor(((CpuShares - 2) * 9999) / 262_142)
  const swap = MemorySwap < 0 ? 'max' : String(Math.max(0, MemorySwap - Memory))
  const rows: [boolean, string, string][] = [
    [Memory > 0, 'memory.max', String(Memory)],
    [MemorySwap !== 0, 'memory.swap.max', swap],
    [MemoryReservation > 0, 'memory.low', String(MemoryReservation)],
    [CpuShares > 0, 'cpu.weight', String(weight)],
    [quotaUs !== 0, 'cpu.max', `${quotaUs < 0 ? 'max' : quotaUs} ${periodUs}`],
    [CpusetCpus !== '', 'cpuset.cpus', CpusetCpus],
    [CpusetMems !== '', 'cpuset.mems', CpusetMems],
    [PidsLimit !== null, 'pids.max', PidsLimit === null || PidsLimit <= 0 ? 'max' : String(PidsLimit)],
  ]
  return rows.filter(([wanted]) => wanted).map(([, file, text]) => ({ controller: '', file, text }))
}

/** Changes the limits of a running container. @throws GantryError with the kernel's reason for the first write it refuses. */
export async function applyLimits(files: Files, group: string, resources: Resources): Promise<void> {
  const unified = await hasUnifiedCgroups(files)
  const writes = unified ? planUnifiedLimitWrites(resources) : planLimitWrites(resources)
  const failed = new Map<string, unknown>()
  for (const { controller, file, text } of writes) {
    try {
      await files.write(join(await cgroupFolder(files, controller, group), file), text)
      failed.delete(file)
    } catch (error) {
      // Swap comes twice: once before memory grows, once after it shrank; one of the two is enough.
      failed.set(file, error)
    }
  }
  for (const [file, error] of failed) {
    throw new GantryError(
      'ENGINE_LIMITS',
      'internal',
      `Cannot update container: failed to write ${file}: ${String(error)}`,
      { cause: error },
    )
  }
}

/**
 * Removes containers' cgroups below `parent` that `isOrphan` picks by container id, in every hierarchy; what still runs in
 * them is killed.
 */
export async function removeCgroups(
  { files, processes }: { readonly files: Files; readonly processes: Processes },
  parent: string,
  isOrphan: (id: string) => boolean,
): Promise<void> {
  const hierarchies = (await hasUnifiedCgroups(files))
    ? [mountPoint]
    : (await files.list(mountPoint))
        .filter(({ type }) => type === 'directory')
        .map(({ name }) => join(mountPoint, name))
  for (const hierarchy of hierarchies) {
    const folder = join(hierarchy, parent)
    if (!(await files.exists(folder))) continue
    for (const { name, type } of await files.list(folder))
      if (type === 'directory' && /^[0-9a-f]{64}$/.test(name) && isOrphan(name))
        await removeTree({ files, processes }, join(folder, name))
  }
}

/** Deepest first: a cgroup with others below it cannot be removed. Those that still empty themselves are left. */
async function removeTree(
  deps: { readonly files: Files; readonly processes: Processes },
  folder: string,
): Promise<void> {
  for (const { name, type } of await deps.files.list(folder).catch(() => []))
    if (type === 'directory') await removeTree(deps, join(folder, name))
  const pids = (await readOr(deps.files, join(folder, 'cgroup.procs'), '')).split('\n').map(Number)
  for (const pid of pids) if (pid > 1) deps.processes.kill(pid, 'SIGKILL')
  // A control group is an empty folder to rmdir, although it lists files.
  await deps.files.remove(folder, { force: true })
}
