/** What every Processes must do; `make` gives a fresh one. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Processes } from './processes.ts'

/** Open descriptors of this process once their number stands still: streams of what ended before close a moment later. */
async function openDescriptors(): Promise<number> {
  let count = -1
  for (let still = 0; still < 5;) {
    const now = readdirSync('/proc/self/fd').length
    still = now === count ? still + 1 : 0
    count = now
    await sleep(20)
  }
  return count
}

async function textOf(stream: Readable | undefined): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream ?? []) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Registers the suite under a name. */
export function processesContract(name: string, make: () => Processes): void {
  test(`${name}: a program gets its input, environment and folder, and its outputs and exit code come back`, async () => {
    const result = await make().run('sh', ['-c', 'cat; pwd; echo $A; echo bad >&2; exit 3'], {
      input: 'in\n',
      cwd: '/usr',
      env: { A: 'x', PATH: '/usr/bin:/bin' },
    })
    assert.deepEqual(result, { exitCode: 3, signal: undefined, stdout: 'in\n/usr\nx\n', stderr: 'bad\n' })
  })

  test(`${name}: a program that cannot start throws the system's error`, async () => {
    const processes = make()
    await assert.rejects(processes.run('/nowhere/at-all', []), (error) => errnoOf(error) === 'ENOENT')
    await assert.rejects(processes.run('no-such-program-anywhere', []), (error) => errnoOf(error) === 'ENOENT')
    assert.throws(
      () => processes.spawn('/etc/passwd', []),
      (error) => errnoOf(error) === 'EACCES',
    )
    await assert.rejects(processes.run('true', [], { cwd: '/nowhere' }), (error) => errnoOf(error) === 'ENOENT')
  })

  test(`${name}: time limits and aborts end the program`, async () => {
    const processes = make()
    assert.equal((await processes.run('sleep', ['20'], { timeoutMs: 40 })).signal, 'SIGKILL')
    const abort = new AbortController()
    const running = processes.run('sleep', ['20'], { signal: abort.signal })
    abort.abort(new Error('enough'))
    await assert.rejects(running, /enough/)
  })

  test(`${name}: output beyond the limit is dropped, not waited for`, async () => {
    const { stdout, exitCode } = await make().run('sh', ['-c', 'head -c 3000000 /dev/zero | tr "\\0" x'], {
      outputBytesMax: 1000,
    })
    assert.equal(stdout.length, 1000)
    assert.equal(exitCode, 0)
  })

  test(`${name}: a whole megabyte of output arrives although the program ended long before`, async () => {
    const { stdout } = await make().run('sh', ['-c', 'head -c 1000000 /dev/zero | tr "\\0" x'])
    assert.equal(stdout.length, 1_000_000)
  })

  test(`${name}: a daemon left behind does not hold up the result`, async () => {
    const processes = make()
    const { stdout } = await processes.run('sh', ['-c', 'sleep 30 & echo $!'])
    assert.match(stdout, /^\d+\n$/)
    assert.equal(processes.kill(Number(stdout), 'SIGKILL'), true)
  })

  test(`${name}: descriptors beyond three are pipes to us, whatever numbers collide`, async () => {
    const child = make().spawn('sh', ['-c', 'echo out; echo four >&4; echo three >&3'], {
      descriptors: ['null', 'pipe', 'null', 'pipe', 'pipe'],
    })
    const [out, three, four] = await Promise.all([1, 3, 4].map((fd) => textOf(child.pipes.get(fd))))
    assert.deepEqual([out, three, four], ['out\n', 'three\n', 'four\n'])
    assert.deepEqual(await child.exited, { exitCode: 0, signal: undefined })
  })

  test(`${name}: nothing of ours is inherited, no signal is ignored, and a session can be its own`, async () => {
    const processes = make()
    const { stdout } = await processes.run('sh', [
      '-c',
      'ls /proc/self/fd | wc -l; grep -E "SigIgn|SigBlk" /proc/self/status | cut -f2',
    ])
    assert.match(stdout, /^4\n0{16}\n0{16}\n$/)
    const child = processes.spawn('sh', ['-c', 'ps -o sid= -p $$ || cut -d" " -f6 /proc/$$/stat'], {
      detached: true,
      descriptors: ['null', 'pipe', 'null'],
    })
    assert.equal(Number(await textOf(child.pipes.get(1))), child.pid)
    await child.exited
  })

  test(`${name}: a hundred programs at once are all reaped, and no descriptor stays`, async () => {
    const processes = make()
    await processes.run('true', [])
    const before = await openDescriptors()
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => processes.run('sh', ['-c', `exit ${index}`])),
    )
    assert.deepEqual(
      results.map(({ exitCode }) => exitCode),
      Array.from({ length: 100 }, (_, index) => index),
    )
    assert.ok((await openDescriptors()) <= before)
    const count = `ps -o stat= --ppid ${processes.self.pid} 2>/dev/null | grep -c Z`
    const zombies = async (): Promise<string> => (await processes.run('sh', ['-c', count])).stdout.trim()
    // Programs of other tests may be about to be reaped.
    for (let tries = 0; tries < 500 && (await zombies()) !== '0'; tries++) await sleep(20)
    assert.equal(await zombies(), '0')
  })

  test(`${name}: signals reach who lives, a pid with its start time names a process for good`, async () => {
    const processes = make()
    const child = processes.spawn('sleep', ['30'])
    assert.ok(((await processes.startTicks(child.pid)) ?? 0) > 0)
    assert.equal(processes.kill(child.pid, 0), true)
    child.kill('TERM')
    assert.deepEqual(await child.exited, { exitCode: undefined, signal: 'SIGTERM' })
    assert.equal(processes.kill(child.pid, 'SIGTERM'), false)
    assert.equal(await processes.startTicks(child.pid), undefined)
    child.kill('SIGKILL')
    assert.throws(
      () => processes.kill(processes.self.pid, 'SIGNONSENSE'),
      (error) => errnoOf(error) === 'EINVAL',
    )
  })

  test(`${name}: programs are found in the path`, async () => {
    const processes = make()
    assert.match((await processes.find('sh')) ?? '', /\/sh$/)
    assert.equal(await processes.find('no-such-program-anywhere'), undefined)
  })
}
