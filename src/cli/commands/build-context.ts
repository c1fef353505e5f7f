/** What a build is made of: a folder, standard input or an address, as one archive. */
import { Readable } from 'node:stream'
import { messageOf } from '#base/errors/gantry-error.ts'
import { failure } from '#cli/docker/exit.ts'
import { readIgnoreFile } from '#cli/docker/ignore-file.ts'
import type { Session } from '#cli/docker/session.ts'
import { tarFile, tarParts, tarTree } from '#cli/docker/tar-tree.ts'
import { goError } from './key-value-files.ts'
import { absolute } from './mount-flag.ts'

export interface BuildContext {
  /** Left out when the daemon fetches it. */
  readonly body?: Readable
  /** Name of the Dockerfile within the archive. */
  readonly dockerfile: string
  readonly remote?: string
}

/** Prepares the context named by `source`; `file` is the value of `--file`. Throws `unable to prepare context: …`. */
export async function buildContext(session: Session, source: string, file: string): Promise<BuildContext> {
  if (source === '-' && file === '-')
    throw failure("invalid argument: can't use stdin for both build context and dockerfile")
  if (source === '-') return fromStdin(session, file)
  if (/^(https?|git):\/\/|^git@|^github\.com\//.test(source))
    return { remote: source, dockerfile: file === '' ? 'Dockerfile' : file }
  return fromFolder(session, source, file)
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

const archiveMagic: readonly Buffer[] = [
  Buffer.from([0x1f, 0x8b, 0x08]),
  Buffer.from([0x42, 0x5a, 0x68]),
  Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
]

async function fromStdin(session: Session, file: string): Promise<BuildContext> {
  const { stdin } = session.io.terminal
  const start: Uint8Array[] = []
  let size = 0
  const reader = stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  while (size < 512) {
    const next = await reader.next()
    if (next.done === true) break
    start.push(next.value)
    size += next.value.length
  }
  const head = Buffer.concat(start)
  if (!isArchive(head)) {
    if (file !== '')
      throw failure(
        'unable to prepare context: ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles',
      )
    const rest = await readAll(Readable.from({ [Symbol.asyncIterator]: () => reader }))
    const content = Buffer.concat([head, rest])
    return { body: Readable.from(tarParts(tarFile('Dockerfile', content))), dockerfile: 'Dockerfile' }
  }
  const whole = async function* (): AsyncGenerator<Uint8Array, void> {
    yield head
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) yield next.value
  }
  return { body: Readable.from(whole()), dockerfile: file === '' ? 'Dockerfile' : file }
}

function isArchive(head: Buffer): boolean {
  return (
    archiveMagic.some((magic) => head.subarray(0, magic.length).equals(magic)) ||
    head.subarray(257, 262).toString() === 'ustar' ||
    looksLikeOldTar(head)
  )
}

/** A tar header without magic: its checksum fits. */
function looksLikeOldTar(head: Buffer): boolean {
  if (head.length < 512) return false
  const stored = Number.parseInt(
    head
      .toString('latin1', 148, 156)
      .replace(/[\0 ]+$/g, '')
      .trim(),
    8,
  )
  const sum = head.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  return stored === sum
}

async function fromFolder(session: Session, source: string, file: string): Promise<BuildContext> {
  const { files, cwd, terminal } = session.io
  const root = await files.realPath(absolute(cwd, source)).catch((cause: unknown) => {
    throw failure(`unable to prepare context: path "${source}" not found`, cause)
  })
  const stat = await files.stat(root)
  if (stat.type !== 'directory') throw failure(`unable to prepare context: context must be a directory: ${root}`)
  const ignore = await readIgnore(session, root, file)
  const owner = { uid: 0, gid: 0 }
  const tree = (dockerfile: string | undefined): AsyncIterable<Uint8Array> => {
    const rules = readIgnoreFile(
      ignore,
      dockerfile === undefined ? ['!.dockerignore'] : ['!.dockerignore', `!${dockerfile}`],
    )
    return tarTree(files, root, {
      name: '',
      owner,
      includes: (path) => !rules.ignores(path),
      enters: (path) => rules.mayKeepBelow(path),
    })
  }
  if (file === '-') {
    const content = await readAll(terminal.stdin)
    const name = `.dockerfile.${content.length.toString(16).padStart(8, '0')}${root.length.toString(16).padStart(12, '0')}`
    return { body: Readable.from(tarParts(tree(undefined), tarFile(name, content))), dockerfile: name }
  }
  const inside = await findDockerfile(session, root, file)
  if (inside.content === undefined) return { body: Readable.from(tarParts(tree(inside.name))), dockerfile: inside.name }
  return {
    body: Readable.from(tarParts(tree(undefined), tarFile(inside.name, inside.content))),
    dockerfile: inside.name,
  }
}

async function readIgnore(session: Session, root: string, file: string): Promise<string> {
  const { files, cwd } = session.io
  const own = file === '' || file === '-' ? undefined : `${absolute(cwd, file)}.dockerignore`
  for (const path of [own, `${root}/.dockerignore`])
    if (path !== undefined && (await files.exists(path))) return files.readText(path, { maxBytes: 16 * 1024 * 1024 })
  return ''
}

/** The Dockerfile's name in the context, or its content when it lies outside. */
async function findDockerfile(
  session: Session,
  root: string,
  file: string,
): Promise<{ readonly name: string; readonly content?: Uint8Array }> {
  const { files, cwd } = session.io
  const path = file === '' ? `${root}/Dockerfile` : absolute(cwd, file)
  const missing = (cause: unknown): never => {
    throw failure(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${path}: ${goError(cause)}`,
      cause,
    )
  }
  if (file === '' && !(await files.exists(path)) && (await files.exists(`${root}/dockerfile`)))
    return { name: 'dockerfile' }
  const real = await files.realPath(path).catch(missing)
  if (real.startsWith(root === '/' ? '/' : `${root}/`)) return { name: real.slice(root.length).replace(/^\//, '') }
  const content = await files.read(real, { maxBytes: 64 * 1024 * 1024 }).catch((cause: unknown) => {
    throw failure(`unable to prepare context: unable to open Dockerfile: ${messageOf(cause)}`, cause)
  })
  return { name: `.dockerfile.${content.length.toString(16).padStart(20, '0')}`, content }
}
