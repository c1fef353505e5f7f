/** Finds the sources of COPY and ADD in a tree and gives each its content key. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import { baseName, cleanPath } from '#spec/dockerfile/clean-path.ts'
import { compileGoGlob, containsWildcards } from '#spec/dockerfile/glob.ts'
import type { Files } from '#world/ports/files.ts'
import { hashSource } from '../cache/content-hash.ts'
import type { RootedTree } from '../context/rooted-tree.ts'
import { forbiddenPath, stepFailed } from '../errors.ts'

export interface CopySource {
  readonly tree: RootedTree
  /** Resolved path in the tree. */
  readonly path: string
  /** Name it gets in a directory: the last part as written, before symlinks. */
  readonly name: string
  readonly isDirectory: boolean
  /** Content key: `file:…` or `dir:…`. */
  readonly key: string
  /** ADD unpacks archives, unless they were downloaded. */
  readonly mayUnpack: boolean
}

export interface FindOptions {
  readonly files: Files
  readonly tree: RootedTree
  /** A stage's or image's files: paths are clipped at its root, owners count. */
  readonly fromImage: boolean
  readonly mayUnpack: boolean
  readonly signal: AbortSignal
}

/** The sources that one word names: itself, or what its wildcards match. Throws `invalid` when a plain path is not there. */
export async function findSources(word: string, options: FindOptions): Promise<CopySource[]> {
  const path = innerPath(word, options.fromImage)
  if (!containsWildcards(path)) return [await findOne(path, options)]
  const matches = await expandWildcards(path, options)
  const found: CopySource[] = []
  for (const match of matches) found.push(await findOne(match, options))
  return found
}

/** A clean path relative to the tree's root. */
function innerPath(word: string, clipped: boolean): string {
  if (clipped) return cleanPath(`/${word}`).slice(1)
  const path = cleanPath(word.replace(/^\/+/, ''))
  if (path === '..' || path.startsWith('../')) throw forbiddenPath(word)
  return path === '.' ? '' : path
}

async function findOne(path: string, { files, tree, fromImage, mayUnpack, signal }: FindOptions): Promise<CopySource> {
  const found = await tree.stat(`/${path}`).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOTDIR') throw forbiddenPath(path)
    throw error
  })
  if (found === undefined) {
    const where = fromImage ? '' : 'file not found in build context or excluded by .dockerignore: '
    throw stepFailed(`${where}stat ${path}: file does not exist`)
  }
  const name = baseName(path === '' ? '/' : path)
  const isDirectory = found.stat.type === 'directory'
  const key = await tree.at(found.resolved, (place) =>
    hashSource({ files, path: place, name, withOwner: fromImage, signal }),
  )
  return { tree, path: found.resolved, name, isDirectory, key, mayUnpack }
}

/** Paths that match a pattern, in order. No component of them is a symlink to a directory, as in Docker's walk. */
async function expandWildcards(pattern: string, { files, tree }: FindOptions): Promise<string[]> {
  const parts = pattern.split('/')
  let matches: string[] = ['']
  for (const [depth, part] of parts.entries()) {
    const glob = compileGoGlob(part)
    if (glob === undefined) return []
    const next: string[] = []
    for (const directory of matches) {
      const stat = await tree.lstat(`/${directory}`)
      if (stat?.type !== 'directory') continue
      const entries = await tree.at(`/${directory}`, (place) => files.list(place))
      const names = entries
        .filter((entry) => depth === parts.length - 1 || entry.type === 'directory')
        .map((entry) => entry.name)
      next.push(
        ...names
          .filter((name) => glob.matches(name))
          .toSorted()
          .map((name) => (directory === '' ? name : `${directory}/${name}`)),
      )
    }
    matches = next
  }
  return matches
}
