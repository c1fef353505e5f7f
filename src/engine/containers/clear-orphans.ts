/**
 * Takes away what an engine that was killed left half-made: monitors and runtime state of starts that were never
 * acknowledged, staged filesystems, bundles, control groups, folders and snapshots that no record accounts for.
 */
import { join } from 'node:path'
import { errnoOf } from '#base/errors/gantry-error.ts'
import { clearStagedRoots } from '#engine/filesystem/container-root.ts'
import { removeCgroups } from '#engine/runtime/cgroups.ts'
import { deleteProcess, listProcesses } from '#engine/runtime/oci-runtime.ts'
import type { OciRuntime } from '#engine/runtime/oci-runtime.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { bundleOf } from './prepare-start.ts'
import { releaseRun } from './supervise-run.ts'

/** Killed programs are gone within moments; their mounts and control groups can be let go of only then. */
const endWithinMs = 5000
const lookEveryMs = 10

function livesOn(parts: EngineParts, id: string): boolean {
  const container = /^[0-9a-f]{64}$/.test(id) ? parts.book.find(id) : undefined
  return container !== undefined && isAlive(container.record.state)
}

/** The container that a monitor, or a runtime that a monitor called, works for; undefined for other programs. Pure. */
export function ownerOf(commandLine: string, bundles: string): string | undefined {
  const words = commandLine.split('\0')
  const program = (words[0] ?? '').slice((words[0] ?? '').lastIndexOf('/') + 1)
  if (!/^(conmon|crun|runc|nsenter)$/.test(program)) return undefined
  if (!words.some((word) => word.startsWith(`${bundles}/`))) return undefined
  return words.find((word) => /^[0-9a-f]{64}$/.test(word))
}

async function orphanedMonitors(parts: EngineParts): Promise<number[]> {
  const { files } = parts.world
  const found: number[] = []
  for (const { name } of await files.list('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = await files.readText(`/proc/${name}/cmdline`, { maxBytes: 1 << 16 }).catch(() => '')
    const owner = ownerOf(text, parts.paths.bundles)
    if (owner !== undefined && !livesOn(parts, owner)) found.push(Number(name))
  }
  return found
}

/** A start that goes on without its engine would make a container that nobody knows of. */
async function endMonitors(parts: EngineParts): Promise<void> {
  const { clock, processes } = parts.world
  const deadline = clock.monotonicMs() + endWithinMs
  for (let pids = await orphanedMonitors(parts); pids.length > 0; pids = await orphanedMonitors(parts)) {
    if (clock.monotonicMs() > deadline) {
      parts.log.warn('monitors of starts that were cut off do not end', { pids })
      return
    }
    for (const pid of pids) processes.kill(pid, 'SIGKILL')
    await clock.sleep(lookEveryMs)
  }
}

async function clearRuntime(parts: EngineParts): Promise<void> {
  for (const runtime of await parts.runtimes.withState()) await clearState(parts, runtime)
}

async function clearState(parts: EngineParts, runtime: OciRuntime): Promise<void> {
  const { files, processes } = parts.world
  for (const id of await listProcesses(files, runtime)) {
    if (livesOn(parts, id)) continue
    await deleteProcess({ processes, runtime }, id, { force: true }).catch((error: unknown) =>
      parts.log.warn('an orphan could not be removed', { container: id, error }),
    )
    // State that was being written when its runtime was killed: the runtime itself cannot read it.
    await files.remove(join(runtime.stateDirectory, id), { recursive: true, force: true })
  }
}

/** A bundle is the first thing that a start makes and the last that the end of a run removes. */
async function clearBundles(parts: EngineParts): Promise<void> {
  const { files, kernel } = parts.world
  for (const { name } of await files.list(parts.paths.bundles)) {
    const container = parts.book.find(name)
    if (container !== undefined && isAlive(container.record.state)) continue
    const bundle = join(parts.paths.bundles, name)
    if (container !== undefined && bundleOf(parts, container.id) === bundle) await releaseRun(parts, container)
    for (const target of await kernel.mounts.listBelow(bundle)) kernel.mounts.unmount(target, { detach: true })
    await files.remove(bundle, { recursive: true, force: true })
  }
  for (const { name } of await files.list(parts.paths.exits)) {
    if (!livesOn(parts, name)) await files.remove(join(parts.paths.exits, name), { force: true })
  }
}

async function clearFolders(parts: EngineParts): Promise<void> {
  const { files } = parts.world
  const known = new Set(parts.book.all().map((container) => container.id))
  for (const { name } of await files.list(parts.paths.containers)) {
    if (!known.has(name)) await files.remove(join(parts.paths.containers, name), { recursive: true, force: true })
  }
  await parts.volumes.removeOrphans((id) => known.has(id))
  for (const { key } of parts.images.snapshots.list()) {
    if (!/^[0-9a-f]{64}$/.test(key)) continue
    if (!known.has(key)) await parts.images.snapshots.remove(key)
    // Mounted for a copy that the engine's end cut off.
    else if (!livesOn(parts, key)) await parts.images.snapshots.unmount(key)
  }
}

/** Clears up. To be called before containers are looked at; what cannot be removed is logged and left. */
export async function clearOrphans(parts: EngineParts): Promise<void> {
  await endMonitors(parts)
  await clearStagedRoots(parts)
  await clearRuntime(parts)
  await removeCgroups(parts.world, parts.cgroupParent, (id) => !livesOn(parts, id)).catch((error: unknown) => {
    if (errnoOf(error) === undefined) throw error
    parts.log.warn('a control group could not be removed', { error })
  })
  await clearBundles(parts)
  await clearFolders(parts)
}
