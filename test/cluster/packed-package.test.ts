/** Gantry as a package in a stranger's project: packed as npm packs it, used from TypeScript and under `node --test`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { lacksProgram } from './own-server.ts'

const root = join(import.meta.dirname, '../..')
const examples = ['own-controller', 'test-with-a-cluster']
const compilers = ['@typescript/native', 'typescript']
const resolutions = { node: { module: 'nodenext' }, bundler: { module: 'esnext', moduleResolution: 'bundler' } }
const project = mkdtempSync(join(tmpdir(), 'gantry-stranger-'))
const installed = join(project, 'node_modules/gantry')

interface Outcome {
  readonly code: number | null
  readonly text: string
}

/** Runs a program in the project, found as a shell with this Node would find it. */
function run(file: string, args: readonly string[], cwd = project): Outcome {
  // Neither npm's words for this run nor the marks of the test runner are for the stranger's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_TEST)/.test(name)))
  env['PATH'] = `${dirname(process.execPath)}:${env['PATH'] ?? ''}`
  const result = spawnSync(file, args, { cwd, env, encoding: 'utf8', timeout: 600_000 })
  return { code: result.status, text: `${result.stdout}${result.stderr}${result.error?.message ?? ''}` }
}

/** The examples as they stand in a project of somebody's own. */
function copyExamples(): void {
  for (const name of examples) cpSync(join(root, 'examples', name), join(project, name), { recursive: true })
  for (const name of examples)
    for (const file of readdirSync(join(project, name)).filter((path) => path.endsWith('.ts'))) {
      const path = join(project, name, file)
      const text = readFileSync(path, 'utf8')
        .replaceAll("'../../src/kit/index.ts'", "'gantry/kit'")
        .replaceAll("'../../src/index.ts'", "'gantry'")
      writeFileSync(path, text)
    }
}

describe('the package', { skip: lacksProgram('npm') }, () => {
  before(() => {
    const packed = run('npm', ['pack', '--silent', '--pack-destination', project], root)
    assert.equal(packed.code, 0, packed.text)
    mkdirSync(installed, { recursive: true })
    const archive = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? ''
    const unpacked = run('tar', ['-xzf', join(project, archive), '-C', installed, '--strip-components=1'])
    assert.equal(unpacked.code, 0, unpacked.text)
    // What npm would fetch from a registry: the one dependency, and the types of Node.
    for (const name of ['koffi', '@types'])
      symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name))
    writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }')
    copyExamples()
  })
  after(() => rmSync(project, { recursive: true, force: true }))

  test('holds what is needed at run time and no more', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    assert.deepEqual(Object.keys(dependencies), ['koffi'], 'packages that whoever uses the library has to install')
    assert.deepEqual(readdirSync(installed).toSorted(), [
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'dist',
      'examples',
      'gantry',
      'package.json',
      'tools',
      'types',
    ])
    assert.match(readFileSync(join(installed, 'dist/third-party-notices.txt'), 'utf8'), /^== yaml .*\(ISC\)$/m)
  })

  for (const compiler of compilers)
    for (const [name, resolution] of Object.entries(resolutions))
      test(`has types for ${compiler} with the resolution of ${name}, libraries checked`, () => {
        const compilerOptions = {
          ...{ ...resolution, target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'] },
          ...{ strict: true, skipLibCheck: false, noEmit: true, allowImportingTsExtensions: true },
        }
        writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: examples }))
        const checked = run(process.execPath, [join(root, 'node_modules', compiler, 'bin/tsc')])
        assert.equal(checked.code, 0, checked.text)
      })

  test('a wrong use does not type-check', () => {
    writeFileSync(
      join(project, 'wrong.ts'),
      `import { createCluster } from 'gantry'\nawait createCluster({ nodes: 'two' })\n`,
    )
    const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['wrong.ts'] }))
    const checked = run(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc')])
    assert.match(checked.text, /wrong\.ts\(2,23\): error TS2322: Type 'string' is not assignable/)
  })

  test('an example runs with it', () => {
    const { code, text } = run(process.execPath, ['--test', '--test-reporter=spec', 'own-controller/**/*.test.ts'])
    assert.equal(code, 0, text)
    assert.match(text, /✔ a website gets a deployment and a service/)
  })

  test('gives the same to require as to import', () => {
    const code = `import('gantry').then((given) => console.log(given.createCluster === require('gantry').createCluster))`
    assert.equal(run(process.execPath, ['-e', code]).text, 'true\n')
  })

  test('says which Node.js is needed on one that is older', () => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`
    const code = `${older}; import('gantry/kit').catch((error) => console.log(error.message))`
    assert.match(
      run(process.execPath, ['-e', code]).text,
      /^gantry needs Node\.js 24 or newer; this is Node\.js 20\.1\.0/,
    )
  })

  test('its program runs from the project', () => {
    mkdirSync(join(project, 'node_modules/.bin'), { recursive: true })
    symlinkSync('../gantry/gantry', join(project, 'node_modules/.bin/gantry'))
    const { code, text } = run(join(project, 'node_modules/.bin/gantry'), ['server', '--help'])
    assert.equal(code, 0, text)
    assert.match(text, /--simulated-nodes/)
  })
})
