/** The files that the gate looks at: what git tracks plus what is new and not ignored. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SourceTree {
  /** Paths relative to the root, sorted. */
  readonly paths: readonly string[]
  /** The text of one of them. */
  read(path: string): string
}

const fixtures = 'tools/check/fixtures/'

/** The tree of the repository at `root`; the seeded violations of the gate's own tests are left out. */
export function openSourceTree(root: string): SourceTree {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 64e6,
  })
  const paths = listed
    .toString()
    .split('\n')
    .filter((path) => path !== '' && !path.startsWith(fixtures) && existsSync(join(root, path)))
  return treeOf(paths.toSorted(), (path) => readFileSync(join(root, path), 'utf8'))
}

/** A tree of given paths; each file is read once. */
export function treeOf(paths: readonly string[], read: (path: string) => string): SourceTree {
  const texts = new Map<string, string>()
  return {
    paths,
    read: (path) => {
      let text = texts.get(path)
      if (text === undefined) texts.set(path, (text = read(path)))
      return text
    },
  }
}
