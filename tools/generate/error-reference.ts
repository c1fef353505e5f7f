/** The reference page of errors, from every raise in the sources. */
import { gatherCatalogue } from '../check/error-catalogue.ts'
import type { SourceTree } from '../check/source-tree.ts'

/** The page as Markdown. */
export function renderErrorReference(tree: SourceTree): string {
  const rows = gatherCatalogue(tree).map(
    ({ code, kinds, folders }) =>
      `| \`${code}\` | ${kinds.join(', ')} | ${folders.map((folder) => `\`${folder}\``).join(', ')} |`,
  )
  return [
    '# Errors',
    '',
    'Every code that the program raises, gathered from its sources (`npm run generate`). The kind decides the status code',
    'at each edge; the remedy is part of the message on a terminal.',
    '',
    '| code | kind | raised in |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
