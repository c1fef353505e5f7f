/** Changes to a container that exists: its limits and restart policy, its name. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HostConfig, Resources } from '#spec/docker/container-config.ts'
import { splitLink } from '#engine/networks/container-networking.ts'
import { applyLimits } from '#engine/runtime/cgroups.ts'
import { checkResources, checkRestartPolicy } from './check-host-config.ts'
import { parseContainerName } from './container-book.ts'
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { cgroupOf } from './pause-container.ts'

export type ContainerUpdate = Partial<Resources> & { readonly RestartPolicy?: HostConfig['RestartPolicy'] }

const updatable: readonly (keyof Resources)[] = [
  'CpuShares',
  'Memory',
  'NanoCpus',
  'BlkioWeight',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'CpusetMems',
  'MemoryReservation',
  'MemorySwap',
  'PidsLimit',
]

/** CPU limits are told in one of two ways, and an update keeps to that of the creation. */
function conflictOf(before: HostConfig, changes: Partial<Resources>): string | undefined {
  const rows: [boolean, string][] = [
    [changes.NanoCpus !== undefined && before.CpuPeriod > 0, 'Nano CPUs cannot be updated as CPU Period'],
    [changes.NanoCpus !== undefined && before.CpuQuota > 0, 'Nano CPUs cannot be updated as CPU Quota'],
    [before.NanoCpus > 0 && changes.CpuPeriod !== undefined, 'CPU Period cannot be updated as NanoCPUs'],
    [before.NanoCpus > 0 && changes.CpuQuota !== undefined, 'CPU Quota cannot be updated as NanoCPUs'],
  ]
  return rows.find(([applies]) => applies)?.[1]
}

/** The host configuration after an update: zero and empty mean "as it was". Pure. @throws GantryError in Docker's words. */
export function planUpdate(before: HostConfig, update: ContainerUpdate, cpuCount: number): HostConfig {
  const rows = updatable
    .map((key) => [key, update[key]] as const)
    .filter(([, value]) => value !== undefined && value !== null && value !== 0 && value !== '')
  const changes: Partial<Resources> = Object.fromEntries(rows)
  const conflict = conflictOf(before, changes)
  if (conflict !== undefined)
    throw new GantryError('ENGINE_HOST_CONFIG', 'conflict', `Conflicting options: ${conflict} has already been set`)
  if (
    changes.Memory !== undefined &&
    changes.MemorySwap === undefined &&
    before.MemorySwap > 0 &&
    before.MemorySwap < changes.Memory
  ) {
    throw new GantryError(
      'ENGINE_HOST_CONFIG',
      'conflict',
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    )
  }
  const policy = update.RestartPolicy
  const renewed = policy !== undefined && policy.Name !== undefined && (policy.Name as string) !== ''
  const after: HostConfig = {
    ...before,
    ...changes,
    ...(renewed ? { RestartPolicy: { Name: policy.Name, MaximumRetryCount: policy.MaximumRetryCount ?? 0 } } : {}),
  }
  checkResources(after, cpuCount)
  checkRestartPolicy(after.RestartPolicy, false)
  if (before.AutoRemove && !['', 'no'].includes(after.RestartPolicy.Name))
    throw new GantryError(
      'ENGINE_HOST_CONFIG',
      'conflict',
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
      { remedy: 'Create the container without --rm.' },
    )
  return after
}

/** What does not go with what the container has is told with its name; what never makes sense is told without. */
function planFor(container: Container, update: ContainerUpdate, cpuCount: number): HostConfig {
  try {
    return planUpdate(container.record.hostConfig, update, cpuCount)
  } catch (error) {
    if (!(error instanceof GantryError) || error.kind !== 'conflict') throw error
    throw new GantryError(error.code, 'conflict', `Cannot update container ${container.id}: ${error.message}`, {
      cause: error,
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    })
  }
}

/** Engine API `POST /containers/{id}/update`. @returns warnings. */
export async function updateContainer(
  parts: EngineParts,
  container: Container,
  update: ContainerUpdate,
): Promise<readonly string[]> {
  return parts.book.locks.run(container.id, async () => {
    if (container.removing)
      throw new GantryError(
        'ENGINE_REMOVING',
        'conflict',
        `Cannot update container ${container.id}: Container is marked for removal and cannot be "update".`,
        { remedy: 'Create another container.' },
      )
    const after = planFor(container, update, parts.facts.cpuCount)
    if (isAlive(container.record.state)) await applyLimits(parts.world.files, cgroupOf(parts, container).group, after)
    await parts.book.update(container, { hostConfig: after })
    parts.emit({ type: 'container', action: 'update', id: container.id, attributes: attributesOf(container.record) })
    return []
  })
}

/**
 * Takes a legacy link away (`docker rm --link CONTAINER/ALIAS`); the variables of a running process stay.
 * @throws GantryError not-found when there is no such link.
 */
export async function removeContainerLink(parts: EngineParts, path: string): Promise<void> {
  const separator = path.lastIndexOf('/')
  const [name, alias] = [path.slice(0, Math.max(0, separator)), path.slice(separator + 1)]
  const container = parts.book.find(name)
  const links = container?.record.hostConfig.Links ?? []
  const rest = links.filter((link) => splitLink(link)[1] !== alias)
  if (container === undefined || rest.length === links.length)
    throw new GantryError('ENGINE_NO_SUCH_CONTAINER', 'not-found', `No such container: ${path}`, {
      remedy: 'Name the container and the alias: CONTAINER/ALIAS.',
    })
  await parts.book.locks.run(container.id, () =>
    parts.book.update(container, {
      hostConfig: { ...container.record.hostConfig, Links: rest.length === 0 ? null : rest },
    }),
  )
}

/** A name that cannot be had, in the words that Docker has for a rename. */
function refuseName(error: unknown): never {
  if (!(error instanceof GantryError)) throw error
  throw new GantryError(error.code, error.kind, `Error when allocating new name: ${error.message}`, {
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  })
}

function parseNewName(newName: string): string {
  try {
    return parseContainerName(newName.startsWith('/') ? newName : `/${newName}`)
  } catch (error) {
    return refuseName(error)
  }
}

/** Engine API `POST /containers/{id}/rename`. @throws GantryError conflict when the name is taken or the same. */
export async function renameContainer(parts: EngineParts, container: Container, newName: string): Promise<void> {
  await parts.book.locks.run(container.id, async () => {
    if (newName === '')
      throw new GantryError('ENGINE_NAME_INVALID', 'invalid', 'Neither old nor new names may be empty')
    const name = parseNewName(newName)
    const oldName = container.record.name
    if (name === oldName)
      throw new GantryError(
        'ENGINE_SAME_NAME',
        'invalid',
        'Renaming a container with the same name as its current name',
        { remedy: 'Choose another name.' },
      )
    await parts.book.rename(container, name).catch(refuseName)
    await parts.networking.rename(container.record)
    parts.emit({
      type: 'container',
      action: 'rename',
      id: container.id,
      attributes: attributesOf(container.record, { oldName: `/${oldName}` }),
    })
  })
}
