/**
 * Containers for the RUN steps of a build: real ones, seen by `docker ps -a` while they exist, but created from a complete
 * configuration, and committed by taking their writable layer over.
 */
import { createUndoStack } from '#base/async/undo-stack.ts'
import type { Digest } from '#base/data/digest.ts'
import type { ContainerConfig, HostConfig } from '#spec/docker/container-config.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import type { OutputStream } from '#engine/runtime/attach-broker.ts'
import { completeHostConfig } from './complete-host-config.ts'
import { newState } from './container-record.ts'
import type { ContainerMount, ContainerRecord } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { folderOf } from './prepare-start.ts'
import { removeContainer } from './remove-container.ts'
import { startContainer } from './start-container.ts'
import { signalContainer } from './signal-container.ts'
import { waitContainer } from './wait-container.ts'

export interface StepContainerRequest {
  /** Undefined: on an empty filesystem. */
  readonly image: { readonly id: Digest; readonly layers: readonly Digest[] } | undefined
  readonly config: ImageRunConfig
  readonly hostConfig: Partial<HostConfig>
  /** The build removes it when the step is done. */
  readonly temporary: boolean
}

const noImage: Digest = `sha256:${'0'.repeat(64)}`
const sigkill = 9

function completeConfig(config: ImageRunConfig, image: string, hostname: string): ContainerConfig {
  return {
    Hostname: hostname,
    Domainname: '',
    User: config.User ?? '',
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.Env ?? [],
    Cmd: config.Cmd ?? null,
    Image: image,
    Volumes: config.Volumes ?? null,
    WorkingDir: config.WorkingDir ?? '',
    Entrypoint: config.Entrypoint ?? null,
    OnBuild: null,
    Labels: config.Labels ?? {},
    ...(config.Shell === undefined || config.Shell === null ? {} : { Shell: config.Shell }),
    ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
  }
}

async function anonymousVolumes(parts: EngineParts, config: ImageRunConfig): Promise<ContainerMount[]> {
  return Promise.all(
    Object.keys(config.Volumes ?? {}).map(async (target): Promise<ContainerMount> => {
      const { name } = await parts.volumes.create({ name: '', driver: '', options: {}, labels: {} })
      const point = {
        Type: 'volume',
        Name: name,
        Source: parts.volumes.pathOf(name),
        Destination: target,
        Driver: 'local',
        Mode: '',
        RW: true,
        Propagation: '',
      } as const
      return { point, copyUp: true, recursive: true, anonymous: true }
    }),
  )
}

/** Creates the container and gives its id. */
export async function createStepContainer(parts: EngineParts, request: StepContainerRequest): Promise<string> {
  const id = parts.book.inventId()
  const { config } = request
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]
  const hostConfig = completeHostConfig(request.hostConfig, parts.defaults)
  await using undo = createUndoStack((error) => parts.log.warn('a build step could not be undone', { error }))
  const mounts = await anonymousVolumes(parts, config)
  for (const { point } of mounts) undo.defer(() => parts.volumes.remove(point.Name ?? '', { force: true }))
  const record: ContainerRecord = {
    id,
    name: parts.book.inventName(),
    createdAt: parts.world.clock.now(),
    imageId: request.image?.id ?? noImage,
    layers: request.image?.layers ?? [],
    path,
    args,
    config: completeConfig(config, request.image?.id ?? '', id.slice(0, 12)),
    hostConfig,
    networks: parts.networking.plan({ networkMode: hostConfig.NetworkMode, endpoints: {}, macAddress: undefined }),
    mounts,
    state: newState,
    platform: 'linux',
    ...(request.temporary ? { temporary: true } : {}),
  }
  await parts.world.files.makeDirectory(folderOf(parts, id), { recursive: true, mode: 0o710 })
  const container = await parts.book.add(record)
  undo.commit()
  parts.emit({ type: 'container', action: 'create', id, attributes: attributesOf(container.record) })
  return id
}

/** Runs it to its end; output is handed on as it comes, and a slow reader slows it. Aborting kills it. @returns its exit code. */
export async function runStepContainer(
  parts: EngineParts,
  id: string,
  options: {
    readonly onOutput: (stream: OutputStream, chunk: Uint8Array) => Promise<void>
    readonly signal: AbortSignal
  },
): Promise<number> {
  const container = parts.book.resolve(id)
  container.attachWanted = true
  let last: Promise<void> = Promise.resolve()
  const drained = new Promise<void>((resolve) => {
    container.broker.addSink({
      write: (stream, chunk) => {
        last = last.then(() => options.onOutput(stream, chunk))
        return last
      },
      end: resolve,
    })
  })
  const kill = (): void =>
    void signalContainer(parts, container, sigkill).catch((error: unknown) =>
      parts.log.warn('a build step could not be killed', { container: id, error }),
    )
  options.signal.addEventListener('abort', kill, { once: true })
  try {
    await startContainer(parts, container)
    if (options.signal.aborted) kill()
    const { exitCode } = await waitContainer(parts, container, {
      condition: 'not-running',
      signal: new AbortController().signal,
    })
    await drained
    await last
    return exitCode
  } finally {
    options.signal.removeEventListener('abort', kill)
  }
}

/** Makes a layer of what it wrote, mount points of its volumes left out; undefined when it wrote nothing. */
export async function commitStepContainer(
  parts: EngineParts,
  id: string,
  options: { readonly onStored: (layer: Digest) => void; readonly signal: AbortSignal },
): Promise<Digest | undefined> {
  const container = parts.book.resolve(id)
  const { images, world } = parts
  if (images.snapshots.get(id) === undefined) return undefined
  const upper = await images.snapshots.detachUpper(id)
  if ((await world.files.list(upper)).length === 0) {
    await world.files.remove(upper, { recursive: true, force: true })
    return undefined
  }
  const exclude = container.record.mounts.map(({ point }) => point.Destination.replace(/^\/+/, ''))
  const layer = await images.layers.ingestUpper(upper, { consume: true, exclude, ...options })
  return layer.diffId
}

/** Removes it with its volumes; one that is gone is fine. */
export async function removeStepContainer(parts: EngineParts, id: string): Promise<void> {
  const container = parts.book.find(id)
  if (container !== undefined) await removeContainer(parts, container, { force: true, volumes: true })
}
