/**
 * The catalogue of errors, gathered from the sources: every raise of a GantryError with a literal code, and the rows
 * of each component's errors.ts. The reference page lists all of them; people can be told what to do about every
 * expected failure.
 */
import type { SourceTree } from './source-tree.ts'

export interface ErrorRaise {
  readonly code: string
  readonly kind: string
  readonly path: string
  readonly line: number
  readonly hasRemedy: boolean
}

const raise = /new GantryError\(\s*'([A-Z][A-Z0-9_]*)',\s*'([a-z-]+)',/g

/** Failures that nobody can do anything about by doing something else. */
const withoutRemedy = new Set(['internal', 'cancelled', 'not-modified'])

/** Every raise with a literal code in the program's sources, tests left out. */
export function findRaises(tree: SourceTree): ErrorRaise[] {
  const raises: ErrorRaise[] = []
  for (const path of sources(tree)) {
    const text = tree.read(path)
    for (const match of text.matchAll(raise)) {
      const call = text.slice(match.index, endOfCall(text, match.index))
      const line = text.slice(0, match.index).split('\n').length
      raises.push({ code: match[1] ?? '', kind: match[2] ?? '', path, line, hasRemedy: /\bremedy\b/.test(call) })
    }
  }
  return raises
}

function sources(tree: SourceTree): string[] {
  return tree.paths.filter(
    (path) => path.startsWith('src/') && path.endsWith('.ts') && !/\.(?:test|contract)\.ts$/.test(path),
  )
}

function endOfCall(text: string, from: number): number {
  let depth = 0
  for (let at = text.indexOf('(', from); at < text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at
  }
  return text.length
}

/** One code with everything known about it. */
export interface CatalogueRow {
  readonly code: string
  readonly kinds: readonly string[]
  /** Folders whose code raises it. */
  readonly folders: readonly string[]
  readonly hasRemedy: boolean
  readonly raises: readonly ErrorRaise[]
}

/** The catalogue, sorted by code. A remedy may stand at the raise or in a row of an errors.ts. */
export function gatherCatalogue(tree: SourceTree): CatalogueRow[] {
  const catalogues = tree.paths.filter((path) => /^src\/(?:.*\/)?errors\.ts$/.test(path))
  const rows = catalogues.map((path) => tree.read(path)).join('\n')
  const byCode = Map.groupBy(findRaises(tree), (one) => one.code)
  return [...byCode]
    .map(([code, raises]) => ({
      code,
      kinds: [...new Set(raises.map((one) => one.kind))].toSorted(),
      folders: [...new Set(raises.map((one) => one.path.slice(0, one.path.lastIndexOf('/'))))].toSorted(),
      hasRemedy: raises.some((one) => one.hasRemedy) || /\bremedy\b/.test(rowOf(rows, code) ?? ''),
      raises,
    }))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

/** What is wrong with the catalogue, one line each. */
export function checkErrorCatalogue(tree: SourceTree): string[] {
  const problems: string[] = []
  for (const { code, kinds, hasRemedy, raises } of gatherCatalogue(tree)) {
    const at = `${raises[0]?.path}:${raises[0]?.line}`
    if (!code.includes('_')) problems.push(`${at}: ${code} does not begin with its component`)
    if (!hasRemedy && kinds.some((kind) => !withoutRemedy.has(kind)))
      problems.push(`${at}: ${code} says nowhere what to do about it (remedy)`)
    if (kinds.length > 2)
      problems.push(`${at}: ${code} stands for several failures (${kinds.join(', ')}): give each its own code`)
  }
  return problems
}

/** The row of a code in the catalogues, as far as its braces reach. */
function rowOf(rows: string, code: string): string | undefined {
  const at = new RegExp(`\\b${code}: \\{`).exec(rows)?.index
  return at === undefined ? undefined : rows.slice(at, rows.indexOf('}', at))
}
