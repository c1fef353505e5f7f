/** The layer store on disk; `layer-types.ts` says what it promises and how it lies there. */
import { digestHex, isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { unpackLayer } from './ingest-tar.ts'
import type { RecipeMove, UnpackDeps, UnpackedLayer } from './ingest-tar.ts'
import { packUpper } from './ingest-upper.ts'
import type { IngestTarOptions, LayerRecord, LayerStore } from './layer-types.ts'
import { reproduceTar } from './reproduce-tar.ts'
import { isDoubtful, isIntact, readBootId, settledMark, settleLayers } from './settle-layers.ts'

export interface LayerStoreDeps extends UnpackDeps {
  readonly clock: Clock
  readonly random: Random
  /** Told that there are layers which `settle` has not seen. */
  readonly onUnsettled?: () => void
}

interface StoredLayer extends LayerRecord {
  readonly moves: readonly RecipeMove[]
  /** The machine's run in which it was stored. */
  readonly bootId?: string
}

const sweepAttemptsMax = 250
const sweepPauseMs = 20

/** Opens the layers under `root`: sweeps half-made ones, reads the records of the others. */
export async function createLayerStore(deps: LayerStoreDeps, root: string): Promise<LayerStore> {
  const incoming = `${root}/incoming`
  const { files } = deps
  await sweep(deps, incoming)
  await files.makeDirectory(incoming, { recursive: true, mode: 0o700 })
  // ext4 without a journal passes over inodes freed in the last minutes one by one: a layer that were unpacked where one
  // was just removed would take several times as long.
  deps.kernel.scatterBelow(incoming)
  await files.makeDirectory(`${root}/sha256`, { recursive: true, mode: 0o700 })
  const directoryOf = (diffId: Digest): string => `${root}/sha256/${digestHex(diffId)}`
  const bootId = await readBootId(files)
  const { layers, unsettled } = await readRecords(deps, root, bootId)
  const need = (diffId: Digest): StoredLayer => {
    const layer = layers.get(diffId)
    if (layer === undefined)
      throw new GantryError('LAYER_MISSING', 'not-found', `layer ${diffId} does not exist`, {
        remedy: 'Load or pull the image again.',
      })
    return layer
  }
  const register = async (directory: string, unpacked: UnpackedLayer): Promise<LayerRecord> => {
    const existing = layers.get(unpacked.diffId)
    if (existing !== undefined) return existing
    const record: StoredLayer = { ...unpacked, createdMs: Math.floor(deps.clock.now()), bootId }
    await files.write(`${directory}/record.json`, JSON.stringify(record))
    await moveIntoPlace(deps, directory, directoryOf(record.diffId))
    layers.set(record.diffId, record)
    unsettled.set(record.diffId, directoryOf(record.diffId))
    deps.onUnsettled?.()
    return record
  }
  if (unsettled.size > 0) deps.onUnsettled?.()
  const inFresh = <T>(work: (directory: string) => Promise<T>): Promise<T> => withFresh(deps, incoming, work)
  return {
    ingestTar: (source, options = {}) =>
      inFresh(async (directory) => {
        const unpacked = await unpackLayer(deps, directory, { source, ...pick(options) })
        if (options.expectDiffId !== undefined && unpacked.diffId !== options.expectDiffId)
          throw wrongDigest(unpacked.diffId, options.expectDiffId)
        options.onStored?.(unpacked.diffId)
        return await register(directory, unpacked)
      }),
    ingestUpper: (upper, options) =>
      inFresh(async (directory) => {
        const packed = await packUpper(deps, upper, { ...options, directory })
        options.onStored?.(packed.diffId)
        return await register(directory, packed)
      }),
    reproduceTar: (diffId) =>
      reproduceTar(files, { directory: directoryOf(diffId), diffId, moves: need(diffId).moves }),
    get: (diffId) => layers.get(diffId),
    list: () => [...layers.values()],
    pathOf: (diffId) => `${directoryOf(need(diffId).diffId)}/fs`,
    async remove(diffId) {
      if (!layers.delete(diffId)) return
      unsettled.delete(diffId)
      const doomed = `${incoming}/${randomHex(deps.random, 8)}`
      // Moved aside first: a crash half-way through the removal must not leave half a layer that looks whole.
      await files.rename(directoryOf(diffId), doomed)
      await files.remove(doomed, { recursive: true, force: true })
    },
    async settle() {
      if (unsettled.size === 0) return
      for (const diffId of await settleLayers(deps, root, unsettled)) unsettled.delete(diffId)
    },
  }
}

/** Runs `work` with a folder of its own, which goes afterwards unless it was moved. */
async function withFresh<T>(
  { files, random }: LayerStoreDeps,
  incoming: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = `${incoming}/${randomHex(random, 8)}`
  await files.makeDirectory(directory, { mode: 0o700 })
  try {
    return await work(directory)
  } finally {
    await files.remove(directory, { recursive: true, force: true })
  }
}

function pick(options: IngestTarOptions): { signal?: AbortSignal; onProgress?: (tarBytes: number) => void } {
  return {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  }
}

/**
 * Removes what a killed program left half-made. Its tar may outlive it by the length of a pipe and still be adding
 * files: then the removal is tried again.
 */
async function sweep({ files, clock }: LayerStoreDeps, directory: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await files.remove(directory, { recursive: true, force: true })
      return
    } catch (error) {
      if (errnoOf(error) !== 'ENOTEMPTY' || attempt === sweepAttemptsMax) throw error
      await clock.sleep(sweepPauseMs)
    }
  }
}

async function moveIntoPlace({ files }: LayerStoreDeps, from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to)
  } catch (error) {
    // Somebody else stored the same layer meanwhile: theirs is as good.
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error
  }
}

interface LayersFound {
  readonly layers: Map<Digest, StoredLayer>
  /** Folders of those that are not known to have reached the disk. */
  readonly unsettled: Map<Digest, string>
}

async function readRecords({ files }: LayerStoreDeps, root: string, bootId: string): Promise<LayersFound> {
  const found: LayersFound = { layers: new Map(), unsettled: new Map() }
  for (const { name } of await files.list(`${root}/sha256`)) {
    const diffId = `sha256:${name}`
    if (!isDigest(diffId)) continue
    const directory = `${root}/sha256/${name}`
    const record = await readRecord(files, `${directory}/record.json`)
    const settled = await files.exists(`${directory}/${settledMark}`)
    const doubtful = record !== undefined && isDoubtful({ settled, bootId: record.bootId }, bootId)
    if (record === undefined || (doubtful && !(await holdsItsTar(files, directory, record)))) {
      await files.remove(directory, { recursive: true, force: true })
      continue
    }
    found.layers.set(diffId, record)
    if (!settled) found.unsettled.set(diffId, directory)
  }
  return found
}

function holdsItsTar(files: Files, directory: string, { diffId, moves }: StoredLayer): Promise<boolean> {
  return isIntact(reproduceTar(files, { directory, diffId, moves }))
}

async function readRecord(files: Files, path: string): Promise<StoredLayer | undefined> {
  try {
    return JSON.parse(await files.readText(path)) as StoredLayer
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

function wrongDigest(found: Digest, expected: Digest): GantryError {
  return new GantryError(
    'LAYER_DIGEST_MISMATCH',
    'invalid',
    `invalid diffID for layer: expected "${expected}", got "${found}"`,
    {
      remedy: 'The layer is damaged; build or fetch the image again.',
    },
  )
}
