import assert from 'node:assert/strict'
import test from 'node:test'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { createProcesses } from '#world/real/processes.ts'
import type { OciRuntime } from './oci-runtime.ts'
import { createRuntimes } from './runtimes.ts'
import type { Runtimes } from './runtimes.ts'

const own: OciRuntime = {
  ...{ name: 'crun', path: '/usr/bin/crun', version: '1', globalArguments: [], launch: [], stateDirectory: '/run/x' },
}

async function withRuntimes(work: (runtimes: Runtimes, folder: string) => Promise<void>): Promise<void> {
  const processes = createProcesses()
  const deps = { files: createFiles(), processes, kernel: createKernel({ processes }) }
  await using folder = await deps.files.temporaryDirectory('runtimes-')
  const added = { missing: '/nowhere/runtime', wrong: '/bin/true' }
  await work(
    createRuntimes(deps, own, {
      ...{ ownNames: ['runc', 'crun'], added, kernelRelease: '6', cgroupParent: '/gantry-test' },
      runDirectory: folder.path,
    }),
    folder.path,
  )
}

test('the engine’s own runtime answers to its names, and all programs are listed', async () => {
  await withRuntimes(async (runtimes) => {
    assert.equal((await runtimes.named('runc')).runtime, own)
    assert.equal((await runtimes.named('crun')).seccomp, (await runtimes.named('runc')).seccomp)
    assert.deepEqual(runtimes.paths, {
      ...{ runc: '/usr/bin/crun', crun: '/usr/bin/crun', missing: '/nowhere/runtime', wrong: '/bin/true' },
    })
  })
})

test('a name that there is not is refused', async () => {
  await withRuntimes(async (runtimes) => {
    for (const name of ['kata', 'toString', ''])
      await assert.rejects(runtimes.named(name), (error) => {
        assert.ok(isErrorKind(error, 'invalid'))
        assert.equal((error as Error).message, `Unknown runtime specified ${name}`)
        return true
      })
  })
})

test('a program that is missing is told when it is asked for, each time', async () => {
  await withRuntimes(async (runtimes) => {
    for (let round = 0; round < 2; round += 1)
      await assert.rejects(runtimes.named('missing'), /no OCI runtime works here \(\/nowhere\/runtime: not installed\)/)
  })
})

test('only runtimes with containers are asked at the start', async () => {
  await withRuntimes(async (runtimes, folder) => {
    assert.deepEqual(await runtimes.withState(), [own])
    await createFiles().makeDirectory(`${folder}/runtime-missing/state/abc`, { recursive: true })
    // It has state and does not work any more: the engine starts all the same.
    assert.deepEqual(await runtimes.withState(), [own])
  })
})
