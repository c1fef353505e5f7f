/** Pause and unpause: every process of a container stands still, or goes on. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { freeze, waitFrozen } from '#engine/runtime/cgroups.ts'
import type { Container } from './container-book.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'

/** The cgroup of a container, as a path below each hierarchy. */
export function cgroupOf(
  parts: EngineParts,
  container: Container,
): { readonly parent: string; readonly group: string } {
  const { CgroupParent } = container.record.hostConfig
  const parent = CgroupParent === '' ? parts.cgroupParent : CgroupParent
  return { parent, group: `${parent}/${container.id}` }
}

/** Engine API `POST /containers/{id}/pause`. @throws GantryError conflict when it does not run or is paused already. */
export async function pauseContainer(parts: EngineParts, container: Container): Promise<void> {
  await parts.book.locks.run(container.id, async () => {
    const { status } = container.record.state
    if (status === 'paused')
      throw new GantryError('ENGINE_PAUSED', 'conflict', `Container ${container.id} is already paused`)
    if (status === 'restarting')
      throw new GantryError(
        'ENGINE_RESTARTING',
        'conflict',
        `Container ${container.id} is restarting, wait until the container is running`,
        { remedy: 'Wait until it runs, or stop it.' },
      )
    if (status !== 'running')
      throw new GantryError('ENGINE_NOT_RUNNING', 'conflict', `Container ${container.id} is not running`, {
        remedy: 'Start it first.',
      })
    const { parent, group } = cgroupOf(parts, container)
    await freeze(parts.world.files, container.id, { parent, frozen: true })
    await waitFrozen(parts.world.files, parts.world.clock, group)
    await parts.book.update(container, { state: { status: 'paused' } })
    parts.emit({ type: 'container', action: 'pause', id: container.id, attributes: attributesOf(container.record) })
  })
}

/** Engine API `POST /containers/{id}/unpause`. @throws GantryError conflict when it is not paused. */
export async function unpauseContainer(parts: EngineParts, container: Container): Promise<void> {
  await parts.book.locks.run(container.id, async () => {
    if (container.record.state.status !== 'paused')
      throw new GantryError('ENGINE_NOT_PAUSED', 'conflict', `Container ${container.id} is not paused`, {
        remedy: 'docker ps shows what is paused.',
      })
    await freeze(parts.world.files, container.id, { parent: cgroupOf(parts, container).parent, frozen: false })
    await parts.book.update(container, { state: { status: 'running' } })
    parts.emit({ type: 'container', action: 'unpause', id: container.id, attributes: attributesOf(container.record) })
  })
}
