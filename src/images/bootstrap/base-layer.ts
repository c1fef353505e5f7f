/** Writes a base image's layer: entries from packages under fixed times, each path once, so that the same packages give the same layer. */
import type { Readable } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import { decompress } from '#images/archive/decompress.ts'
import { readTar } from '#images/archive/read-tar.ts'
import type { TarEntry } from '#images/archive/read-tar.ts'
import { createTarWriter } from '#images/archive/write-tar.ts'
import type { TarEntryOptions, TarWriter } from '#images/archive/write-tar.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'

/** The one time that everything in a base image has: 2024-01-01. */
export const baseTime = { seconds: 1_704_067_200, nanos: 0 } as const
export const baseTimeText = '2024-01-01T00:00:00Z'

export interface LayerDeps {
  readonly files: Files
  readonly processes: Processes
}

/** Old directories that are links into /usr in today's Debian; packages still name them. */
const mergedDirectories = ['bin', 'sbin', 'lib', 'lib64', 'lib32', 'libx32']
const leftOut = /^usr\/share\/(?:man|info|locale|lintian|doc\/.*(?<!copyright)$|bug|menu)(?:\/|$)/
const contentBytesMax = 512 * 1024 * 1024

/** A layer being written. Paths given twice are kept once, the first time. */
export class BaseLayer {
  readonly #writer: TarWriter = createTarWriter()
  readonly #seen = new Set<string>()

  get output(): Readable {
    return this.#writer.output
  }

  async directory(path: string, mode = 0o755): Promise<void> {
    await this.add({ name: path, type: 'directory', mode })
  }

  async file(path: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
    const bytes = Buffer.from(content)
    await this.add({ name: path, type: 'file', mode, sizeBytes: bytes.length }, bytes)
  }

  async link(path: string, target: string): Promise<void> {
    await this.add({ name: path, type: 'symlink', mode: 0o777, linkName: target })
  }

  async add(entry: TarEntryOptions, content?: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const path = entry.name.replace(/\/+$/, '')
    if (this.#seen.has(path)) return
    const slash = path.lastIndexOf('/')
    if (slash > 0) await this.directory(path.slice(0, slash))
    this.#seen.add(path)
    await this.#writer.add({ ...entry, name: path, mtime: baseTime }, content)
  }

  /** The links of a merged /usr, before anything that would make them directories. */
  async mergedUsr(): Promise<void> {
    for (const directory of mergedDirectories) {
      await this.directory(`usr/${directory}`)
      await this.link(directory, `usr/${directory}`)
    }
  }

  finish(): void {
    this.#writer.finish()
  }

  fail(error: unknown): void {
    this.#writer.fail(error instanceof Error ? error : new Error(String(error)))
  }
}

/** Adds a Debian package's files (documentation other than licences left out). */
export async function addDebianPackage(deps: LayerDeps, layer: BaseLayer, path: string): Promise<void> {
  for await (const entry of debianEntries(deps, path)) {
    const name = mergedName(cleanName(entry.header.name))
    if (name === '' || leftOut.test(name)) continue
    await addEntry(layer, entry, {
      name,
      linkName: entry.header.type === 'hardlink' ? mergedName(cleanName(entry.header.linkName)) : entry.header.linkName,
    })
  }
}

/** One file's content out of a Debian package. */
export async function readFromDebianPackage(deps: LayerDeps, path: string, wanted: string): Promise<Buffer> {
  let found: Buffer | undefined
  for await (const entry of debianEntries(deps, path)) {
    if (cleanName(entry.header.name) !== wanted) continue
    const chunks: Uint8Array[] = []
    for await (const chunk of entry.body) chunks.push(chunk)
    found = Buffer.concat(chunks)
  }
  if (found === undefined)
    throw new GantryError('IMAGE_BOOTSTRAP_DAMAGED', 'internal', `${path} has no ${wanted}`, {
      remedy: 'Remove the download and try again.',
    })
  return found
}

/** Adds an npm package's `bin`, `lib`, `include` and `share` under /usr/local. */
export async function addNpmPackage(deps: LayerDeps, layer: BaseLayer, path: string): Promise<void> {
  const plain = await decompress(deps.files.readStream(path) as AsyncIterable<Uint8Array>, deps.processes, {
    maxBytes: contentBytesMax,
  })
  for await (const entry of readTar(plain)) {
    const name = cleanName(entry.header.name).replace(/^[^/]+\/?/, '')
    if (!/^(?:bin|lib|include|share)\//.test(name) || entry.header.type === 'hardlink') continue
    await addEntry(layer, entry, { name: `usr/local/${name}`, linkName: entry.header.linkName })
  }
}

async function addEntry(layer: BaseLayer, entry: TarEntry, to: { name: string; linkName: string }): Promise<void> {
  const { header } = entry
  if (header.type === 'unknown') return
  await layer.add(
    {
      name: to.name,
      type: header.type,
      linkName: to.linkName,
      mode: header.mode,
      uid: header.uid,
      gid: header.gid,
      sizeBytes: header.sizeBytes,
      attributes: header.attributes,
    },
    entry.body,
  )
}

async function* debianEntries({ processes }: LayerDeps, path: string): AsyncGenerator<TarEntry> {
  const program = await processes.find('dpkg-deb')
  if (program === undefined)
    throw new GantryError(
      'IMAGE_BOOTSTRAP_TOOL_MISSING',
      'not-implemented',
      'dpkg-deb is not installed, so base images cannot be made here',
      { remedy: 'Install dpkg, or load an image from a file.' },
    )
  const child = processes.spawn(program, ['--fsys-tarfile', path], { descriptors: ['null', 'pipe', 'null'] })
  try {
    yield* readTar(child.pipes.get(1) as Readable)
    const { exitCode } = await child.exited
    if (exitCode !== 0)
      throw new GantryError('IMAGE_BOOTSTRAP_DAMAGED', 'internal', `${path} is damaged`, {
        remedy: 'Remove the download and try again.',
      })
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
}

function cleanName(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/')
}

function mergedName(name: string): string {
  const [first = ''] = name.split('/', 1)
  return mergedDirectories.includes(first) ? `usr/${name}` : name
}
