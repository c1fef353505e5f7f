/** `docker import`: a tar of a root filesystem becomes an image of one layer. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Digest } from '#base/data/digest.ts'
import type { ImageConfig } from '#spec/oci/image-config.ts'
import { decompress } from '#images/archive/decompress.ts'
import type { Leases } from '#images/content/content-types.ts'
import { completeTag } from '#images/records/image-records.ts'
import type { ImageRecords } from '#images/records/image-records.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { familiarReference, parseReference } from '#spec/oci/reference.ts'
import { normalizePlatform } from '#spec/oci/platform.ts'
import type { Platform } from '#spec/oci/platform.ts'
import { formatInstant } from '#world/ports/clock.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ImportOptions } from './exchange-types.ts'
import type { ReadArchiveDeps } from './read-archive.ts'

export interface ImportDeps extends ReadArchiveDeps {
  readonly clock: Clock
  readonly records: ImageRecords
  readonly leases: Leases
  readonly platform: Platform
}

/** A bad archive in Docker's words. */
function refuseArchive(error: unknown): never {
  if (!(error instanceof GantryError) || error.message.startsWith('Error processing')) throw error
  throw new GantryError(error.code, error.kind, `Error processing tar file(exit status 1): ${error.message}`, {
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  })
}

/** Imports a tar (any compression). The reference is judged before a byte is read. */
export async function importImage(
  deps: ImportDeps,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<ImageRecord> {
  const tags = options.reference === undefined || options.reference === '' ? [] : [completeTag(options.reference)]
  const platform = normalizePlatform(options.platform ?? deps.platform)
  const taken = new Set<Digest>()
  try {
    using lease = deps.leases.open('import')
    const hold = (layer: Digest): void => {
      taken.add(layer)
      lease.hold({ layer })
    }
    const plain = await decompress(source, deps.processes)
    const layer = await deps.layers
      .ingestTar(plain, {
        onStored: hold,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      })
      .catch(refuseArchive)
    const created = formatInstant(deps.clock.now())
    const message = options.message ?? ''
    const config: ImageConfig = {
      architecture: platform.architecture,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      comment: message,
      config: options.config ?? {},
      created,
      history: [{ created, comment: message }],
      os: platform.os,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    }
    const record = await deps.records.create({ config, tags })
    for (const tag of tags) deps.records.announce('tag', record, familiarReference(parseReference(tag)))
    deps.records.announce('import', record, record.id)
    return record
  } finally {
    await deps.records.releaseLayers(taken)
  }
}
