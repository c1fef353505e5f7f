import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { Processes, RunResult } from '#world/ports/processes.ts'
import { createFiles } from '#world/real/files.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { fetchDebianPackages, fetchNpmPackage, removeUnfinishedDownloads } from './fetch-packages.ts'

/** A cache of its own, and a tool that writes these files where it was started and then ends as told. */
function cacheWith(
  context: TestContext,
  tool: { writes: Readonly<Record<string, string>>; ends: Pick<RunResult, 'exitCode' | 'signal'> },
): { readonly deps: Parameters<typeof fetchDebianPackages>[0]; readonly cache: string; readonly calls: string[][] } {
  const cache = mkdtempSync(join(tmpdir(), 'gantry-fetch-test-'))
  context.after(() => rmSync(cache, { recursive: true, force: true }))
  const calls: string[][] = []
  const processes: Processes = {
    ...createProcesses(),
    find: (name) => Promise.resolve(`/usr/bin/${name}`),
    run: (_file, argv, options) => {
      calls.push([...argv])
      for (const [name, content] of Object.entries(tool.writes)) writeFileSync(join(options?.cwd ?? '', name), content)
      return Promise.resolve({ ...tool.ends, stdout: '', stderr: 'E: interrupted' })
    },
  }
  return { deps: { files: createFiles(), processes, random: createRandom(), cache }, cache, calls }
}

const options = { onProgress: () => undefined }
const well = { exitCode: 0, signal: undefined }

test('a download that was interrupted is not taken for a package the next time', async (context) => {
  const writes = { 'dash_1_amd64.deb': 'half of it' }
  const cut = cacheWith(context, { writes, ends: { exitCode: undefined, signal: 'SIGKILL' } })
  await assert.rejects(fetchDebianPackages(cut.deps, ['dash'], options), {
    kind: 'unavailable',
    message: 'cannot download Debian packages dash: E: interrupted',
  })
  assert.deepEqual(readdirSync(join(cut.cache, 'debian')), [])
  assert.deepEqual(readdirSync(join(cut.cache, 'incoming')), [])
})

test('what was downloaded well is kept, and only what is missing is asked for', async (context) => {
  const writes = { 'dash_1_amd64.deb': 'dash', 'sed_4_amd64.deb': 'sed' }
  const { deps, cache, calls } = cacheWith(context, { writes, ends: well })
  const paths = [join(cache, 'debian/dash_1_amd64.deb'), join(cache, 'debian/sed_4_amd64.deb')]
  assert.deepEqual(await fetchDebianPackages(deps, ['dash', 'sed'], options), paths)
  assert.deepEqual(await fetchDebianPackages(deps, ['dash', 'sed'], options), paths)
  await assert.rejects(fetchDebianPackages(deps, ['dash', 'tar'], options), { message: /packages tar:/ })
  assert.deepEqual(calls, [
    ['download', '-q', 'dash', 'sed'],
    ['download', '-q', 'tar'],
  ])
})

test('the newest of the versions that npm packs is kept, and answers its beginnings from then on', async (context) => {
  const writes = { 'node-9.0.0.tgz': 'nine', 'node-10.1.0.tgz': 'ten' }
  const { deps, cache, calls } = cacheWith(context, { writes, ends: well })
  const kept = { path: join(cache, 'npm/node-10.1.0.tgz'), version: '10.1.0' }
  assert.deepEqual(await fetchNpmPackage(deps, 'node', { version: '>=9', ...options }), kept)
  assert.deepEqual(await fetchNpmPackage(deps, 'node', { version: '10', ...options }), kept)
  assert.equal(calls.length, 1)
})

test('what a killed engine left unfinished goes when the state is opened', async (context) => {
  const { deps, cache } = cacheWith(context, { writes: {}, ends: well })
  await deps.files.makeDirectory(join(cache, 'incoming/0011'), { recursive: true })
  await removeUnfinishedDownloads(deps.files, cache)
  assert.deepEqual(readdirSync(cache), [])
})
