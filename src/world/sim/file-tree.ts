/** The inodes of a filesystem in memory, and the walk from a path to one of them. */
import type { FileType } from '#world/ports/files.ts'

export interface Inode {
  readonly ino: number
  readonly type: FileType
  mode: number
  uid: number
  gid: number
  mtimeMs: number
  ctimeMs: number
  nlink: number
  content: Buffer
  readonly entries: Map<string, Inode>
  readonly target: string
}

/** A system error as the kernel's would be. */
export function systemError(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path })
}

const linksMost = 40

interface Place {
  readonly parent: Inode
  readonly name: string
  readonly node: Inode | undefined
}

/** A path half walked. */
interface Walk {
  /** Names still to go. */
  readonly parts: string[]
  /** Inodes from the root to here. */
  readonly stack: Inode[]
  /** Symlinks that were followed. */
  links: number
}

const isPlain = (node: Inode | undefined): boolean => node !== undefined && node.type !== 'directory'
const isFollowed = (node: Inode | undefined, stays: boolean): boolean => node?.type === 'symlink' && !stays
const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.')

export class FileTree {
  readonly #now: () => number
  readonly #root: Inode
  #nextIno = 1

  constructor(now: () => number) {
    this.#now = now
    this.#root = this.make('directory', 0o755)
  }

  /** A new inode, not in any directory yet. */
  make(type: FileType, mode: number, target = ''): Inode {
    const nowMs = this.#now()
    return {
      ino: this.#nextIno++,
      type,
      mode,
      uid: 0,
      gid: 0,
      mtimeMs: nowMs,
      ctimeMs: nowMs,
      nlink: type === 'directory' ? 2 : 1,
      content: Buffer.alloc(0),
      entries: new Map(),
      target,
    }
  }

  /** Content changed. */
  touch(node: Inode): void {
    node.mtimeMs = this.#now()
    node.ctimeMs = node.mtimeMs
  }

  /** The inode of a path; symlinks are followed, the last one only when asked to. @throws ENOENT, ENOTDIR, ELOOP. */
  get(path: string, call: string, followLast = true): Inode {
    const { node } = this.place(path, call, followLast)
    if (node === undefined) throw systemError('ENOENT', call, path)
    return node
  }

  /** Where a path leads: the directory, the last name, and what is there. */
  place(path: string, call: string, followLast: boolean): Place {
    const walk: Walk = { parts: partsOf(path), stack: [this.#root], links: 0 }
    let place: Place = { parent: this.#root, name: '', node: this.#root }
    for (let part = walk.parts.shift(); part !== undefined; part = walk.parts.shift()) {
      const here = this.#here(walk)
      if (isPlain(here)) throw systemError('ENOTDIR', call, path)
      const node = here.entries.get(part)
      const isLast = walk.parts.length === 0
      if (part === '..' || isFollowed(node, isLast && !followLast)) {
        place = this.#turn(walk, node)
        if (walk.links > linksMost) throw systemError('ELOOP', call, path)
        continue
      }
      if (node === undefined && !isLast) throw systemError('ENOENT', call, path)
      place = { parent: here, name: part, node }
      if (node !== undefined) walk.stack.push(node)
    }
    if (path.endsWith('/') && isPlain(place.node)) throw systemError('ENOTDIR', call, path)
    return place
  }

  #here({ stack }: Walk): Inode {
    return stack.at(-1) ?? this.#root
  }

  /** Goes on where a symlink leads, or to the parent when there is none. */
  #turn(walk: Walk, link: Inode | undefined): Place {
    if (link === undefined && walk.stack.length > 1) walk.stack.pop()
    if (link !== undefined) {
      walk.links++
      walk.parts.unshift(...partsOf(link.target))
      if (link.target.startsWith('/')) walk.stack.splice(0, walk.stack.length, this.#root)
    }
    return { parent: walk.stack.at(-2) ?? this.#root, name: '', node: walk.stack.at(-1) }
  }

  /** The path of what a path leads to, without symlinks. */
  realPath(path: string): string {
    const wanted = this.get(path, 'realpath')
    const find = (node: Inode, at: string): string | undefined => {
      if (node === wanted) return at === '' ? '/' : at
      for (const [name, child] of node.entries) {
        const found = find(child, `${at}/${name}`)
        if (found !== undefined) return found
      }
      return undefined
    }
    return find(this.#root, '') ?? path
  }

  link({ parent, name }: Place, node: Inode): void {
    parent.entries.set(name, node)
    this.touch(parent)
    if (node.type === 'directory') parent.nlink++
  }

  unlink({ parent, name, node }: Place): void {
    if (node === undefined) return
    parent.entries.delete(name)
    this.touch(parent)
    node.nlink--
    if (node.type === 'directory') parent.nlink--
  }

  /** Bytes of all files, each once. */
  usedBytes(): number {
    const seen = new Set<Inode>()
    const sum = (node: Inode): number => {
      if (seen.has(node)) return 0
      seen.add(node)
      let bytes = node.content.length
      for (const child of node.entries.values()) bytes += sum(child)
      return bytes
    }
    return sum(this.#root)
  }

  /** A copy of everything as of now: what is left after a crash. */
  copy(): FileTree {
    const copied = new Map<Inode, Inode>()
    const clone = (node: Inode): Inode => {
      const known = copied.get(node)
      if (known !== undefined) return known
      const made: Inode = { ...node, entries: new Map() }
      copied.set(node, made)
      for (const [name, child] of node.entries) made.entries.set(name, clone(child))
      return made
    }
    const tree = new FileTree(this.#now)
    tree.#nextIno = this.#nextIno
    for (const [name, child] of this.#root.entries) tree.#root.entries.set(name, clone(child))
    return tree
  }
}
