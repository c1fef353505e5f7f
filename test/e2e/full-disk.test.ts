/**
 * An engine whose disk is full: what does not fit is refused, what ends is told to those who wait, what is removed makes
 * room, and nothing half-made stays.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { expectNoLeaks } from './engine-leaks.ts'
import { startOwnEngine } from './own-engine.ts'
import { bash, isReference, lacksImage, run, scratch } from './target.ts'

const skip = isReference ? 'it fills the disk of an engine of its own' : lacksImage('busybox')
const diskBytes = 24 * 1024 * 1024
const fill = 'dd if=/dev/zero of=/fill bs=1M count=64 2>/dev/null'

describe('an engine on a full disk', { skip }, () => {
  test('refuses what does not fit, tells what ends, and is as before when there is room', async () => {
    await using engine = await startOwnEngine('full', {
      prepare: (root) => assert.equal(run('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', root]).code, 0),
      // `gantry down --purge` takes the mount too; where it did not run this does.
      release: (root) => void run('umount', ['-l', root]),
    })
    using folder = scratch()
    writeFileSync(join(folder.path, 'large'), randomBytes(diskBytes * 2))
    const env = `export DOCKER_HOST=unix://${engine.root}/docker.sock DOCKER_BUILDKIT=0; exec 2>&1; `
    const type = (script: string): string => bash(env + script, { cwd: folder.path, timeoutMs: 240_000 }).text
    const images = engine.docker('images', '-aq').stdout

    // Nobody waits for ever for the end of a container that could not be written down.
    assert.match(type(`docker run --rm busybox sh -c '${fill}; echo rc=$?'`), /rc=1\n$/)
    assert.match(type(`docker run --name kept busybox sh -c '${fill}; exit 7'; echo code $?`), /code 7\n$/)
    assert.equal(type("docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' kept"), 'exited 7\n')
    // The last bytes decide whether a start still fits; when it does not, it says why.
    assert.match(type('docker start kept; echo code $?'), /^kept\ncode 0\n$|space[\s\S]*code 1\n$/)
    assert.equal(
      type('docker wait kept >/dev/null; docker rm kept'),
      'kept\n',
      'a removal makes the room that it needs',
    )

    assert.match(type('tar c large | docker import - large:1; echo code $?'), /too large|no space[\s\S]*code 1\n$/)
    assert.match(
      type('docker create --name target busybox >/dev/null; docker cp large target:/; echo code $?'),
      /code 1\n$/,
    )
    assert.equal(type('docker diff target; docker rm target'), 'target\n')
    assert.match(
      type("printf 'FROM busybox\\nCOPY large /\\n' > Dockerfile; docker build -q .; echo code $?"),
      /code 1\n$/,
    )
    assert.match(
      type(`printf 'FROM busybox\\nRUN ${fill}\\n' | docker build -q --force-rm -; echo code $?`),
      /code 1\n$/,
    )

    assert.equal(engine.docker('images', '-aq').stdout, images, 'no image came or went')
    assert.equal(type('docker run --rm busybox echo works'), 'works\n')
    await expectNoLeaks(engine, 'when there is room again')
  })
})
