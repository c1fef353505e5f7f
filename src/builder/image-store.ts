/** The image store as the builder wants it: one lease for a build, drafts as overlay snapshots. */
import type { Digest } from '#base/data/digest.ts'
import type { Lease } from '#images/content/content-types.ts'
import type { Images } from '#images/images.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import type { Files } from '#world/ports/files.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import type { BuildImage, BuildImages, BuildImageStore, LayerDraft, ObtainOptions } from './ports.ts'

export interface ImageStoreDeps {
  readonly images: Images
  readonly files: Files
  readonly random: Random
  /** Pulls a reference (complete or not) and registers it; its progress goes to `onProgress`. */
  readonly pull: (reference: string, options: ObtainOptions) => Promise<void>
}

const draftPrefix = 'build-'

/** Makes the builder's store of the program's images. */
export function createImageStore(deps: ImageStoreDeps): BuildImageStore {
  const { snapshots } = deps.images
  return {
    open: (purpose) => openBuildImages(deps, purpose),
    async sweep() {
      for (const { key } of snapshots.list().filter((snapshot) => snapshot.key.startsWith(draftPrefix)))
        await snapshots.remove(key)
    },
  }
}

/** Never asks a registry for what is here, unless the build says `pull`. */
function openBuildImages(deps: ImageStoreDeps, purpose: string): BuildImages {
  const { images } = deps
  const lease = images.leases.open(purpose)
  return {
    find: (reference) => found(images.find(reference)),
    async obtain(reference, options) {
      const local = images.find(reference)
      const byId = local !== undefined && isIdOf(local, reference)
      if (local === undefined || (options.pull && !byId)) await deps.pull(reference, options)
      const record = images.resolve(reference)
      lease.hold({ image: record.id }, ...record.diffIds.map((layer) => ({ layer })))
      return toBuildImage(record)
    },
    children: (parent) =>
      images
        .all()
        .filter((record) => record.parent === parent && record.config.container_config !== undefined)
        .map(toBuildImage),
    hold: (layer) => lease.hold({ layer }),
    async create(image) {
      const record = await images.createImage({
        config: image.config,
        ...(image.parent === undefined ? {} : { parent: image.parent }),
        ...(image.containerId === undefined ? {} : { containerId: image.containerId }),
      })
      lease.hold({ image: record.id })
      return toBuildImage(record)
    },
    tag: async (id, reference) => void (await images.tag(id, reference)),
    view: (image) => images.snapshots.view(image.config.rootfs.diff_ids),
    draft: (image) => openDraft(deps, lease, image),
    [Symbol.dispose]: () => lease[Symbol.dispose](),
  }
}

async function openDraft(
  { images, files, random }: ImageStoreDeps,
  lease: Lease,
  image: BuildImage | undefined,
): Promise<LayerDraft> {
  const key = `${draftPrefix}${randomHex(random, 16)}`
  const snapshot = await images.snapshots.prepareWritable({ key, diffIds: image?.config.rootfs.diff_ids ?? [] })
  return {
    path: snapshot.mergedPath,
    async commit(signal) {
      const upper = await images.snapshots.detachUpper(key)
      if ((await files.list(upper)).length === 0) {
        await files.remove(upper, { recursive: true, force: true })
        return undefined
      }
      const onStored = (layer: Digest): void => lease.hold({ layer })
      return (await images.layers.ingestUpper(upper, { consume: true, onStored, signal })).diffId
    },
    [Symbol.asyncDispose]: () => images.snapshots.remove(key),
  }
}

function toBuildImage(record: ImageRecord): BuildImage {
  return { id: record.id, config: record.config, parent: record.parent }
}

function found(record: ImageRecord | undefined): BuildImage | undefined {
  return record === undefined ? undefined : toBuildImage(record)
}

/** True when a text names the image by (a prefix of) its id: there is nothing to pull then. */
function isIdOf(record: ImageRecord, text: string): boolean {
  const hex = text.replace(/^sha256:/, '')
  return /^[0-9a-f]{4,64}$/.test(hex) && record.id.startsWith(`sha256:${hex}`)
}
