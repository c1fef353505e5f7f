/** Copies files, directories, links and nodes from one place to another, with owner, mode, times and attributes. */
import type { ModeChange } from '#spec/dockerfile/file-mode.ts'
import type { Files, FileStat } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Processes } from '#world/ports/processes.ts'
import { writeAll } from '#world/ports/write-all.ts'
import type { Owner } from '../context/rooted-tree.ts'
import { stepFailed } from '../errors.ts'
import { goQuote } from '#base/data/go-quote.ts'

export interface CopyDeps {
  readonly files: Files
  readonly kernel: Kernel
  readonly processes: Processes
  readonly signal: AbortSignal
}

/** Places whose parents are held; the last part is not followed. */
export interface Route {
  readonly from: string
  readonly to: string
}

export interface CopyRules {
  /** Undefined: owners and set-id bits are kept. */
  readonly owner: Owner | undefined
  readonly modeChange: ModeChange | undefined
  /** Where hard-linked files of this copy went, by inode. */
  readonly links: Map<string, string>
}

const chunkBytes = 1024 * 1024
const nodeFormats: Readonly<Record<string, number>> = { fifo: 0o010000, character: 0o020000, block: 0o060000 }

/** Copies everything in a directory into another, merging: directories stay, other things are replaced. */
export async function copyChildren(deps: CopyDeps, route: Route, rules: CopyRules): Promise<void> {
  for (const entry of await deps.files.list(route.from)) {
    deps.signal.throwIfAborted()
    await copyEntry(deps, { from: `${route.from}/${entry.name}`, to: `${route.to}/${entry.name}` }, rules)
  }
}

/** Copies one entry and what is below it. */
export async function copyEntry(deps: CopyDeps, route: Route, rules: CopyRules): Promise<void> {
  const stat = await deps.files.lstat(route.from)
  if (stat.type === 'socket' || stat.type === 'unknown') return
  const stays = await makeRoom(deps, route, stat)
  if (stat.type === 'file' && stat.nlink > 1 && (await linked(deps, route, { stat, links: rules.links }))) return
  if (!stays) await create(deps, route, stat)
  if (stat.type === 'directory') await copyChildren(deps, route, rules)
  await settle(deps, route, { stat, rules })
}

/** True when the target is a directory that stays. */
async function makeRoom(deps: CopyDeps, { to }: Route, stat: FileStat): Promise<boolean> {
  if (!(await deps.files.exists(to))) return false
  const existing = await deps.files.lstat(to)
  if (existing.type !== 'directory') {
    await deps.files.remove(to)
    return false
  }
  if (stat.type === 'directory') return true
  throw stepFailed(
    `failed to copy files: cannot overwrite directory ${goQuote(to.slice(to.lastIndexOf('/')))} with non-directory`,
  )
}

async function linked(
  deps: CopyDeps,
  { to }: Route,
  { stat, links }: { stat: FileStat; links: Map<string, string> },
): Promise<boolean> {
  const inode = `${stat.dev}:${stat.ino}`
  const first = links.get(inode)
  if (first === undefined) {
    links.set(inode, to)
    return false
  }
  await deps.files.link(first, to)
  return true
}

async function create(deps: CopyDeps, { from, to }: Route, stat: FileStat): Promise<void> {
  const { files, kernel } = deps
  if (stat.type === 'directory') await files.makeDirectory(to, { mode: 0o700 })
  else if (stat.type === 'symlink') await files.symlink(await files.readLink(from), to)
  else if (stat.type === 'file') await copyContent(deps, { from, to }, stat.sizeBytes)
  else {
    const device = stat.type === 'fifo' ? undefined : deviceOf(stat.rdev)
    kernel.makeNode(to, (nodeFormats[stat.type] ?? 0) | 0o600, device)
  }
}

async function copyContent({ files, signal }: CopyDeps, { from, to }: Route, sizeBytes: number): Promise<void> {
  if (sizeBytes <= chunkBytes) {
    await files.write(to, await files.read(from, { maxBytes: chunkBytes }), { exclusive: true, mode: 0o600 })
    return
  }
  await using source = await files.open(from, 'r')
  await using target = await files.open(to, 'wx', 0o600)
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let position = 0
  for (let count = await source.read(buffer, position); count > 0; count = await source.read(buffer, position)) {
    signal.throwIfAborted()
    await writeAll(target, buffer.subarray(0, count), position)
    position += count
  }
}

async function settle(
  { files, kernel }: CopyDeps,
  { from, to }: Route,
  { stat, rules }: { stat: FileStat; rules: CopyRules },
): Promise<void> {
  const owner = rules.owner ?? stat
  await files.chown(to, owner.uid, owner.gid)
  if (stat.type !== 'symlink') await files.chmod(to, modeOf(stat, rules))
  if (stat.type === 'file') {
    for (const name of kernel.attributes.list(from).filter(isKeptAttribute)) {
      const value = kernel.attributes.get(from, name)
      if (value !== undefined) kernel.attributes.set(to, name, value)
    }
  }
  await files.setTimes(to, stat.mtimeMs)
}

/** A change of owner takes the set-id bits of a file away, as the kernel does it for Docker. */
function modeOf(stat: FileStat, { owner, modeChange }: CopyRules): number {
  const isDirectory = stat.type === 'directory'
  const cleared = owner === undefined || isDirectory ? 0 : 0o4000 | ((stat.mode & 0o010) === 0 ? 0 : 0o2000)
  const mode = stat.mode & ~cleared
  return modeChange === undefined ? mode : modeChange(mode, isDirectory)
}

/** Capabilities and users' own attributes; `trusted.*` could speak to overlayfs. */
function isKeptAttribute(name: string): boolean {
  return name === 'security.capability' || name.startsWith('user.')
}

/** Splits a device number as glibc's gnu_dev_major and gnu_dev_minor do. */
function deviceOf(rdev: number): { major: number; minor: number } {
  const device = BigInt(rdev)
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  }
}
