/**
 * Takes away what the kernel holds for an engine that no longer runs: processes, control groups, mounts, pinned
 * namespaces, interfaces, the packet filter's table. Everything is found by names that carry the engine's instance or
 * root, so that other engines are not touched; what is gone already is fine.
 */
import { hostNames } from '#engine/networks/host-names.ts'
import type { NetworkRecord } from '#engine/networks/network-record.ts'
import { createRecordTable } from '#engine/records/record-table.ts'
import { openSqliteStore } from '#kit/store/sqlite-store.ts'
import type { World } from '#world/ports/world.ts'
import { placesOf } from './engine-places.ts'

const cgroupRoot = '/sys/fs/cgroup'
const mountRoundsMax = 50

/** Sweeps. @returns what was removed, in words for people: `3 mounts`. */
export async function sweepMachine(world: World, root: string): Promise<string[]> {
  const { instance, runDirectory } = placesOf(root)
  const bridges = await bridgesOf(world, root, instance)
  const counts: [number, string][] = [
    [await endProcesses(world, instance, runDirectory), 'process'],
    [await removeMounts(world, [runDirectory, root], instance), 'mount'],
    [removeInterfaces(world, instance, bridges), 'interface'],
    [removeTable(world, instance), 'packet filter table'],
    [await removeCgroups(world, instance), 'control group'],
  ]
  await removeRunDirectory(world, runDirectory, instance)
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? '' : what === 'process' ? 'es' : 's'}`)
}

/** Bridges of the networks that the engine's records name; readable while no engine has the store open. */
async function bridgesOf(world: World, root: string, instance: string): Promise<ReadonlySet<string>> {
  const path = `${root}/engine.db`
  if (!(await world.files.exists(path))) return new Set()
  await using store = openSqliteStore({ path, clock: world.clock })
  const names = hostNames(instance)
  const networks = await createRecordTable<NetworkRecord>(store, 'networks').load()
  return new Set([...networks.values()].flatMap((network) => [names.bridge(network), names.standIn(network.id)]))
}

function cgroupName(instance: string): string {
  return instance === '' ? 'gantry' : `gantry-${instance}`
}

/** Every control group of the engine, in every hierarchy, deepest first. */
async function cgroupsOf(world: World, instance: string): Promise<string[]> {
  const name = cgroupName(instance)
  const hierarchies = await world.files.list(cgroupRoot).catch(() => [])
  const tops = [
    cgroupRoot,
    ...hierarchies.filter(({ type }) => type === 'directory').map((entry) => `${cgroupRoot}/${entry.name}`),
  ]
  const found: string[] = []
  const walk = async (path: string): Promise<void> => {
    for (const entry of await world.files.list(path).catch(() => []))
      if (entry.type === 'directory') await walk(`${path}/${entry.name}`)
    found.push(path)
  }
  for (const top of tops) if (await world.files.exists(`${top}/${name}`)) await walk(`${top}/${name}`)
  return found
}

async function endProcesses(world: World, instance: string, runDirectory: string): Promise<number> {
  const { processes, clock } = world
  const ended = new Set<number>()
  // A process that forks while it is being killed is found by the next round.
  for (let round = 0; round < 50; round += 1) {
    const pids = [...(await processesIn(world, instance)), ...(await monitorsOf(world, runDirectory))]
    if (pids.length === 0) break
    for (const pid of pids) {
      ended.add(pid)
      processes.kill(pid, 'SIGKILL')
    }
    await clock.sleep(20)
  }
  return ended.size
}

async function processesIn(world: World, instance: string): Promise<number[]> {
  const texts = await Promise.all(
    (await cgroupsOf(world, instance)).map((path) => world.files.readText(`${path}/cgroup.procs`).catch(() => '')),
  )
  return texts.flatMap((text) => text.split('\n').filter(Boolean).map(Number)).filter((pid) => pid > 1)
}

/** Monitors and helpers whose command line names the engine's own run-time folders. */
async function monitorsOf(world: World, runDirectory: string): Promise<number[]> {
  const found: number[] = []
  for (const { name } of await world.files.list('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === world.processes.self.pid) continue
    const words = (await world.files.readText(`/proc/${name}/cmdline`).catch(() => '')).split('\0')
    const program = (words[0] ?? '').slice((words[0] ?? '').lastIndexOf('/') + 1)
    if (
      /^(conmon|crun|runc)$/.test(program) &&
      words.some((word) => word.startsWith(`${runDirectory}/b/`) || word.startsWith(`${runDirectory}/runtime`))
    )
      found.push(Number(name))
  }
  return found
}

/** The main engine's run directory holds those of others in folders of eight digits: these are left alone. */
function isOthers(path: string, runDirectory: string, instance: string): boolean {
  return (
    instance === '' &&
    path.startsWith(`${runDirectory}/`) &&
    /^[0-9a-f]{8}(\/|$)/.test(path.slice(runDirectory.length + 1))
  )
}

/** Mounts may lie on top of each other, and a runtime that is being killed may still make one: looked at until none is left. */
async function removeMounts(world: World, folders: readonly string[], instance: string): Promise<number> {
  let count = 0
  for (let round = 0; round < mountRoundsMax; round += 1) {
    const listed = await Promise.all(folders.map((folder) => world.kernel.mounts.listBelow(folder)))
    const ours = listed.flat().filter((target) => !isOthers(target, folders[0] ?? '', instance))
    if (ours.length === 0) break
    if (round > 0) await world.clock.sleep(20)
    for (const target of ours) if (world.kernel.mounts.unmount(target, { detach: true })) count += 1
  }
  return count
}

async function removeRunDirectory(world: World, runDirectory: string, instance: string): Promise<void> {
  if (instance !== '') return world.files.remove(runDirectory, { recursive: true, force: true })
  for (const { name } of await world.files.list(runDirectory).catch(() => [])) {
    if (isOthers(`${runDirectory}/${name}`, runDirectory, instance) || name === 'pools.lock') continue
    await world.files.remove(`${runDirectory}/${name}`, { recursive: true, force: true })
  }
}

function removeInterfaces(world: World, instance: string, bridges: ReadonlySet<string>): number {
  const names = hostNames(instance)
  using netlink = world.kernel.namespaces.netlink()
  const ours = netlink.links().filter(({ name }) => bridges.has(name) || names.isVeth(name))
  for (const { name } of ours) if (netlink.link(name) !== undefined) netlink.deleteLink(name)
  return ours.length
}

function removeTable(world: World, instance: string): number {
  const { table } = hostNames(instance)
  try {
    world.kernel.packetFilter.apply(`delete table inet ${table}`)
    return 1
  } catch {
    return 0
  }
}

async function removeCgroups(world: World, instance: string): Promise<number> {
  const paths = await cgroupsOf(world, instance)
  // A control group is an empty folder to rmdir, although it lists files: `remove` without `recursive` is that.
  for (const path of paths) await world.files.remove(path, { force: true }).catch(() => undefined)
  return paths.length
}
