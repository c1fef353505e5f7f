/**
 * `kill -9` of an engine at random points of a mixed load (GANTRY_CRASH_ROUNDS times, 12 unless told; GANTRY_CRASH_SEED
 * repeats a run): what was acknowledged holds after the next start, what ran still runs, and nothing is left of what
 * nobody owns: mounts, namespaces, control groups, interfaces, monitors, bundles, snapshots, layers.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLoad } from './crash-load.ts'
import { expectNoLeaks } from './engine-leaks.ts'
import { program, startOwnEngine } from './own-engine.ts'
import type { OwnEngine } from './own-engine.ts'
import { isReference, lacksImage } from './target.ts'

const rounds = Number(process.env['GANTRY_CRASH_ROUNDS'] ?? 12)
const seed = Number(process.env['GANTRY_CRASH_SEED'] ?? Date.now() % 1_000_000)
const skip = isReference ? 'it kills the engine, and this one is not ours' : lacksImage('busybox')

interface OwnRegistry extends AsyncDisposable {
  readonly address: string
}

/** A registry of Gantry's on a free port of loopback. */
async function startRegistry(): Promise<OwnRegistry> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-e2e-registry-'))
  const [file, ...words] = program
  const child: ChildProcess = spawn(file, [...words, 'registry', '--root', root, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const address = await new Promise<string>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      text += chunk.toString()
      const found = /127\.0\.0\.1:[1-9]\d*/.exec(text)?.[0]
      if (found !== undefined) resolve(found)
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('exit', () => reject(new Error(`the registry ended: ${text}`)))
  })
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
function seeded(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function publish(engine: OwnEngine, registry: OwnRegistry): void {
  for (let number = 0; number < 4; number += 1) {
    const reference = `${registry.address}/crash:${number}`
    const made = engine.docker(
      'run',
      '--name',
      'seed',
      'busybox',
      'sh',
      '-c',
      `dd if=/dev/urandom of=/f${number} bs=64k count=32 2>/dev/null`,
    )
    assert.equal(made.code, 0, made.text)
    for (const words of [
      ['commit', 'seed', reference],
      ['rm', 'seed'],
      ['push', '-q', reference],
      ['rmi', reference],
    ]) {
      const done = engine.docker(...words)
      assert.equal(done.code, 0, done.text)
    }
  }
}

describe('an engine killed at random points', { skip }, () => {
  test(
    `${rounds} times keeps its word and leaks nothing (seed ${seed})`,
    { timeout: 600_000 + rounds * 60_000 },
    async () => {
      const random = seeded(seed)
      await using engine = await startOwnEngine('crash')
      await using registry = await startRegistry()
      publish(engine, registry)
      const load = createLoad({ engine, random, registry: registry.address })
      for (let round = 1; round <= rounds; round += 1) {
        const what = `round ${round}, seed ${seed}`
        load.begin()
        await new Promise((resolve) => setTimeout(resolve, 150 + random() * 1600))
        engine.process().kill('SIGKILL')
        await Promise.all([once(engine.process(), 'exit'), load.end()])
        await engine.start()
        await load.verify(what)
        await expectNoLeaks(engine, what)
      }
      await load.removeAll()
      await expectNoLeaks(engine, 'after the removal of everything')
    },
  )
})
