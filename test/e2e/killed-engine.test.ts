/**
 * `kill -9` of an engine under mixed load, again and again (GANTRY_E2E_KILLS times, 6 unless told): after each new start
 * what runs still runs, and at the end nothing is left of what is gone: mounts, namespaces, control groups, interfaces,
 * monitors, published ports.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { holdings, startOwnEngine, type OwnEngine } from './own-engine.ts'
import { clientEnv, isReference, lacksImage } from './target.ts'

const kills = Number(process.env['GANTRY_E2E_KILLS'] ?? 6)
const skip = isReference ? 'it kills the engine, and this one is not ours' : lacksImage('busybox')

/** Lines of shell that keep an engine busy until their folder's flag goes; errors are expected while it is dead. */
const loads = [
  'while [ -e $F ]; do docker run --rm busybox true; done',
  'while [ -e $F ]; do docker run -d --name r$1 -p 0:80 -v lv:/d busybox sleep 2; docker rm -fv r$1; done',
  'while [ -e $F ]; do docker network create ln; docker run --rm --network ln busybox true; docker network rm ln; done',
  'i=0; while [ -e $F ]; do i=$((i+1)); printf "FROM busybox\\nRUN echo $i > /f\\n" | docker build -q -t lb -; done',
]

function startLoad(engine: OwnEngine, flag: string): Promise<unknown>[] {
  return loads.map((script, index) => {
    const child = spawn('bash', ['-c', script, 'load', String(index)], {
      env: clientEnv({ DOCKER_HOST: `unix://${engine.root}/docker.sock`, F: flag }),
      stdio: 'ignore',
    })
    return once(child, 'exit')
  })
}

describe('an engine killed under load', { skip }, () => {
  test(`${kills} times leaks nothing and loses nothing`, { timeout: 600_000 + kills * 60_000 }, async () => {
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
    const folder = mkdtempSync('/tmp/gantry-e2e-load-')
    const flag = `${folder}/on`
    await using engine = await startOwnEngine('killed')
    const keeper = engine.docker(
      'run',
      '-d',
      '--name',
      'keeper',
      'busybox',
      'sh',
      '-c',
      'i=0; while true; do i=$((i+1)); echo $i; sleep 0.05; done',
    )
    assert.equal(keeper.code, 0, keeper.text)
    const pid = engine.docker('inspect', '-f', '{{.State.Pid}}', 'keeper').stdout
    const idle = holdings(engine)
    writeFileSync(flag, '')
    const ends = startLoad(engine, flag)
    for (let round = 0; round < kills; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 300 + ((round * 397) % 900)))
      engine.process().kill('SIGKILL')
      await once(engine.process(), 'exit')
      await engine.start()
      assert.equal(engine.docker('inspect', '-f', '{{.State.Pid}}', 'keeper').stdout, pid, 'the keeper lives on')
    }
    rmSync(folder, { recursive: true })
    await Promise.all(ends)
    for (const id of engine.docker('ps', '-aq').stdout.split('\n').filter(Boolean)) {
      if (engine.docker('inspect', '-f', '{{.Name}}', id).stdout.trim() === '/keeper') continue
      const removed = engine.docker('rm', '-fv', id)
      assert.equal(removed.code, 0, removed.text)
    }
    engine.docker('network', 'prune', '-f')
    engine.docker('volume', 'prune', '-f')
    const lines = engine.docker('logs', 'keeper').stdout.trim().split('\n').map(Number)
    assert.deepEqual(
      lines,
      lines.map((_, index) => index + 1),
      'the log has every line once',
    )
    // Interfaces and control groups go a moment after what was in them.
    let left = holdings(engine)
    for (let tries = 0; tries < 300 && !isDeepStrictEqual(left, idle); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      left = holdings(engine)
    }
    assert.deepEqual(left, idle)
  })
})
