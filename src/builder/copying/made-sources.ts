/** Sources that are in no tree yet: downloads of ADD and here-documents. They are put into a scratch directory. */
import { baseName } from '#spec/dockerfile/clean-path.ts'
import { expandWord } from '#spec/dockerfile/expand-word.ts'
import type { ExpandOptions } from '#spec/dockerfile/expand-word.ts'
import type { Heredoc } from '#spec/dockerfile/heredoc.ts'
import { hashSource } from '../cache/content-hash.ts'
import { RootedTree } from '../context/rooted-tree.ts'
import { writeAll } from '#world/ports/write-all.ts'
import { stepFailed } from '../errors.ts'
import type { BuildMessage, FetchUrl } from '../ports.ts'
import type { CopyDeps } from './copy-entry.ts'
import { parseHttpDate } from './http-date.ts'
import { describeFetchError, describeStatus } from './fetch-errors.ts'
import type { CopySource } from './find-sources.ts'

export interface Scratch {
  /** A fresh directory of its own each time, gone with the step. */
  directory(): Promise<string>
}

export interface DownloadOptions {
  readonly url: string
  readonly destination: string
  readonly fetchUrl: FetchUrl
  readonly onProgress: (message: BuildMessage) => Promise<void>
}

/** True for words that ADD downloads. */
export function isUrl(word: string): boolean {
  return /^https?:\/\//.test(word)
}

/** Downloads a file: mode 0600, time from Last-Modified, name from the URL's path. Throws `invalid` in Docker's words. */
export async function downloadSource(deps: CopyDeps, scratch: Scratch, options: DownloadOptions): Promise<CopySource> {
  const { url } = options
  await using download = await options.fetchUrl(url, deps.signal).catch((error: unknown) => {
    if (deps.signal.aborted) throw error
    throw stepFailed(describeFetchError(url, error), { cause: error })
  })
  if (download.status >= 400) throw stepFailed(await describeStatus(url, download))
  const name = fileNameOf(url, options.destination)
  const directory = await scratch.directory()
  const path = `${directory}/${name}`
  await save(
    deps,
    { path, body: download.body, totalBytes: Number(download.header('content-length') ?? 0) },
    options.onProgress,
  )
  await deps.files.setTimes(path, parseHttpDate(download.header('last-modified') ?? '') ?? 0)
  return await sourceOf(deps, directory, name)
}

/** A here-document of COPY or ADD as a file: mode 0644, variables expanded unless its delimiter was quoted. */
export async function heredocSource(
  deps: CopyDeps,
  scratch: Scratch,
  options: { readonly heredoc: Heredoc; readonly expand: ExpandOptions },
): Promise<CopySource> {
  const { heredoc, expand } = options
  const content = heredoc.expand ? expandContent(heredoc.content, expand) : heredoc.content
  const name = baseName(heredoc.name)
  if (name === '.' || name === '..' || name === '/') throw stepFailed(`invalid heredoc name ${heredoc.name}`)
  const directory = await scratch.directory()
  await deps.files.write(`${directory}/${name}`, content, { mode: 0o644, exclusive: true })
  await deps.files.chmod(`${directory}/${name}`, 0o644)
  return await sourceOf(deps, directory, name)
}

/** Variables only: quotes are text, and so is an escape that is not before a dollar sign. */
function expandContent(content: string, options: ExpandOptions): string {
  const { escape } = options
  const special = escape === '`' ? /`(?!\$)|["']/g : /\\(?!\$)|["']/g
  return expandWord(
    content.replaceAll(special, (char) => escape + char),
    options,
  )
}

async function sourceOf(deps: CopyDeps, directory: string, name: string): Promise<CopySource> {
  const key = await hashSource({
    files: deps.files,
    path: `${directory}/${name}`,
    name,
    withOwner: false,
    signal: deps.signal,
  })
  return { tree: new RootedTree(deps, directory), path: `/${name}`, name, isDirectory: false, key, mayUnpack: false }
}

function fileNameOf(url: string, destination: string): string {
  const path = URL.canParse(url) ? decodeURI(new URL(url).pathname) : ''
  const name = path.endsWith('/') ? '' : baseName(path)
  if (name !== '' && name !== '.' && name !== '..' && name !== '/') return name
  if (destination.endsWith('/')) throw stepFailed(`cannot determine filename for source ${url}`)
  return 'download'
}

interface Saving {
  readonly path: string
  readonly body: AsyncIterable<Uint8Array>
  readonly totalBytes: number
}

async function save(
  { files, signal }: CopyDeps,
  { path, body, totalBytes }: Saving,
  onProgress: DownloadOptions['onProgress'],
): Promise<void> {
  const freeBytes = (await files.space(path.slice(0, path.lastIndexOf('/')))).freeBytes
  await using file = await files.open(path, 'wx', 0o600)
  let position = 0
  let reported = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    if (position + chunk.byteLength > freeBytes * 0.95)
      throw stepFailed('the download is larger than the disk has room for', { kind: 'exhausted' })
    await writeAll(file, chunk, position)
    position += chunk.byteLength
    if (position - reported < 512 * 1024) continue
    reported = position
    await onProgress({
      status: 'Downloading',
      progressDetail: { current: position, ...(totalBytes > 0 ? { total: totalBytes } : {}) },
    })
  }
}
