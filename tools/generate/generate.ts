/** Writes what is made from the sources: `npm run generate`; with `--check` it only tells what is not current. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openSourceTree } from '../check/source-tree.ts'
import { renderArchitecture } from './architecture.ts'
import { renderErrorReference } from './error-reference.ts'
import { kubernetesFiles } from './kubernetes-schema.ts'

const root = join(import.meta.dirname, '../..')
const tree = openSourceTree(root)

/** Each generated file with what it should hold. */
const outputs: readonly { readonly path: string; readonly content: string }[] = [
  { path: 'docs/architecture.md', content: await renderArchitecture(root, tree) },
  { path: 'docs/reference/errors.md', content: renderErrorReference(tree) },
  ...[...kubernetesFiles()].map(([path, content]) => ({ path: `src/spec/kubernetes/${path}`, content })),
]

const stale = outputs.filter(
  ({ path, content }) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== content,
)

if (process.argv.includes('--check')) {
  for (const { path } of stale) console.log(`${path} is not current: npm run generate`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const { path, content } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
    console.log(`wrote ${path}`)
  }
}
