/**
 * Writes the library's declarations to types/: what `gantry` and `gantry/kit` export and all that it mentions, with
 * plain relative imports, so that any resolution finds them. `node tools/build/build-declarations.ts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')
const emittedFolder = join(root, '.cache/declarations')
const outputFolder = join(root, 'types')
const entries = ['index.ts', 'kit/index.ts']
const specifier = /(?<=(?:from |import\(|import )['"])[^'"]+/g

/** Every declaration of the entries' program; prints the compiler's words and gives false when it fails. */
function emitAll(): boolean {
  const config = join(root, '.cache/declarations.json')
  rmSync(emittedFolder, { recursive: true, force: true })
  mkdirSync(emittedFolder, { recursive: true })
  const compilerOptions = {
    emitDeclarationOnly: true,
    sourceMap: false,
    // The gate checks types; here they are only written down.
    noCheck: true,
    rootDir: join(root, 'src'),
    outDir: emittedFolder,
  }
  const files = entries.map((path) => join(root, 'src', path))
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }))
  const compiler = join(root, 'node_modules/@typescript/native/bin/tsc')
  return spawnSync(process.execPath, [compiler, '--project', config], { stdio: 'inherit' }).status === 0
}

/** The source, below src/, that a declaration's import names; undefined for Node's own modules. */
function sourceOf(name: string, from: string): string | undefined {
  if (name.startsWith('#')) return name.slice(1)
  if (name.startsWith('.')) return join(dirname(from), name).replace(/\.js$/, '.ts')
  if (name.startsWith('node:')) return undefined
  throw new Error(`${from} mentions ${name} in what the library exports; whoever uses it has no such package`)
}

/** Writes a declaration and, first time, what it mentions. */
function writeReached(source: string, written: Set<string>): void {
  if (written.has(source)) return
  written.add(source)
  const path = source.replace(/\.ts$/, '.d.ts')
  // Code in the words of a comment is not an import.
  const lines = readFileSync(join(emittedFolder, path), 'utf8').split('\n')
  const text = lines.map((line) => (/^\s*(?:\*|\/\*\*)/.test(line) ? line : withRelativeImports(line, source, written)))
  const target = join(outputFolder, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text.join('\n'))
}

function withRelativeImports(line: string, source: string, written: Set<string>): string {
  return line.replaceAll(specifier, (name) => {
    const mentioned = sourceOf(name, source)
    if (mentioned === undefined) return name
    writeReached(mentioned, written)
    const path = relative(dirname(source), mentioned).replace(/\.ts$/, '.js')
    return path.startsWith('.') ? path : `./${path}`
  })
}

function main(): number {
  if (!emitAll()) return 1
  rmSync(outputFolder, { recursive: true, force: true })
  const written = new Set<string>()
  for (const entry of entries) writeReached(entry, written)
  rmSync(emittedFolder, { recursive: true, force: true })
  console.log(`${written.size} declarations`)
  return 0
}

process.exitCode = main()
