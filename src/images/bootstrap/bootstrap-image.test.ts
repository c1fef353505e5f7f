import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { createImages } from '#images/images.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'

const processes = createProcesses()
const deps = {
  processes,
  kernel: createKernel({ processes }),
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
}

test('base images run, and making them again gives the same ids', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'gantry-bootstrap-test-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const images = await createImages(deps, { root })
  const hello = await images.bootstrap({ name: 'hello-world' })
  assert.deepEqual(hello.references, ['hello-world:latest'])
  const [diffId] = images.resolve('hello-world').diffIds
  assert.ok(diffId !== undefined)
  assert.match(execFileSync(join(images.layers.pathOf(diffId), 'hello'), { encoding: 'utf8' }), /Hello from Docker!/)
  await assert.rejects(images.bootstrap({ name: 'nosuch' }), { kind: 'invalid' })
  let busybox
  const patience = AbortSignal.timeout(60_000)
  try {
    busybox = await images.bootstrap({ name: 'busybox', signal: patience })
  } catch (error) {
    if (!patience.aborted && !(error instanceof GantryError && error.kind === 'unavailable')) throw error
    context.diagnostic(`no package archive is reachable: ${messageOf(error)}`)
    return
  }
  const path = images.layers.pathOf(images.resolve('busybox').diffIds[0] as typeof diffId)
  assert.equal(execFileSync('chroot', [path, '/bin/sh', '-c', 'echo hi; id -u'], { encoding: 'utf8' }), 'hi\n0\n')
  await images.remove('busybox')
  assert.equal((await images.bootstrap({ name: 'busybox' })).id, busybox.id)
})
