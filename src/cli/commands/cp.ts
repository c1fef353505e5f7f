/** `cp`: copies files between a container and this machine. */
import { Readable } from 'node:stream'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import { writeTo } from '#cli/docker/session.ts'
import { tarParts, tarTree } from '#cli/docker/tar-tree.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import { GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import { goError } from './key-value-files.ts'
import { absolute } from './mount-flag.ts'
import { extractTar } from './extract-tar.ts'

export const cp: Verb = {
  usage: ['[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-', '[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH'],
  flags: [
    { name: 'archive', short: 'a', kind: 'bool', help: 'Keep owners' },
    { name: 'follow-link', short: 'L', kind: 'bool', help: 'Follow a symlink at the source' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Show no progress' },
  ],
  count: exactly(2),
  completes: 'containers',
  run: copy,
}

interface Place {
  readonly container: string
  readonly path: string
}

/** `name:path`; local when it starts with `/` or `.`, or has no colon. */
function place(text: string): Place {
  const colon = text.indexOf(':')
  if (colon <= 0 || text.startsWith('/') || text.slice(0, colon).startsWith('.')) return { container: '', path: text }
  return { container: text.slice(0, colon), path: text.slice(colon + 1) }
}

async function copy({ flags, args, session }: Call): Promise<void> {
  const [sourceText = '', targetText = ''] = args
  if (sourceText === '') throw failure('source can not be empty')
  if (targetText === '') throw failure('destination can not be empty')
  const source = place(sourceText)
  const target = place(targetText)
  const plan = {
    source,
    target,
    follow: flags.bool('follow-link'),
    archive: flags.bool('archive'),
    quiet: flags.bool('quiet') || !session.io.terminal.stderrIsTerminal,
  }
  if (source.container !== '' && target.container !== '') throw failure('copying between containers is not supported')
  if (source.container === '' && target.container === '') throw failure('must specify at least one container source')
  if (source.container !== '') await copyOut(session, plan)
  else await copyIn(session, plan)
}

interface Plan {
  readonly source: Place
  readonly target: Place
  readonly follow: boolean
  readonly archive: boolean
  readonly quiet: boolean
}

interface PathStat {
  readonly name: string
  readonly mode: number
  readonly linkTarget?: string
}

/** Go's file mode bits. */
const goDirectory = 2 ** 31
const goSymlink = 2 ** 27
const has = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1

async function statInside(client: EngineClient, container: string, path: string): Promise<PathStat> {
  const reply = await client
    .stream('HEAD', `/containers${pathOf(container)}/archive`, { query: { path } })
    .catch((error: unknown) => {
      if (!(error instanceof GantryError) || !isErrorKind(error, 'not-found')) throw error
      throw new GantryError(error.code, error.kind, `Could not find the file ${path} in container ${container}`, {
        cause: error,
        details: { status: 404 },
      })
    })
  reply.body.destroy()
  return JSON.parse(Buffer.from(reply.headers['x-docker-container-path-stat'] ?? '', 'base64').toString()) as PathStat
}

/** Cleans a path in a container but keeps what its end says: `/` a folder, `/.` a folder's content. */
function keepEnding(path: string): string {
  const clean = absolute('/', path)
  if (/(^|\/)\.$/.test(path)) return clean === '/' ? '/.' : `${clean}/.`
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean
}

function baseName(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//, '') || '/'
}

async function copyOut(session: Session, { source, target, follow, quiet }: Plan): Promise<void> {
  const { files, cwd, terminal } = session.io
  if (target.path === '-' && terminal.stdoutIsTerminal)
    throw failure('cowardly refusing to save to a terminal. Use the -o flag or redirect')
  const client = await session.client()
  const { path, name } = await sourceInside(client, source, follow)
  const reply = await client.stream('GET', `/containers${pathOf(source.container)}/archive`, { query: { path } })
  if (target.path === '-') {
    for await (const chunk of reply.body) await writeTo(terminal.stdout, chunk as Uint8Array)
    return
  }
  const stat = JSON.parse(
    Buffer.from(reply.headers['x-docker-container-path-stat'] ?? 'e30=', 'base64').toString(),
  ) as PathStat
  const isFolder = has(stat.mode, goDirectory)
  const local = absolute(cwd, target.path)
  const intoFolder = await isExistingFolder(files, { local, given: target.path, isFolder })
  const inside = intoFolder && !(isFolder && /(^|\/)\.$/.test(source.path))
  // The archive's root is named after the path asked for; it becomes the target, or an entry of the existing folder.
  const sizeBytes = await extractTar(files, reply.body as AsyncIterable<Uint8Array>, {
    target: inside ? absolute(local, name.replace(/^[/.]$/, '')) : local,
  })
  if (!quiet) await session.warn(`Successfully copied ${formatDecimalSize(sizeBytes)} to ${local}\n`)
}

/** True when the target is a folder that is there. Throws when the copy could not be put at the target. */
async function isExistingFolder(
  files: Files,
  target: { readonly local: string; readonly given: string; readonly isFolder: boolean },
): Promise<boolean> {
  const existing = await files.stat(target.local).catch(() => undefined)
  if (existing?.type === 'directory') return true
  if (existing === undefined) await checkNewTarget(files, target)
  else checkFileTarget(target.given, target.isFolder)
  return false
}

/** The path to ask for, a link at its end followed when wished, and the name that its copy gets in a folder. */
async function sourceInside(
  client: EngineClient,
  source: Place,
  follow: boolean,
): Promise<{ readonly path: string; readonly name: string }> {
  const path = keepEnding(source.path)
  const stat = follow ? await statInside(client, source.container, path) : undefined
  const link = stat !== undefined && has(stat.mode, goSymlink) ? (stat.linkTarget ?? '') : ''
  if (link === '') return { path, name: baseName(path) }
  const folder = path.slice(0, path.lastIndexOf('/')) || '/'
  return { path: link.startsWith('/') ? link : absolute(folder, link), name: baseName(source.path) }
}

async function checkNewTarget(
  files: Files,
  { local, given, isFolder }: { readonly local: string; readonly given: string; readonly isFolder: boolean },
): Promise<void> {
  const parent = local.slice(0, local.lastIndexOf('/')) || '/'
  await files.stat(parent).catch((cause: unknown) => {
    throw failure(`invalid output path: directory "${parent}" does not exist`, cause)
  })
  if (!isFolder && given.endsWith('/')) throw failure(`invalid output path: directory "${local}" does not exist`)
}

function checkFileTarget(given: string, isFolder: boolean): void {
  if (isFolder) throw failure('cannot copy directory')
  if (given.endsWith('/')) throw failure('not a directory')
}

async function copyIn(session: Session, { source, target, follow, archive, quiet }: Plan): Promise<void> {
  const client = await session.client()
  let path = keepEnding(target.path)
  let stat = await statInside(client, target.container, path).catch((error: unknown) => {
    if (error instanceof GantryError && error.details['status'] === 404 && !/No such container/.test(error.message))
      return undefined
    throw error
  })
  if (stat !== undefined && has(stat.mode, goSymlink) && (stat.linkTarget ?? '') !== '') {
    const link = stat.linkTarget ?? ''
    path = link.startsWith('/') ? link : absolute(absolute('/', path).replace(/\/[^/]*$/, '') || '/', link)
    stat = await statInside(client, target.container, path).catch(() => undefined)
  }
  const put = async (folder: string, body: Readable): Promise<void> => {
    await client.text('PUT', `/containers${pathOf(target.container)}/archive`, {
      query: { path: folder, noOverwriteDirNonDir: 'true', copyUIDGID: archive ? 'true' : undefined },
      headers: { 'Content-Type': 'application/x-tar' },
      body,
    })
  }
  if (source.path === '-') {
    if (stat !== undefined && !has(stat.mode, goDirectory))
      throw failure(`destination "${target.container}:${path}" must be a directory`)
    await put(path, session.io.terminal.stdin)
    return
  }
  await sendLocal(session, {
    source,
    follow,
    quiet,
    target,
    path,
    directory: stat === undefined ? undefined : has(stat.mode, goDirectory),
    put,
  })
}

interface Sending {
  readonly source: Place
  readonly follow: boolean
  readonly quiet: boolean
  readonly target: Place
  readonly path: string
  /** Undefined: the target is not there. */
  readonly directory: boolean | undefined
  readonly put: (folder: string, body: Readable) => Promise<void>
}

async function sendLocal(
  session: Session,
  { source, follow, quiet, target, path, directory, put }: Sending,
): Promise<void> {
  const { files, cwd } = session.io
  const local = absolute(cwd, source.path)
  const slash = source.path.endsWith('/') || /(^|\/)\.$/.test(source.path)
  const own = await (follow || slash ? files.stat(local) : files.lstat(local)).catch((cause: unknown) => {
    throw failure(`lstat ${local}: ${goError(cause)}`, cause)
  })
  const isFolder = own.type === 'directory'
  if (source.path.endsWith('/') && !isFolder) throw failure('not a directory')
  const contents = isFolder && /(^|\/)\.$/.test(source.path)
  if (directory !== true) checkPlace(path, { isFolder, exists: directory === false })
  const folder = directory === true ? path : parentOf(path)
  const name = directory === true ? (contents ? '' : baseName(local)) : baseName(path)
  let sizeBytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of tarParts(tarTree(files, local, { name, follow: follow || slash }))) {
      sizeBytes += chunk.length
      yield chunk
    }
  }
  await put(folder, Readable.from(counted()))
  if (!quiet)
    await session.warn(`Successfully copied ${formatDecimalSize(sizeBytes)} to ${target.container}:${target.path}\n`)
}

/** A target that is no folder: there as a file, or not there yet. */
function checkPlace(
  path: string,
  { isFolder, exists }: { readonly isFolder: boolean; readonly exists: boolean },
): void {
  if (exists && isFolder) throw failure('cannot copy directory')
  if (path.endsWith('/') && !isFolder) throw failure(exists ? 'not a directory' : 'no such directory')
}

function parentOf(path: string): string {
  return absolute('/', path).replace(/\/[^/]*$/, '') || '/'
}
