/** `docker commit`: a container's writable layer and configuration become an image. */
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ContainerCreateBody } from '#spec/docker/container-config.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { formatReference, parseReference, withDefaultTag } from '#spec/oci/reference.ts'
import { formatInstant } from '#world/ports/clock.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import { mergeConfig } from '#engine/containers/merge-config.ts'
import { pauseContainer, unpauseContainer } from '#engine/containers/pause-container.ts'
import { whileStopped } from './container-root.ts'
import { planCommit } from './plan-commit.ts'

/**
 * Applies Dockerfile instructions (`--change`) to a configuration.
 * @throws GantryError invalid "run is not a valid change command" for one that is not about configuration.
 */
export type ApplyChanges = (config: ImageRunConfig, changes: readonly string[]) => ImageRunConfig

export interface CommitRequest {
  readonly repository: string
  readonly tag: string
  readonly author: string
  readonly comment: string
  /** Stands still while its files are read. */
  readonly pause: boolean
  readonly changes: readonly string[]
  /** A configuration instead of the container's own; what it leaves out comes from there. */
  readonly config: ContainerCreateBody | undefined
}

/** The complete reference of the new image; empty when none was asked for. @throws GantryError invalid. */
function referenceOf(request: CommitRequest): string {
  if (request.repository === '') return ''
  const parsed = parseReference(request.repository)
  if (parsed.digest !== undefined)
    throw new GantryError('ENGINE_COMMIT_DIGEST', 'invalid', 'cannot import digest reference', {
      remedy: 'Give a name with a tag.',
    })
  const named = request.tag === '' ? request.repository : `${request.repository}:${request.tag}`
  return formatReference(withDefaultTag(parseReference(named)))
}

function checkCommittable(container: Container): void {
  const { id, record, removing } = container
  if (record.state.status === 'dead')
    throw new GantryError('ENGINE_DEAD', 'conflict', `You cannot commit container ${id} which is Dead`, {
      remedy: 'Remove the container.',
    })
  if (removing || record.state.status === 'removing')
    throw new GantryError('ENGINE_REMOVING', 'conflict', `You cannot commit container ${id} which is being removed`, {
      remedy: 'Create another container.',
    })
}

/** Stores the writable layer; undefined when the container changed nothing. */
async function storeLayer(
  parts: EngineParts,
  container: Container,
  options: { readonly hold: (layer: Digest) => void; readonly signal: AbortSignal },
): Promise<Digest | undefined> {
  const snapshot = parts.images.snapshots.get(container.id)
  if (snapshot === undefined || (await parts.world.files.list(snapshot.upperPath)).length === 0) return undefined
  const layer = await parts.images.layers.ingestUpper(snapshot.upperPath, {
    consume: false,
    onStored: options.hold,
    signal: options.signal,
  })
  return layer.diffId
}

/** Stores the layer while nothing changes it: paused if wanted and running, under the lock when stopped. */
async function storeStill(
  parts: EngineParts,
  container: Container,
  options: { readonly pause: boolean; readonly hold: (layer: Digest) => void; readonly signal: AbortSignal },
): Promise<Digest | undefined> {
  for (;;) {
    if (isAlive(container.record.state)) {
      if (!options.pause || container.record.state.status === 'paused')
        return await storeLayer(parts, container, options)
      await pauseContainer(parts, container)
      try {
        return await storeLayer(parts, container, options)
      } finally {
        await unpauseContainer(parts, container).catch((error: unknown) => {
          // Killed or removed meanwhile: there is nothing to let go on.
          if (!(error instanceof GantryError) || error.kind !== 'conflict') throw error
        })
      }
    }
    const done = await whileStopped(parts, container, () => storeLayer(parts, container, options))
    if (done !== undefined) return done.value
  }
}

/**
 * Makes an image of a container (Engine API `POST /commit`). Returns the image's id.
 * @throws GantryError invalid for a bad reference, change or configuration; conflict for a container on its way out.
 */
export async function commitContainer(
  parts: EngineParts,
  container: Container,
  request: CommitRequest & { readonly applyChanges: ApplyChanges; readonly signal: AbortSignal },
): Promise<Digest> {
  const { images, world } = parts
  const { record } = container
  checkCommittable(container)
  const reference = referenceOf(request)
  const base =
    request.config === undefined ? record.config : mergeConfig(request.config, record.config, record.config.Hostname)
  const config = request.applyChanges(base, request.changes)
  using lease = images.leases.open('commit')
  const diffId = await storeStill(parts, container, {
    pause: request.pause,
    signal: request.signal,
    hold: (layer) => lease.hold({ layer }),
  })
  const parent = images.find(record.imageId)
  const image = await images.createImage({
    config: planCommit({
      record,
      parent: parent?.config,
      config,
      author: request.author,
      comment: request.comment,
      created: formatInstant(world.clock.now()),
      diffId,
      platform: { os: world.machine.os, architecture: world.machine.ociArchitecture },
    }),
    containerId: record.id,
    ...(parent === undefined ? {} : { parent: parent.id }),
  })
  if (reference !== '') await images.tag(image.id, reference)
  parts.emit({
    type: 'container',
    action: 'commit',
    id: container.id,
    attributes: attributesOf(container.record, { comment: request.comment, imageID: image.id, imageRef: reference }),
  })
  return image.id
}
