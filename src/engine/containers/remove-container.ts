/** Takes a container away: its process if forced, its filesystem, its files, its anonymous volumes, its record. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { bundleOf, folderOf } from './prepare-start.ts'
import { signalContainer, sigkill, waitStopped } from './signal-container.ts'

export interface RemoveOptions {
  /** Kill it first if it runs. */
  readonly force?: boolean
  /** Also the volumes that were made for it alone. */
  readonly volumes?: boolean
}

const killMsMax = 10_000

function refuseAlive(container: Container): GantryError {
  const { id, record } = container
  const { status } = record.state
  if (status === 'paused') {
    return new GantryError(
      'ENGINE_REMOVE_ALIVE',
      'conflict',
      `You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal or force remove`,
    )
  }
  if (status === 'restarting') {
    return new GantryError(
      'ENGINE_REMOVE_ALIVE',
      'conflict',
      `You cannot remove a restarting container ${id}. Stop the container before attempting removal or force remove`,
    )
  }
  return new GantryError(
    'ENGINE_REMOVE_ALIVE',
    'conflict',
    `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
    {
      remedy: 'Stop it first, or force the removal.',
    },
  )
}

/** How its last run ended is still there where a full disk kept it from being recorded. */
async function forgetRun(parts: EngineParts, id: string): Promise<void> {
  const { files } = parts.world
  await files.remove(join(parts.paths.exits, id), { force: true })
  await files.remove(bundleOf(parts, id), { recursive: true, force: true })
}

/** The removal itself; the caller holds the container's lock and the container does not run. */
export async function removeLocked(parts: EngineParts, container: Container, options: RemoveOptions): Promise<void> {
  const { id, record } = container
  container.removing = true
  container.pendingRestart?.abort()
  try {
    // On a full disk too: a removal is what makes room.
    await parts.book.note(container, { state: { status: 'removing' }, takesVolumes: options.volumes === true })
    // A volume that is to stay must not look like one that a crash left: told before the container is gone.
    if (options.volumes !== true) await eachAnonymous(container, (name) => parts.volumes.keep(name))
    await parts.images.snapshots.remove(id)
    await parts.world.files.remove(folderOf(parts, id), { recursive: true, force: true })
    await parts.book.remove(container)
    await forgetRun(parts, id)
  } catch (error) {
    container.removing = false
    await parts.book.note(container, { state: { status: 'dead', error: String(error) } })
    throw error
  }
  if (options.volumes === true) await removeVolumes(parts, container)
  parts.emit({ type: 'container', action: 'destroy', id, attributes: attributesOf(record) })
}

async function eachAnonymous(container: Container, act: (name: string) => Promise<void>): Promise<void> {
  for (const mount of container.record.mounts) {
    const name = mount.point.Name
    if (mount.anonymous === true && name !== undefined) await act(name)
  }
}

function removeVolumes(parts: EngineParts, container: Container): Promise<void> {
  return eachAnonymous(container, (name) =>
    parts.volumes.remove(name, { force: true }).catch((error: unknown) => {
      if (!(error instanceof GantryError) || error.kind !== 'conflict') throw error
      // Another container took it over with --volumes-from.
      return parts.volumes.keep(name)
    }),
  )
}

/**
 * Removes a container (Engine API `DELETE /containers/{id}`).
 * @throws GantryError conflict while it runs (unless forced) or while it is being removed already.
 */
export async function removeContainer(
  parts: EngineParts,
  container: Container,
  options: RemoveOptions = {},
): Promise<void> {
  if (container.removing) {
    throw new GantryError(
      'ENGINE_REMOVAL_RUNNING',
      'conflict',
      `removal of container ${container.id} is already in progress`,
      { remedy: 'Wait for the other removal.' },
    )
  }
  const { state } = container.record
  const waitingToRestart = state.status === 'restarting'
  if (isAlive(state) || waitingToRestart) {
    if (options.force !== true) throw refuseAlive(container)
    container.removing = true
    container.pendingRestart?.abort()
    await forceStop(parts, container).catch((error: unknown) => {
      container.removing = false
      throw error
    })
  }
  container.removing = true
  await parts.book.locks.run(container.id, async () => {
    if (parts.book.find(container.id) === undefined) return
    await removeLocked(parts, container, options)
  })
}

async function forceStop(parts: EngineParts, container: Container): Promise<void> {
  if (!isAlive(container.record.state)) return
  await signalContainer(parts, container, sigkill)
  if (await waitStopped(parts, container, killMsMax)) return
  throw new GantryError(
    'ENGINE_KILL_FAILED',
    'internal',
    `Could not kill container ${container.id}: it did not end within 10 seconds`,
  )
}
