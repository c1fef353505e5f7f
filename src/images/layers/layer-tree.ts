/**
 * What a layer's tar makes of an empty directory, decided without touching a disk. Every name is resolved here against
 * what earlier entries made, as a process chrooted to the layer would, so the program that writes files only ever gets
 * plain paths whose parents are real directories.
 *
 * Names are bytes-as-characters, relative, without `.`, `..` or empty parts; '' is the layer's root.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { TarHeader } from '#images/archive/tar-header.ts'

type NodeKind = 'directory' | 'symlink' | 'whiteout' | 'file' | 'other'

interface Node {
  readonly kind: NodeKind
  /** Of a symlink. */
  readonly target?: string
  /** What Docker counts for it. */
  readonly sizeBytes: number
}

/** What to do for one entry. */
export interface LayerStep {
  readonly action: 'write' | 'whiteout' | 'opaque' | 'skip'
  /** Where; for `opaque` the directory. */
  readonly path: string
  /** Target of a hard link. */
  readonly linkPath?: string
  /** Directories to make first, outermost first. */
  readonly missingParents: readonly string[]
  /** What stands at `path` and gives way: content must be kept if the tar shall be rebuilt; a tree must be moved aside first. */
  readonly replaces?: 'file' | 'directory'
  /** The directory also hides what lower layers have there. */
  readonly opaque?: boolean
}

const whiteoutPrefix = '.wh.'
const opaqueMarker = '.wh..wh..opq'
const linksMax = 40
const componentBytesMax = 255

/** The growing tree of one layer. */
export class LayerTree {
  readonly #nodes = new Map<string, Node>([['', { kind: 'directory', sizeBytes: 0 }]])
  readonly #whiteouts: boolean
  #sizeBytes = 0

  /** With `whiteouts: false` names that begin with `.wh.` are names like others (build contexts). */
  constructor(options: { readonly whiteouts?: boolean } = {}) {
    this.#whiteouts = options.whiteouts ?? true
  }

  /** What Docker counts as the layer's size so far. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Decides one entry and remembers its outcome. Throws `invalid` for what no layer may contain. */
  add(header: TarHeader): LayerStep {
    if (header.type === 'unknown') throw refuse(`unhandled tar header type ${header.typeFlag}`)
    const parts = cleanParts(header.nameKey, header.name)
    const base = parts.pop()
    if (base === undefined) return this.#addRoot(header)
    const marked = this.#whiteouts && base.startsWith(whiteoutPrefix)
    // AUFS's own bookkeeping, which nothing but AUFS reads.
    if (marked && base !== opaqueMarker && base.startsWith('.wh..wh.'))
      return { action: 'skip', path: '', missingParents: [] }
    const missingParents: string[] = []
    const parent = this.#resolve(parts, header.name, missingParents)
    if (!marked) return this.#addEntry(header, join(parent, base), missingParents)
    if (base === opaqueMarker) return { action: 'opaque', path: parent, missingParents }
    return this.#addWhiteout(join(parent, whiteoutName(base)), missingParents)
  }

  #addRoot(header: TarHeader): LayerStep {
    if (header.type !== 'directory') throw refuse(`the layer's root is not a directory: ${JSON.stringify(header.name)}`)
    return { action: 'write', path: '', missingParents: [] }
  }

  #addWhiteout(path: string, missingParents: string[]): LayerStep {
    const existing = this.#nodes.get(path)
    // A whiteout hides what lower layers have; what this layer itself brings stays (OCI image spec, layer.md, "Whiteouts").
    if (existing?.kind === 'directory') return { action: 'opaque', path, missingParents }
    if (existing !== undefined) return { action: 'skip', path, missingParents: [] }
    this.#set(path, { kind: 'whiteout', sizeBytes: 0 })
    return { action: 'whiteout', path, missingParents }
  }

  #addEntry(header: TarHeader, path: string, missingParents: string[]): LayerStep {
    const existing = this.#nodes.get(path)
    const linkPath = header.type === 'hardlink' ? this.#linkTarget(header, path) : undefined
    const replaces = replacedKind(existing, header)
    if (replaces === 'directory') this.#forgetBelow(path)
    this.#set(path, this.#nodeFor(header, linkPath))
    return {
      action: 'write',
      path,
      missingParents,
      ...(linkPath === undefined ? {} : { linkPath }),
      ...(replaces === undefined ? {} : { replaces }),
      ...(existing?.kind === 'whiteout' && header.type === 'directory' ? { opaque: true } : {}),
    }
  }

  #nodeFor(header: TarHeader, linkPath: string | undefined): Node {
    if (linkPath !== undefined) return { ...(this.#nodes.get(linkPath) ?? { kind: 'other' }), sizeBytes: 0 }
    if (header.type === 'directory') return { kind: 'directory', sizeBytes: 0 }
    if (header.type === 'symlink') return { kind: 'symlink', target: header.linkKey, sizeBytes: header.linkKey.length }
    return header.type === 'file' ? { kind: 'file', sizeBytes: header.sizeBytes } : { kind: 'other', sizeBytes: 0 }
  }

  #linkTarget(header: TarHeader, path: string): string {
    const parts = cleanParts(header.linkKey, header.linkName)
    const base = parts.pop()
    const missing: string[] = []
    const target = base === undefined ? '' : join(this.#resolve(parts, header.linkName, missing), base)
    const node = this.#nodes.get(target)
    if (missing.length > 0 || node === undefined || node.kind === 'whiteout')
      throw refuse(`link ${JSON.stringify(header.linkName)} ${JSON.stringify(header.name)}: no such file or directory`)
    if (node.kind === 'directory' || target === path)
      throw refuse(`link ${JSON.stringify(header.linkName)} ${JSON.stringify(header.name)}: operation not permitted`)
    return target
  }

  /** Follows parts from the root, symlinks included; what is missing becomes a directory and is listed. */
  #resolve(parts: readonly string[], name: string, missing: string[]): string {
    const pending = [...parts].reverse()
    let path = ''
    let links = 0
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '' || part === '.') continue
      const next = part === '..' ? path.slice(0, Math.max(0, path.lastIndexOf('/'))) : join(path, part)
      const node = part === '..' ? undefined : this.#nodes.get(next)
      if (node?.kind !== 'symlink') {
        if (part !== '..') this.#enter(next, name, missing)
        path = next
        continue
      }
      links += 1
      if (links > linksMax) throw refuse(`too many levels of symbolic links: ${JSON.stringify(name)}`)
      const target = node.target ?? ''
      if (target.startsWith('/')) path = ''
      pending.push(...target.split('/').reverse())
    }
    return path
  }

  /** Makes sure that a directory is at `path`, where nothing or a whiteout was. */
  #enter(path: string, name: string, missing: string[]): void {
    const kind = this.#nodes.get(path)?.kind
    if (kind === 'directory') return
    if (kind !== undefined && kind !== 'whiteout') throw refuse(`not a directory: ${JSON.stringify(name)}`)
    this.#makeParent(path, missing)
  }

  #makeParent(path: string, missing: string[]): void {
    if (Buffer.byteLength(path, 'latin1') > 4095 || path.slice(path.lastIndexOf('/') + 1).length > componentBytesMax)
      throw refuse('file name too long')
    this.#set(path, { kind: 'directory', sizeBytes: 0 })
    missing.push(path)
  }

  #set(path: string, node: Node): void {
    this.#sizeBytes += node.sizeBytes - (this.#nodes.get(path)?.sizeBytes ?? 0)
    this.#nodes.set(path, node)
  }

  #forgetBelow(path: string): void {
    for (const [key, node] of this.#nodes) {
      if (!key.startsWith(`${path}/`)) continue
      this.#sizeBytes -= node.sizeBytes
      this.#nodes.delete(key)
    }
  }
}

/** What an entry takes the place of, where the recipe still needs it. */
function replacedKind(existing: Node | undefined, header: TarHeader): 'directory' | 'file' | undefined {
  if (existing?.kind === 'directory' && header.type !== 'directory') return 'directory'
  return existing?.kind === 'file' ? 'file' : undefined
}

/** Parts of a path, cleaned lexically as Go's filepath.Clean does. Throws when it climbs out or cannot be a path. */
function cleanParts(key: string, shown: string): string[] {
  const parts: string[] = []
  for (const part of key.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (parts.pop() === undefined && !key.startsWith('/'))
        throw refuse(`${JSON.stringify(shown)} is outside of the layer`)
      continue
    }
    if (part.length > componentBytesMax) throw refuse(`file name too long: ${JSON.stringify(shown.slice(0, 64))}…`)
    parts.push(part)
  }
  return parts
}

function whiteoutName(base: string): string {
  const name = base.slice(whiteoutPrefix.length)
  if (name === '' || name === '.' || name === '..') throw refuse(`invalid whiteout ${JSON.stringify(base)}`)
  return name
}

function join(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}

function refuse(message: string): GantryError {
  return new GantryError('LAYER_REFUSED', 'invalid', message, {
    remedy: 'The layer is damaged or hostile; build or fetch the image again.',
  })
}
