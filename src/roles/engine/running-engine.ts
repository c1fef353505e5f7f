/** Finds the engine of a root as it is now: its process, whether it answers, and a client for it. */
import { createEngineClient } from '#clients/docker/engine-client.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import type { World } from '#world/ports/world.ts'
import { placesOf } from './engine-places.ts'
import type { EngineIdentity } from './engine-places.ts'

/** A client of the engine that listens on a unix socket. */
export function clientAt(world: World, socket: string): EngineClient {
  return createEngineClient({
    address: `unix://${socket}`,
    host: 'docker',
    dial: (signal) => world.network.dialUnix(socket, signal),
  })
}

/** The process that serves a root; undefined when none does (a file of one that was killed does not count). */
export async function findEngine(world: World, root: string): Promise<EngineIdentity | undefined> {
  const { identityFile } = placesOf(root)
  const text = await world.files.readText(identityFile, { maxBytes: 4096 }).catch(() => '')
  const identity = parseIdentity(text)
  if (identity === undefined) return undefined
  return (await isRunning(world, identity)) ? identity : undefined
}

/** True while the process that wrote the identity runs; one that nobody has reaped yet is gone too. */
export async function isRunning(world: World, { pid, startTicks }: EngineIdentity): Promise<boolean> {
  if ((await world.processes.startTicks(pid)) !== startTicks) return false
  const stat = await world.files.readText(`/proc/${pid}/stat`, { maxBytes: 4096 }).catch(() => '')
  return !['Z', 'X', ''].includes(stat.slice(stat.lastIndexOf(')') + 2).slice(0, 1))
}

function parseIdentity(text: string): EngineIdentity | undefined {
  try {
    const value = JSON.parse(text) as Partial<EngineIdentity>
    const known = typeof value.pid === 'number' && value.pid > 1 && typeof value.startTicks === 'number'
    return known && Array.isArray(value.hosts) ? (value as EngineIdentity) : undefined
  } catch {
    return undefined
  }
}

/** The unix socket among an engine's addresses, by default the one of its root. */
export function socketOf(root: string, identity: EngineIdentity | undefined): string {
  const unix = identity?.hosts.find((host) => host.startsWith('unix://'))
  return unix === undefined ? placesOf(root).socket : unix.slice('unix://'.length)
}

/** True when it answers a ping. */
export async function answers(world: World, socket: string): Promise<boolean> {
  try {
    await clientAt(world, socket).ping()
    return true
  } catch {
    return false
  }
}
