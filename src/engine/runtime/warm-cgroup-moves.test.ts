import assert from 'node:assert/strict'
import test from 'node:test'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSimFiles } from '#world/sim/files.ts'
import type { SimFiles } from '#world/sim/files.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { createCgroupWarmer, memberFiles } from './warm-cgroup-moves.ts'

const hybrid = '9:name=systemd:/s\n8:pids:/p\n1:cpu,cpuacct:/c\n0::/u\n'

test('a process is found in each hierarchy, version 2 last', () => {
  assert.deepEqual(memberFiles(hybrid), [
    '/sys/fs/cgroup/systemd/s/cgroup.procs',
    '/sys/fs/cgroup/pids/p/cgroup.procs',
    '/sys/fs/cgroup/cpu,cpuacct/c/cgroup.procs',
    '/sys/fs/cgroup/u/cgroup.procs',
  ])
  assert.deepEqual(memberFiles('0::/\n'), ['/sys/fs/cgroup/cgroup.procs'])
  assert.deepEqual(memberFiles('nonsense\n'), [])
})

async function machine(groups: Readonly<Record<string, string>>): Promise<{ files: SimFiles; clock: SimClock }> {
  const clock = new SimClock()
  const files = createSimFiles({ clock, random: createSeededRandom(1) })
  await files.makeDirectory('/proc/self', { recursive: true })
  await files.write('/proc/self/cgroup', hybrid)
  for (const [name, text] of Object.entries(groups)) {
    await files.makeDirectory(`/sys/fs/cgroup/${name}`, { recursive: true })
    await files.write(`/sys/fs/cgroup/${name}/cgroup.procs`, text)
  }
  return { files, clock }
}

test('only a group that lists the process is written', async () => {
  const groups = { 'systemd/s': '4\n5\n', 'pids/p': '17\n42\n', 'cpu,cpuacct/c': '42\n' }
  const { files, clock } = await machine(groups)
  const warmer = createCgroupWarmer({ files, clock }, 42)
  warmer.warm()
  await warmer[Symbol.asyncDispose]()
  const after = await Promise.all(
    Object.keys(groups).map((name) => files.readText(`/sys/fs/cgroup/${name}/cgroup.procs`)),
  )
  assert.deepEqual(after, ['4\n5\n', '07\n42\n', '42\n'])
})

test('nothing is written where the process is not listed, or after the end', async () => {
  const { files, clock } = await machine({ 'pids/p': '17\n' })
  const warmer = createCgroupWarmer({ files, clock }, 42)
  warmer.warm()
  await warmer[Symbol.asyncDispose]()
  await files.write('/sys/fs/cgroup/pids/p/cgroup.procs', '42\n')
  warmer.warm()
  await warmer[Symbol.asyncDispose]()
  assert.equal(await files.readText('/sys/fs/cgroup/pids/p/cgroup.procs'), '42\n')
})

test('on this machine the process stays where it is', async () => {
  const files = createFiles()
  const before = await files.readText('/proc/self/cgroup')
  const warmer = createCgroupWarmer({ files, clock: createClock() }, process.pid)
  warmer.warm()
  await warmer[Symbol.asyncDispose]()
  assert.equal(await files.readText('/proc/self/cgroup'), before)
})
