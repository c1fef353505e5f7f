import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Download } from '../ports.ts'
import { contextTar, openTestBuilder } from '../test-builder.contract.ts'

test('the ignore file keeps files out of COPY, and the one named for the Dockerfile wins', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const files = ['a.txt', 'b.log', 'd/c.log', 'd/e/x.md', 'keep.log', 'gone/x', 'gone/keep/y'].map((name) => ({
    name,
    content: name,
  }))
  const ignore = {
    name: '.dockerignore',
    content: '*.log\n!keep.log\n**/*.md\nDockerfile\n# c\n.dockerignore\ngone\n!gone/keep\n',
  }
  const { id, error } = await build('FROM busybox\nCOPY . /c\n', { context: [...files, ignore] })
  assert.equal(error?.message, undefined)
  assert.equal(await shell(id ?? '', 'cd /c; find . -type f | sort'), './a.txt\n./d/c.log\n./gone/keep/y\n./keep.log\n')
  assert.equal(
    (await build('FROM busybox\nCOPY b.log /a\n', { context: [...files, ignore] })).error?.message,
    'COPY failed: file not found in build context or excluded by .dockerignore: stat b.log: file does not exist',
  )
  const own = await build('', {
    context: [
      ...files,
      ignore,
      { name: 'sub/Alt', content: 'FROM busybox\nCOPY . /c\n' },
      { name: 'sub/Alt.dockerignore', content: '*\n!b.log\n' },
    ],
    query: 'dockerfile=sub/Alt',
  })
  assert.equal(await shell(own.id ?? '', 'cd /c; find . -type f'), './b.log\n')
})

test('a hostile context stays inside its folder', async (context) => {
  const outside = mkdtempSync(join(tmpdir(), 'gantry-outside-'))
  context.after(() => rmSync(outside, { recursive: true }))
  const { build } = await openTestBuilder(context)
  const attempts = [
    [{ name: '../../../..' + join(outside, 'a'), content: 'x' }],
    [{ name: join(outside, 'b'), content: 'x' }],
    [
      { name: 'l', type: 'symlink', linkName: outside },
      { name: 'l/c', content: 'x' },
    ],
    [{ name: 'h', type: 'hardlink', linkName: '/etc/passwd' }],
    [{ name: 'h', type: 'hardlink', linkName: '../../../../etc/passwd' }],
    [{ name: 'dev', type: 'character', deviceMajor: 1, deviceMinor: 3 }],
    [{ name: 'x\0y', content: 'x' }],
  ] as const
  for (const entries of attempts) {
    await build('FROM busybox\nCOPY . /c\n', { context: entries })
    assert.deepEqual(readdirSync(outside), [])
  }
  const device = await build('FROM busybox\n', {
    context: [{ name: 'dev', type: 'block', deviceMajor: 8, deviceMinor: 0 }],
  })
  assert.equal(device.error?.kind, 'invalid')
})

test('a context folder is gone after the build, also when it failed', async (context) => {
  const { build, images, workDirectory } = await openTestBuilder(context)
  await build('FROM busybox\nCOPY f /f\n', { context: [{ name: 'f', content: '1' }] })
  await build('FROM busybox\nCOPY nosuch /f\n')
  await build('FOO\n')
  assert.deepEqual(readdirSync(workDirectory), [])
  assert.deepEqual(images.snapshots.list(), [])
})

test('a context may be compressed, and garbage is refused before any output', async (context) => {
  const { builder, images } = await openTestBuilder(context)
  const { decodeBuildRequest } = await import('../build-request.ts')
  const { parseQuery } = await import('#kit/http/query.ts')
  const run = (bytes: Uint8Array): Promise<string> =>
    builder.build({
      request: decodeBuildRequest(parseQuery('/build?t=gz')),
      context: once(bytes),
      emit: () => Promise.resolve(),
      signal: new AbortController().signal,
    })
  const id = await run(gzipSync(contextTar([{ name: 'Dockerfile', content: 'FROM busybox\nENV A=1\n' }])))
  assert.equal(images.resolve('gz').id, id)
  await assert.rejects(
    run(Buffer.from('garbage')),
    (error) => error instanceof GantryError && error.message === 'unexpected EOF',
  )
  await assert.rejects(run(new Uint8Array()), { message: 'Cannot locate specified Dockerfile: Dockerfile' })
})

test('a remote context is a Dockerfile or a tarball; anything else is refused by name', async (context) => {
  const bodies = new Map<string, Buffer>([
    ['http://h/Dockerfile', Buffer.from('FROM busybox\nENV REMOTE=text\n')],
    [
      'http://h/c.tgz',
      gzipSync(
        contextTar([
          { name: 'Dockerfile', content: 'FROM busybox\nCOPY f /f\n' },
          { name: 'f', content: 'tar' },
        ]),
      ),
    ],
  ])
  const { build, shell, images } = await openTestBuilder(context, (url) => Promise.resolve(reply(bodies.get(url))))
  const text = await build('', { query: 'remote=http://h/Dockerfile' })
  assert.ok(images.resolve(text.id ?? '').config.config?.Env?.includes('REMOTE=text'))
  const tarball = await build('', { query: 'remote=http://h/c.tgz' })
  assert.equal(await shell(tarball.id ?? '', 'cat /f'), 'tar')
  assert.equal(
    (await build('', { query: 'remote=http://h/none' })).error?.message,
    'error downloading remote context http://h/none: failed to GET http://h/none with status 404 Not Found: ',
  )
  assert.equal(
    (await build('', { query: 'remote=foo' })).error?.message,
    'remoteURL (foo) could not be recognized as URL',
  )
  assert.match(
    (await build('', { query: 'remote=git://h/x.git' })).error?.message ?? '',
    /contexts from git repositories are not supported/,
  )
})

function reply(body: Buffer | undefined): Download {
  return {
    status: body === undefined ? 404 : 200,
    reason: body === undefined ? 'Not Found' : 'OK',
    header: () => undefined,
    body: once(body ?? new Uint8Array()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  if (bytes.length > 0) yield bytes
}
