/** The README's tour of a cluster is typed here line by line, and its snippet of a test runs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { lacksProgram, startOwnServer } from './own-server.ts'

const root = join(import.meta.dirname, '../..')
const program = `${process.execPath} -C source ${join(root, 'src/main.ts')}`

/** The block of a language below the heading of the tour. */
function block(file: string, language: string): string {
  const text = readFileSync(join(root, file), 'utf8')
  const section = text.split(/^## (?:A cluster in five more|再用五分钟体验集群)$/m)[1]?.split(/^## /m)[0] ?? ''
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? ''
}

describe('the README', () => {
  for (const file of ['README.md', 'README.zh-CN.md']) {
    test(`${file}: the tour does what it says`, { skip: lacksProgram('kubectl') }, async () => {
      await using server = await startOwnServer(['--simulated-nodes', '3'])
      const lines = block(file, 'sh')
        .split('\n')
        .filter((line) => !/^\.\/gantry server|^export /.test(line))
        .join('\n')
        .replaceAll('./gantry', program)
      const { code, stdout, stderr } = server.run('bash', ['-c', `set -e\n${lines}`])
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.match(stdout, /"web" successfully rolled out/)
      assert.match(stdout, /node\/sim-0 drained/)
      assert.match(stdout, /how to replace existing pods with new ones/)
      assert.match(stdout, /NodeResourcesFit says no to 3 of 3/)
      assert.match(stdout, /spec\.replicas is 5; set by:\n {2}- kubectl-create/)
      assert.match(stdout, /jane may not delete pods in default/)
    })
  }

  test('the snippet of a test runs, and is the same in both languages', () => {
    assert.equal(uncommented(block('README.zh-CN.md', 'ts')), uncommented(block('README.md', 'ts')))
    const folder = mkdtempSync(join(tmpdir(), 'gantry-readme-'))
    try {
      const source = block('README.md', 'ts')
        .replace("'gantry'", JSON.stringify(join(root, 'src/index.ts')))
        .replace('3 days', '3 hours')
      const manifest = `{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stays' } }`
      const ended = `const { items } = await trial.client.list({ group: '', version: 'v1', resource: 'configmaps' }, { namespace: 'default' })
console.log(items.some(({ metadata }) => metadata.name === 'stays'))`
      writeFileSync(join(folder, 'snippet.mts'), `const deploymentYaml = ${manifest}\n${source}\n${ended}\n`)
      const { code, stdout, stderr } = run(folder)
      assert.equal(code, 0, stderr)
      assert.equal(stdout, 'true\n')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

const uncommented = (code: string): string => code.replaceAll(/ +\/\/ .*/g, '')

function run(folder: string): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const args = ['-C', 'source', '--no-warnings', join(folder, 'snippet.mts')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 })
  return { code: status, stdout, stderr }
}
