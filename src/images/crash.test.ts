import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { digestHex, digestOf } from '#base/data/digest.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { encodeTarHeader, paddingBytes } from './archive/write-tar.ts'
import { createImages } from './images.ts'

const processes = createProcesses()
const deps = {
  processes,
  kernel: createKernel({ processes }),
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
}

function tar(files: readonly [name: string, content: Buffer][]): Buffer {
  const parts = files.flatMap(([name, content]) => [
    encodeTarHeader({ name, type: 'file', mode: 0o644, sizeBytes: content.length }),
    content,
    Buffer.alloc(paddingBytes(content.length)),
  ])
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

/** An archive of one image named `app:<n>` with a layer of its own. */
function archive(number: number): Buffer {
  const layer = tar(Array.from({ length: 300 }, (_, at) => [`f${at}`, Buffer.alloc(5000, `${number}-${at}`)]))
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }),
  )
  const name = `${digestHex(digestOf(config))}.json`
  const manifest = Buffer.from(JSON.stringify([{ Config: name, RepoTags: [`app:${number}`], Layers: ['l/layer.tar'] }]))
  return tar([
    [name, config],
    ['l/layer.tar', layer],
    ['manifest.json', manifest],
  ])
}

const child = `
import { createReadStream } from 'node:fs'
import { createImages } from '#images/images.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
const processes = createProcesses()
const deps = { processes, kernel: createKernel({ processes }), files: createFiles(), clock: createClock(), random: createRandom(), machine: readMachine() }
const images = await createImages(deps, { root: process.env.STATE })
for (let n = Number(process.env.FROM); n < 12; n += 1) {
  await images.load(createReadStream(process.env.ARCHIVES + '/' + n + '.tar'))
  process.stdout.write(n + '\\n')
}
`

test('killed at any moment, the next start has every acknowledged image whole and nothing half-made', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'gantry-crash-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  const root = join(path, 'state')
  for (let number = 0; number < 12; number += 1) writeFileSync(join(path, `${number}.tar`), archive(number))
  let acknowledged = 0
  for (const killAfterMs of [150, 20, 35, 5, 60]) {
    const env = { ...process.env, STATE: root, ARCHIVES: path, FROM: String(acknowledged) }
    const run = spawn(process.execPath, ['-C', 'source', '--input-type=module', '-e', child], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    let timer: NodeJS.Timeout | undefined
    run.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      timer ??= setTimeout(() => run.kill('SIGKILL'), killAfterMs)
    })
    await new Promise((resolve) => run.on('exit', resolve))
    clearTimeout(timer)
    for (const line of output.split('\n').slice(0, -1)) acknowledged = Math.max(acknowledged, Number(line) + 1)
    const images = await createImages(deps, { root })
    for (let number = 0; number < acknowledged; number += 1) {
      const [diffId] = images.resolve(`app:${number}`).diffIds
      assert.ok(diffId !== undefined)
      for await (const _chunk of images.layers.reproduceTar(diffId) as AsyncIterable<Uint8Array>);
    }
    assert.deepEqual(readdirSync(join(root, 'layers/incoming')), [])
    assert.equal(readdirSync(join(root, 'layers/sha256')).length, images.all().length)
  }
  assert.ok(acknowledged > 0)
})
