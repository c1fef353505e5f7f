/** The module that `gantry` or `gantry/kit` resolves to: any Node can read it, and one that is too old hears what is needed. */
import { posix } from 'node:path'

/** The bundle's `target` and package.json's `engines` say the same. */
const neededMajor = 24

/**
 * The text of an entry that gives on what the code's module exports. It is loaded by `require`, which waits until the
 * version is known to be right: an `import` would be read first, and fail over syntax or over modules of Node's that an
 * older one does not have. `require('gantry')` works by it too. Both paths are within dist/.
 */
export function libraryEntry(name: string, code: string, exported: readonly string[]): string {
  const path = posix.relative(posix.dirname(name), code)
  return `import { createRequire } from 'node:module'
if (Number(process.versions.node.split('.')[0]) < ${neededMajor}) {
  const error = new Error(\`gantry needs Node.js ${neededMajor} or newer; this is Node.js \${process.versions.node} (\${process.execPath})\`)
  throw Object.assign(error, { code: 'NODE_TOO_OLD' })
}
export const { ${exported.toSorted().join(', ')} } = createRequire(import.meta.url)('${path.startsWith('.') ? path : `./${path}`}')
`
}
