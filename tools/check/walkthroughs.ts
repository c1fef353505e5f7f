/** The pages under docs/walkthroughs: every path they name exists, every `symbol` beside it is exported there, at most eight files each. */
import type { SourceTree } from './source-tree.ts'

const filesMax = 8
const pathShape = /`((?:src|test|tools|bench)\/[\w./-]+\.(?:ts|tsx|mjs))`/g
const symbolShape = /`([A-Za-z_$][\w$]*)(?:\(\))?`/g

/** What does not resolve, one line each. */
export function checkWalkthroughs(tree: SourceTree): string[] {
  const pages = tree.paths.filter((path) => path.startsWith('docs/walkthroughs/') && path.endsWith('.md'))
  return pages.flatMap((page) => checkPage(page, tree))
}

function checkPage(page: string, tree: SourceTree): string[] {
  const problems: string[] = []
  const named = new Set<string>()
  for (const [index, line] of tree.read(page).split('\n').entries()) {
    const paths = [...line.matchAll(pathShape)].map((match) => match[1] ?? '')
    for (const path of paths) {
      named.add(path)
      if (!tree.paths.includes(path)) problems.push(`${page}:${index + 1}: ${path} does not exist`)
    }
    const known = paths.filter((path) => tree.paths.includes(path))
    if (known.length === 0) continue
    for (const [, symbol = ''] of line.matchAll(symbolShape)) {
      if (!known.some((path) => exportsSymbol(tree.read(path), symbol)))
        problems.push(`${page}:${index + 1}: ${symbol} is not exported by ${known.join(' or ')}`)
    }
  }
  if (named.size > filesMax) problems.push(`${page}: names ${named.size} files; a walkthrough has at most ${filesMax}`)
  return problems
}

function exportsSymbol(text: string, symbol: string): boolean {
  const name = symbol.replaceAll('$', '\\$')
  return new RegExp(
    `export (?:async )?(?:function\\*?|const|let|class|interface|type|abstract class) ${name}\\b|export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\}`,
  ).test(text)
}
