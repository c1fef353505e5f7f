/** Changes to a container that exists: its limits and restart policy, its name. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HostConfig, Resources } from '#spec/docker/container-config.ts'
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

/** The host configuration after an update: zero and empty mean "as it was". Pure. @throws GantryError in Docker's words. */
export function planUpdate(before: HostConfig, update: ContainerUpdate, cpuCount: number): HostConfig {
  const rows = updatable
    .map((key) => [key, update[key]] as const)
    .filter(([, value]) => value !== undefined && value !== null && value !== 0 && value !== '')
  const changes: Partial<Resources> = Object.fromEntries(rows)
  if (changes.NanoCpus !== undefined && (before.CpuPeriod > 0 || before.CpuQuota > 0)) {
    throw new GantryError(
      'ENGINE_HOST_CONFIG',
      'invalid',
      'Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set',
    )
  }
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
  checkRestartPolicy(after.RestartPolicy, after.AutoRemove)
  return after
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
    const after = planUpdate(container.record.hostConfig, update, parts.facts.cpuCount)
    if (isAlive(container.record.state)) await applyLimits(parts.world.files, cgroupOf(parts, container).group, after)
    await parts.book.update(container, { hostConfig: after })
    parts.emit({ type: 'container', action: 'update', id: container.id, attributes: attributesOf(container.record) })
    return []
  })
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
