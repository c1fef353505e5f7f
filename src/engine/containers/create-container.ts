/** Makes a container: checks and completes what was asked for, reserves the name, makes its volumes, writes the record. */
import { join } from 'node:path'
import { createUndoStack } from '#base/async/undo-stack.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { requirePlatform } from '#images/records/require-platform.ts'
import type { ContainerCreateBody, HostConfig } from '#spec/docker/container-config.ts'
import { checkHostConfig } from './check-host-config.ts'
import { completeHostConfig } from './complete-host-config.ts'
import { parseContainerName } from './container-book.ts'
import type { Container } from './container-book.ts'
import { newState } from './container-record.ts'
import type { ContainerMount, ContainerRecord } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { mergeConfig } from './merge-config.ts'
import { planMounts } from './plan-mounts.ts'
import type { MountsRequest, PlannedMount } from './plan-mounts.ts'

export interface CreateContainerRequest {
  readonly body: ContainerCreateBody
  /** As given; empty: one is invented. */
  readonly name: string
  /** `os/arch[/variant]` that the image must be of; empty: any. */
  readonly platform: string
}

export interface CreatedContainer {
  readonly id: string
  readonly warnings: readonly string[]
}

function inheritedMounts(parts: EngineParts, hostConfig: HostConfig): MountsRequest['inherited'] {
  return (hostConfig.VolumesFrom ?? []).flatMap((entry) => {
    const separator = entry.indexOf(':')
    const name = separator < 0 ? entry : entry.slice(0, separator)
    const mode = separator < 0 ? '' : entry.slice(separator + 1)
    if (!['', 'ro', 'rw', 'z', 'Z'].includes(mode)) {
      throw new GantryError('ENGINE_MOUNT_INVALID', 'invalid', `invalid mode: ${mode}`)
    }
    return resolveNamed(parts, name).record.mounts.map((mount) => ({ mount, readOnly: mode === 'ro' }))
  })
}

/** Makes what a planned mount stands on: a volume's folder, a missing bind source. */
async function makeMount(parts: EngineParts, plan: PlannedMount, containerId: string): Promise<ContainerMount> {
  const point = { Destination: plan.target, Mode: plan.mode, RW: !plan.readOnly, Propagation: plan.propagation }
  const common = {
    copyUp: plan.copyUp,
    recursive: plan.recursive,
    createSource: plan.createSource,
    ...(plan.subpath === undefined ? {} : { subpath: plan.subpath }),
  }
  if (plan.type === 'volume') {
    const record = await parts.volumes.create({
      name: plan.source,
      driver: plan.driver,
      options: plan.driverOptions,
      labels: plan.labels,
      madeFor: containerId,
    })
    const source = parts.volumes.pathOf(record.name)
    return {
      ...common,
      point: { Type: 'volume', Name: record.name, Source: source, Driver: record.driver, ...point },
      ...(plan.source === '' ? { anonymous: true } : {}),
    }
  }
  if (plan.type === 'tmpfs')
    return { ...common, point: { Type: 'tmpfs', Source: '', ...point }, tmpfs: plan.tmpfs ?? [] }
  if (plan.type === 'image') {
    const image = parts.images.resolve(plan.source)
    return { ...common, point: { Type: 'image', Name: plan.source, Source: image.id, ...point } }
  }
  if (!(await parts.world.files.exists(plan.source)) && !plan.createSource) {
    throw new GantryError(
      'ENGINE_BIND_SOURCE',
      'invalid',
      `invalid mount config for type "bind": bind source path does not exist: ${plan.source}`,
      {
        remedy: 'Create the path first, or use -v, which makes a folder.',
      },
    )
  }
  return { ...common, point: { Type: 'bind', Source: plan.source, ...point } }
}

/** Another container that a request names. Not a 404: clients would take that for the image and pull it. */
function resolveNamed(parts: EngineParts, name: string, context = ''): Container {
  const found = parts.book.find(name)
  if (found !== undefined) return found
  throw new GantryError('ENGINE_OTHER_CONTAINER', 'invalid', `${context}No such container: ${name}`, {
    remedy: 'docker ps -a lists them.',
  })
}

/**
 * Containers that `container:X` modes point at are kept as their ids. Those whose processes are shared must exist, and
 * so must linked ones; a network's owner is looked for at the start.
 */
function resolveContainerModes(parts: EngineParts, hostConfig: HostConfig): HostConfig {
  const named = (mode: string): string => (mode.startsWith('container:') ? mode.slice('container:'.length) : '')
  const keep = (mode: string, id: string | undefined): string => (id === undefined ? mode : `container:${id}`)
  const resolve = (mode: string): string =>
    named(mode) === '' ? mode : keep(mode, resolveNamed(parts, named(mode)).id)
  for (const link of hostConfig.Links ?? []) {
    const [name = ''] = link.split(':')
    resolveNamed(parts, name, `could not get container for ${name}: `)
  }
  return {
    ...hostConfig,
    NetworkMode: keep(hostConfig.NetworkMode, parts.book.find(named(hostConfig.NetworkMode))?.id),
    PidMode: resolve(hostConfig.PidMode),
    IpcMode: resolve(hostConfig.IpcMode),
  }
}

/** What its user asked for and what follows from it, checked: configuration, host configuration, warnings. */
function planConfig(
  parts: EngineParts,
  request: CreateContainerRequest,
  image: ImageRecord & { readonly containerId: string },
): Pick<ContainerRecord, 'config' | 'hostConfig'> & { readonly warnings: string[] } {
  const { body } = request
  const completed = completeHostConfig(body.HostConfig ?? {}, parts.defaults)
  const sharesName = completed.NetworkMode === 'host' || completed.UTSMode === 'host'
  const hostname = sharesName ? parts.world.machine.hostname : image.containerId.slice(0, 12)
  const config = mergeConfig(body, image.config.config ?? {}, hostname)
  const hostnameGiven = (body.Hostname ?? '') !== ''
  const exposes = Object.keys(body.ExposedPorts ?? {}).length > 0
  const warnings = checkHostConfig(completed, config, { facts: parts.facts, hostnameGiven, exposes })
  return { config, warnings, hostConfig: resolveContainerModes(parts, completed) }
}

function planRecord(
  parts: EngineParts,
  request: CreateContainerRequest,
  image: ImageRecord,
): { readonly record: ContainerRecord; readonly warnings: string[]; readonly mounts: ReturnType<typeof planMounts> } {
  const { body } = request
  const id = parts.book.inventId()
  const name = request.name === '' ? parts.book.inventName() : parseContainerName(request.name)
  const { config, hostConfig, warnings } = planConfig(parts, request, { ...image, containerId: id })
  const mounts = planMounts({
    engineRoot: parts.paths.root,
    hostConfig,
    volumes: Object.keys(config.Volumes ?? {}),
    inherited: inheritedMounts(parts, hostConfig),
  })
  const networks = parts.networking.plan({
    networkMode: config.NetworkDisabled === true ? 'none' : hostConfig.NetworkMode,
    endpoints: body.NetworkingConfig?.EndpointsConfig ?? {},
    macAddress: config.MacAddress,
  })
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]
  const record: ContainerRecord = {
    id,
    name,
    createdAt: parts.world.clock.now(),
    imageId: image.id,
    layers: image.diffIds,
    path,
    args,
    config,
    hostConfig,
    networks,
    mounts: [],
    state: newState,
    platform: 'linux',
  }
  return { record, warnings, mounts }
}

/**
 * Creates a container (Engine API `POST /containers/create`). Nothing is left behind when it fails.
 * @throws GantryError not-found for an unknown image, network or container named; conflict for a taken name; invalid for
 * anything that makes no sense.
 */
export async function createContainer(parts: EngineParts, request: CreateContainerRequest): Promise<CreatedContainer> {
  const reference = request.body.Image ?? ''
  const image = parts.images.resolve(reference)
  requirePlatform(image, request.platform, reference)
  const plan = planRecord(parts, request, image)
  await using undo = createUndoStack((error) => parts.log.warn('a create could not be undone', { error }))
  const folder = join(parts.paths.containers, plan.record.id)
  parts.book.requireFreeName(plan.record.name)
  const mounts: ContainerMount[] = [...plan.mounts.inherited]
  for (const planned of plan.mounts.planned) {
    const isNew =
      planned.type === 'volume' && (planned.source === '' || parts.volumes.find(planned.source) === undefined)
    const mount = await makeMount(parts, planned, plan.record.id)
    mounts.push(mount)
    if (isNew && mount.point.Name !== undefined) {
      const volume = mount.point.Name
      undo.defer(() => parts.volumes.remove(volume, { force: true }))
    }
  }
  undo.defer(() => parts.world.files.remove(folder, { recursive: true, force: true }))
  await parts.world.files.makeDirectory(folder, { recursive: true, mode: 0o710 })
  const container: Container = await parts.book.add({ ...plan.record, mounts })
  undo.commit()
  parts.emit({ type: 'container', action: 'create', id: container.id, attributes: attributesOf(container.record) })
  return { id: container.id, warnings: plan.warnings }
}
