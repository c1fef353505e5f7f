/** `gantry demo` cut off at several moments, run again, with its port taken, and everything taken away again. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { program } from './own-engine.ts'
import { isReference, lacksImage, scratch } from './target.ts'

const skip = isReference ? 'the demo is Gantry’s' : lacksImage('node:7')
/** Moments of a first demo: before its engine answers, while images are made, while it runs. */
const cutAfterMs = [150, 900, 2500, 5000]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('gantry demo', { skip }, () => {
  test('starts over after an interruption, replaces an earlier one, and goes without a trace', async () => {
    const root = mkdtempSync(join(tmpdir(), 'gantry-e2e-demo-'))
    using config = scratch()
    const port = await freePort()
    // What an earlier start said before it failed says nothing about the next.
    writeFileSync(join(root, 'engine.log'), 'gantry: an earlier start failed\n')
    const [file, ...words] = program
    const env = { ...process.env, DOCKER_CONFIG: config.path, DOCKER_HOST: '' }
    const argv = (command: string, ...more: string[]): string[] => [...words, command, '--root', root, ...more]
    const gantry = (command: string, ...more: string[]): { readonly code: number | null; readonly text: string } => {
      const done = spawnSync(file, argv(command, ...more), { env, encoding: 'utf8', timeout: 600_000 })
      return { code: done.status, text: `${done.stdout}${done.stderr}` }
    }
    try {
      for (const afterMs of cutAfterMs) {
        const cut = spawn(file, argv('demo', '--port', String(port)), { env, stdio: 'ignore' })
        const ended = once(cut, 'exit')
        await Promise.race([sleep(afterMs), ended])
        cut.kill('SIGINT')
        await ended
      }
      const whole = gantry('demo', '--port', String(port))
      assert.equal(whole.code, 0, whole.text)
      assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /You've hit/)
      const again = gantry('demo', '--port', String(port))
      assert.equal(again.code, 0, again.text)
      assert.match(again.text, /an earlier demo left its container; it is replaced/)

      const taken = createServer().listen(0, '0.0.0.0')
      await once(taken, 'listening')
      const other = (taken.address() as AddressInfo).port
      const refused = gantry('demo', '--port', String(other))
      taken.close()
      assert.notEqual(refused.code, 0)
      assert.match(refused.text, new RegExp(`port ${other} of this machine is taken`))
    } finally {
      const down = gantry('down', '--purge', '--time', '0')
      assert.equal(down.code, 0, down.text)
    }
    assert.equal(existsSync(root), false)
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(root))
    rmSync(root, { recursive: true, force: true })
  })
})
