/** The pages under docs/guides: a block of code whose fence names a file must stand in that file, line by line; indentation aside. */
import type { SourceTree } from './source-tree.ts'

const blockShape = /^```\w+ (\S+)\n([\s\S]*?)^```$/gm

/** Blocks that their files do not hold, one line each. */
export function checkGuides(tree: SourceTree): string[] {
  const pages = tree.paths.filter((path) => path.startsWith('docs/guides/') && path.endsWith('.md'))
  return pages.flatMap((page) =>
    [...tree.read(page).matchAll(blockShape)].flatMap(([, path = '', code = '']) => {
      if (!tree.paths.includes(path)) return [`${page}: ${path} does not exist`]
      return flush(tree.read(path)).includes(flush(code))
        ? []
        : [`${page}: ${path} does not hold: ${code.split('\n', 1)[0]?.trim()} …`]
    }),
  )
}

const flush = (text: string): string => text.replaceAll(/^[ \t]+/gm, '')
