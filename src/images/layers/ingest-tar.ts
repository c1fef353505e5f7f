/**
 * One layer tar into a fresh directory: hashed, judged by `LayerTree`, written by tar, its recipe taken down, in one
 * pass. Nothing is registered here; the caller owns the directory and removes it when this throws.
 */
import { createDigestStream } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { TarReader } from '#images/archive/read-tar.ts'
import type { TarEntry } from '#images/archive/read-tar.ts'
import { textOfKey } from '#images/archive/tar-header.ts'
import type { TarHeader } from '#images/archive/tar-header.ts'
import { limitsForSpace } from '#images/archive/tar-limits.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'
import { LayerTree } from './layer-tree.ts'
import type { LayerStep } from './layer-tree.ts'
import { writeRecipe } from './recipe.ts'
import type { RecipeWriter } from './recipe.ts'
import { startUntar } from './untar.ts'
import type { Untar } from './untar.ts'

export interface UnpackDeps {
  readonly files: Files
  readonly kernel: Kernel
  readonly processes: Processes
}

/** Content that moved away from where the recipe saw it: references before part number `before` under `from` are at `to`. */
export interface RecipeMove {
  readonly from: string
  readonly to: string
  readonly before: number
}

export interface UnpackedLayer {
  readonly diffId: Digest
  readonly sizeBytes: number
  readonly tarBytes: number
  readonly entries: number
  readonly moves: readonly RecipeMove[]
}

const movesMax = 10_000
const treeMovesMax = 64
const padding = Buffer.alloc(512)
const sliceBytes = 1024 * 1024

/** Unpacks into `directory` (which holds `fs/` afterwards). Throws `invalid` for a damaged or hostile tar. */
export async function unpackLayer(
  deps: UnpackDeps,
  directory: string,
  options: {
    readonly source: AsyncIterable<Uint8Array>
    readonly signal?: AbortSignal
    readonly onProgress?: (tarBytes: number) => void
  },
): Promise<UnpackedLayer> {
  const { freeBytes } = await deps.files.space(directory)
  await deps.files.makeDirectory(`${directory}/fs`, { mode: 0o755 })
  const digest = createDigestStream()
  const recipe = writeRecipe(deps.files.writeStream(`${directory}/recipe.zst`))
  const work = new Unpacking(deps, directory, recipe)
  try {
    const hashed = hashing(options.source, (chunk) => {
      options.signal?.throwIfAborted()
      digest.update(chunk)
      options.onProgress?.(digest.sizeBytes)
    })
    await using reader = new TarReader(hashed, limitsForSpace(freeBytes), (chunk) => recipe.literal(chunk))
    let entries = 0
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      entries += 1
      await work.entry(entry, reader)
    }
    for await (const chunk of reader.trailer()) {
      recipe.literal(chunk)
      await recipe.settled()
    }
    await work.finish()
    await recipe.finish()
    return {
      diffId: digest.finish(),
      sizeBytes: work.tree.sizeBytes,
      tarBytes: digest.sizeBytes,
      entries,
      moves: work.moves,
    }
  } catch (error) {
    await recipe.abort()
    throw error
  } finally {
    await work[Symbol.asyncDispose]()
  }
}

class Unpacking implements AsyncDisposable {
  readonly tree = new LayerTree()
  readonly moves: RecipeMove[] = []
  readonly #deps: UnpackDeps
  readonly #directory: string
  readonly #recipe: RecipeWriter
  readonly #opaque = new Set<string>()
  #untar: Untar
  #contents = 0
  #treeMoves = 0

  constructor(deps: UnpackDeps, directory: string, recipe: RecipeWriter) {
    this.#deps = deps
    this.#directory = directory
    this.#recipe = recipe
    this.#untar = startUntar(deps.processes, `${directory}/fs`)
  }

  async entry(entry: TarEntry, reader: TarReader): Promise<void> {
    const { header } = entry
    this.#recipe.literal(entry.preamble)
    const step = this.tree.add(header)
    for (const parent of step.missingParents)
      await this.#untar.write(encodeTarHeader({ name: '', nameKey: parent, type: 'directory', mode: 0o755 }))
    if (step.action === 'write') await this.#write(entry, step, reader)
    else await this.#mark(step, entry)
    await this.#recipe.settled()
  }

  /** Ends tar and marks opaque directories, for which a tar entry comes too late or not at all. */
  async finish(): Promise<void> {
    await this.#untar.finish()
    for (const pathKey of this.#opaque) {
      const path = textOfKey(pathKey)
      this.#deps.kernel.attributes.set(
        path === '' ? `${this.#directory}/fs` : `${this.#directory}/fs/${path}`,
        'trusted.overlay.opaque',
        Buffer.from('y'),
      )
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#untar[Symbol.asyncDispose]()
  }

  async #write(entry: TarEntry, step: LayerStep, reader: TarReader): Promise<void> {
    const { header } = entry
    if (step.replaces !== undefined) await this.#keep(step.path, step.replaces)
    if (step.opaque === true) this.#opaque.add(step.path)
    await this.#untar.write(encodeTarHeader(cleanHeader(header, step)))
    if (header.type !== 'file' || header.sizeBytes === 0) return
    if (header.sparse) {
      for await (const chunk of entry.body) await this.#untar.write(chunk)
    } else {
      this.#recipe.content(step.path, header.sizeBytes)
      this.#contents += 1
      await this.#writeContent(entry, reader)
    }
    await this.#untar.write(padding.subarray(0, paddingBytes(header.sizeBytes)))
  }

  /** What is in memory already goes at once; for the rest, the entry's own stream waits. */
  async #writeContent(entry: TarEntry, reader: TarReader): Promise<void> {
    for (let left = entry.header.sizeBytes; left > 0;) {
      const ready = reader.takeReady()
      if (ready === undefined) break
      left -= ready.length
      const waiting = this.#untar.write(ready)
      if (waiting !== undefined) await waiting
      if (left === 0) return
    }
    for await (const chunk of entry.body) await this.#untar.write(chunk)
  }

  /** A whiteout or a file without one: what it may carry as content goes into the recipe. */
  async #mark(step: LayerStep, entry: TarEntry): Promise<void> {
    if (step.action === 'opaque') this.#opaque.add(step.path)
    if (step.action === 'whiteout')
      await this.#untar.write(encodeTarHeader({ name: '', nameKey: step.path, type: 'character' }))
    for await (const chunk of entry.body) {
      if (!entry.header.sparse) this.#recipe.literal(Buffer.from(chunk))
      await this.#recipe.settled()
    }
  }

  /** Puts aside what an entry is about to replace, because the recipe refers to it. */
  async #keep(path: string, what: 'file' | 'directory'): Promise<void> {
    const { files, processes } = this.#deps
    const to = `../kept/${this.moves.length}`
    if (this.moves.length === 0) await files.makeDirectory(`${this.#directory}/kept`, { mode: 0o700 })
    if (this.moves.length >= movesMax) throw tooOften()
    this.moves.push({ from: path, to, before: this.#contents })
    if (what === 'file') {
      await this.#untar.write(encodeTarHeader({ name: to, type: 'hardlink', linkKey: path }))
      return
    }
    this.#treeMoves += 1
    if (this.#treeMoves > treeMovesMax) throw tooOften()
    await this.#untar.finish()
    for (const key of this.#opaque) if (key === path || key.startsWith(`${path}/`)) this.#opaque.delete(key)
    await files.rename(`${this.#directory}/fs/${textOfKey(path)}`, `${this.#directory}/fs/${to}`)
    this.#untar = startUntar(processes, `${this.#directory}/fs`)
  }
}

/** The entry as tar gets it: the resolved path, numbers, and only attributes that cannot steer an overlay. */
export function cleanHeader(header: TarHeader, step: LayerStep): Parameters<typeof encodeTarHeader>[0] {
  const attributes =
    header.attributes.size === 0
      ? header.attributes
      : new Map([...header.attributes].filter(([name]) => isKeptAttribute(name)))
  return {
    name: '',
    nameKey: step.path === '' ? './' : step.path,
    type: header.type === 'unknown' ? 'file' : header.type,
    mode: header.mode,
    uid: header.uid,
    gid: header.gid,
    sizeBytes: header.sizeBytes,
    mtime: header.mtime,
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    attributes,
    linkKey: step.linkPath ?? (header.type === 'symlink' ? header.linkKey : ''),
  }
}

/** `trusted.overlay.*` and `user.overlay.*` are overlayfs's own language; SELinux labels belong to the host's policy. */
function isKeptAttribute(name: string): boolean {
  return !name.startsWith('trusted.overlay.') && !name.startsWith('user.overlay.') && name !== 'security.selinux'
}

async function* hashing(
  source: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength; at += sliceBytes) {
      const slice = chunk.byteLength <= sliceBytes ? chunk : chunk.subarray(at, at + sliceBytes)
      onChunk(slice)
      yield slice
    }
  }
}

function tooOften(): GantryError {
  return new GantryError('LAYER_REFUSED', 'invalid', 'the layer replaces its own entries too often', {
    remedy: 'The layer is damaged or hostile; build or fetch the image again.',
  })
}
