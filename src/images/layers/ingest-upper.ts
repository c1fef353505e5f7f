/**
 * A layer from an overlay's writable directory: its canonical tar (sorted, whiteouts by name, whole seconds, as
 * Docker's archive package makes it) is hashed and taken down as a recipe, and the directory moved or copied into place.
 */
import { createDigestStream } from '#base/data/digest.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import { walkTree } from '#images/archive/pack-directory.ts'
import type { PackedEntry } from '#images/archive/pack-directory.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import type { UnpackDeps, UnpackedLayer } from './ingest-tar.ts'
import { unpackLayer } from './ingest-tar.ts'
import type { IngestUpperOptions } from './layer-types.ts'
import { writeRecipe } from './recipe.ts'

const zeros = Buffer.alloc(1024)

/** Makes `directory` a layer out of `upper`; with `consume` the upper directory is moved, else copied. */
export async function packUpper(
  deps: UnpackDeps,
  upper: string,
  options: IngestUpperOptions & { readonly directory: string },
): Promise<UnpackedLayer> {
  if (!options.consume || (options.exclude ?? []).length > 0 || options.clampTimesMs !== undefined)
    return await copyUpper(deps, upper, options)
  const digest = createDigestStream()
  const recipe = writeRecipe(deps.files.writeStream(`${options.directory}/recipe.zst`))
  const tally = { entries: 0, sizeBytes: 0 }
  const literal = (bytes: Uint8Array): void => {
    digest.update(bytes)
    recipe.literal(bytes)
  }
  try {
    for await (const entry of walkTree(deps, upper, walkOptions(options))) {
      tally.entries += 1
      tally.sizeBytes += entry.countedBytes
      literal(encodeTarHeader(entry.header))
      const size = entry.header.type === 'file' ? (entry.header.sizeBytes ?? 0) : 0
      if (size === 0) continue
      recipe.content(entry.pathKey, size)
      await digestContent(entry, digest)
      literal(zeros.subarray(0, paddingBytes(size)))
      await recipe.settled()
    }
    literal(zeros)
    await recipe.finish()
  } catch (error) {
    await recipe.abort()
    throw error
  }
  await moveTree(deps, upper, `${options.directory}/fs`)
  return { diffId: digest.finish(), tarBytes: digest.sizeBytes, moves: [], ...tally }
}

/** A live or altered directory goes through its tar once more, so that what is stored is exactly what was hashed. */
async function copyUpper(
  deps: UnpackDeps,
  upper: string,
  options: IngestUpperOptions & { readonly directory: string },
): Promise<UnpackedLayer> {
  const source = tarOfTree(deps, upper, options)
  const unpacked = await unpackLayer(deps, options.directory, {
    source,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  if (options.consume) await deps.files.remove(upper, { recursive: true, force: true })
  return unpacked
}

async function* tarOfTree(deps: UnpackDeps, upper: string, options: IngestUpperOptions): AsyncGenerator<Uint8Array> {
  for await (const entry of walkTree(deps, upper, walkOptions(options))) {
    yield encodeTarHeader(entry.header)
    const size = entry.header.type === 'file' ? (entry.header.sizeBytes ?? 0) : 0
    if (size === 0) continue
    yield* entry.content()
    yield zeros.subarray(0, paddingBytes(size))
  }
  yield zeros
}

function walkOptions(options: IngestUpperOptions): Parameters<typeof walkTree>[2] {
  return {
    overlay: true,
    truncateTimes: true,
    ...(options.clampTimesMs === undefined ? {} : { clampTimesMs: options.clampTimesMs }),
    ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
}

async function digestContent(entry: PackedEntry, digest: { update(chunk: Uint8Array): void }): Promise<void> {
  for await (const chunk of entry.content()) digest.update(chunk)
}

async function moveTree({ files, processes }: UnpackDeps, from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error
    const copied = await processes.run('cp', ['-a', '--reflink=auto', '--', from, to])
    if (copied.exitCode !== 0)
      throw new GantryError('LAYER_COPY_FAILED', 'internal', `cannot copy ${from}: ${copied.stderr.trim()}`, {
        remedy: 'Check the space left under the state directory.',
      })
    await files.remove(from, { recursive: true, force: true })
  }
}
