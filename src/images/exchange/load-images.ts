/** `docker load`: an archive becomes images, all of them or none. */
import type { Digest } from '#base/data/digest.ts'
import type { Leases } from '#images/content/content-types.ts'
import type { ImageIndex } from '#images/records/image-index.ts'
import type { ImageRecords } from '#images/records/image-records.ts'
import type { CreateImageOptions } from '#images/records/record-types.ts'
import { familiarReference, parseReference } from '#spec/oci/reference.ts'
import type { Platform } from '#spec/oci/platform.ts'
import type { LoadedImage, LoadOptions } from './exchange-types.ts'
import { planLoad } from './plan-load.ts'
import type { PlannedImage } from './plan-load.ts'
import { readArchive } from './read-archive.ts'
import type { ReadArchiveDeps } from './read-archive.ts'

export interface LoadDeps extends ReadArchiveDeps {
  readonly index: ImageIndex
  readonly records: ImageRecords
  readonly leases: Leases
  readonly platform: Platform
}

/** Loads every image of an archive (docker-archive or OCI layout, compressed or not). Throws `invalid` for a bad one and keeps nothing of it. */
export async function loadImages(
  deps: LoadDeps,
  source: AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  const taken = new Set<Digest>()
  try {
    using lease = deps.leases.open('load')
    const onLayer = (layer: Digest): void => {
      taken.add(layer)
      lease.hold({ layer })
    }
    const contents = await readArchive(deps, source, { ...options, onLayer })
    const planned = planLoad({
      contents,
      hasLayer: (diffId) => deps.layers.get(diffId) !== undefined,
      platform: options.platform ?? deps.platform,
    })
    const before = new Map(planned.flatMap(({ tags }) => tags).map((tag) => [tag, deps.index.byReference(tag)]))
    const records = await deps.records.createAll(planned.map(imageOptions))
    for (const record of records) deps.records.announce('load', record, record.id)
    return planned.map((image) => describe(image, before))
  } finally {
    // Layers of a refused archive, or of entries that no manifest named.
    await deps.records.releaseLayers(taken)
  }
}

function imageOptions(image: PlannedImage): CreateImageOptions {
  return {
    config: image.configBytes,
    tags: image.tags,
    ...(image.parent === undefined ? {} : { parent: image.parent }),
  }
}

function describe(image: PlannedImage, before: ReadonlyMap<string, string | undefined>): LoadedImage {
  const references = image.tags.map((tag) => familiarReference(parseReference(tag)))
  const messages = image.tags.flatMap((tag, position) => {
    const old = before.get(tag)
    const moved =
      old === undefined || old === image.id
        ? []
        : [
            `The image ${references[position] ?? tag} already exists, renaming the old one with ID ${old} to empty string`,
          ]
    return [...moved, `Loaded image: ${references[position] ?? tag}`]
  })
  return { id: image.id, references, messages: messages.length === 0 ? [`Loaded image ID: ${image.id}`] : messages }
}
