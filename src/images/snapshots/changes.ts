/** What a writable layer changed: the rows of `docker diff` (GET /containers/{id}/changes). */
import { errnoOf } from '#base/errors/gantry-error.ts'
import { walkTree } from '#images/archive/pack-directory.ts'
import type { PackDeps } from '#images/archive/pack-directory.ts'
import { textOfKey } from '#images/archive/tar-header.ts'
import type { FileStat } from '#world/ports/files.ts'
import { initLayerPaths } from './init-layer.ts'
import type { PathChange } from './snapshot-types.ts'

const kinds = { modified: 0, added: 1, deleted: 2 } as const

/**
 * Compares an overlay's writable directory with the directories under it (topmost first).
 * A directory that is only there because something below it changed counts as modified, as in Docker.
 */
export async function listChanges(
  deps: PackDeps,
  upper: string,
  options: { readonly lowers: readonly string[]; readonly initLayer: boolean },
): Promise<PathChange[]> {
  const changes = new Map<string, 0 | 1 | 2>()
  const opaque = new Set<string>()
  const unchanged = new Set<string>()
  for await (const { pathKey, header } of walkTree(deps, upper, { overlay: true })) {
    const path = `/${textOfKey(pathKey)}`
    const name = header.nameKey?.slice(header.nameKey.lastIndexOf('/') + 1) ?? ''
    if (name === '.wh..wh..opq') {
      opaque.add(path.slice(0, path.lastIndexOf('/')))
    } else if (name === `.wh.${pathKey.slice(pathKey.lastIndexOf('/') + 1)}` && header.type === 'file') {
      changes.set(path, kinds.deleted)
    } else {
      const below = hidden(path, opaque) ? undefined : await findBelow(deps, options.lowers, path.slice(1))
      if (below === undefined) changes.set(path, kinds.added)
      else if (isChanged(below, await deps.files.lstat(`${upper}${path}`))) changes.set(path, kinds.modified)
      else unchanged.add(path)
    }
  }
  addParents(changes, unchanged)
  if (options.initLayer) dropInitPaths(changes)
  return [...changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([Path, Kind]) => ({ Path, Kind }))
}

/** What is as it was is told only for the sake of changes in it. */
function addParents(changes: Map<string, 0 | 1 | 2>, unchanged: ReadonlySet<string>): void {
  for (const path of [...changes.keys()]) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at)
      if (unchanged.has(parent)) changes.set(parent, kinds.modified)
    }
  }
}

/** Mount points that the engine itself put there, and /dev, /proc, /sys when nothing else in them changed. */
function dropInitPaths(changes: Map<string, 0 | 1 | 2>): void {
  for (const path of [...changes.keys()].sort().reverse()) {
    if (!initLayerPaths.has(path) || path === '/etc') continue
    if (![...changes.keys()].some((other) => other.startsWith(`${path}/`)) && changes.get(path) === kinds.modified)
      changes.delete(path)
  }
}

function hidden(path: string, opaque: ReadonlySet<string>): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    if (opaque.has(path.slice(0, at))) return true
  return false
}

/** Sizes and times of directories say little about them (moby `statDifferent`). */
function isChanged(before: FileStat, after: FileStat): boolean {
  const same = (keys: readonly (keyof FileStat)[]): boolean => keys.every((key) => before[key] === after[key])
  if (!same(['type', 'mode', 'uid', 'gid', 'rdev'])) return true
  return before.type !== 'directory' && !same(['mtimeMs', 'sizeBytes'])
}

/** Looks from the topmost layer down until one has the path, whites it out, or has something else in its way. */
async function findBelow(deps: PackDeps, lowers: readonly string[], path: string): Promise<FileStat | undefined> {
  for (const lower of lowers) {
    const found = await lookIn(deps, lower, path)
    if (found !== undefined) return found === 'hidden' ? undefined : found
  }
  return undefined
}

/** What is there; undefined: look further down. */
async function lookIn(deps: PackDeps, lower: string, path: string): Promise<FileStat | 'hidden' | undefined> {
  const parts = path.split('/')
  let found: FileStat | undefined
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const at = `${lower}/${parts.slice(0, depth).join('/')}`
    let stat
    try {
      stat = await deps.files.lstat(at)
    } catch (error) {
      const code = errnoOf(error)
      if (code === 'ENOENT' || code === 'ENOTDIR')
        return opaqueAbove(deps, lower, parts.slice(0, depth - 1)) ? 'hidden' : undefined
      throw error
    }
    if (stat.type === 'character' && stat.rdev === 0) return 'hidden'
    if (depth < parts.length && stat.type !== 'directory') return 'hidden'
    found = stat
  }
  return found
}

function opaqueAbove(deps: PackDeps, lower: string, parts: readonly string[]): boolean {
  for (let depth = parts.length; depth > 0; depth -= 1) {
    if (
      deps.kernel.attributes.get(`${lower}/${parts.slice(0, depth).join('/')}`, 'trusted.overlay.opaque') !== undefined
    )
      return true
  }
  return false
}
