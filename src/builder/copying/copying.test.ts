import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import test from 'node:test'
import { createHttpClient } from '#kit/http/client.ts'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClock } from '#world/real/clock.ts'
import { createFetchUrl } from '../fetch-url.ts'
import { contextTar, openTestBuilder } from '../test-builder.contract.ts'
import type { ContextEntry } from '../test-builder.contract.ts'
import { parseHttpDate } from './http-date.ts'
import { findId } from './lookup-owner.ts'

const tree: readonly ContextEntry[] = [
  { name: 'd/', type: 'directory', mode: 0o700 },
  { name: 'd/f', content: '1', mode: 0o4755 },
  { name: 'd/l', type: 'symlink', linkName: 'f' },
  { name: 'd/s/', type: 'directory', mode: 0o750 },
  { name: 'dl', type: 'symlink', linkName: 'd' },
  { name: 'f1', content: 'one' },
  { name: 'f2', content: 'two', mode: 0o600, mtime: { seconds: 86_400, nanos: 0 } },
]

// Owners and modes as dockerd 20.10.24 leaves them.
test('owners, modes and directories come out as Docker leaves them', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const dockerfile = [
    'FROM busybox AS x',
    'RUN touch /o && chown 33:34 /o && chmod 4755 /o && mkdir /od && chown 33 /od && touch /od/q && chown 44 /od/q',
    'FROM busybox',
    'COPY --from=x /o /o',
    'COPY --from=x /od /od',
    'COPY --chown=5 d /c5',
    'COPY --chown=nobody:33 f1 /n/f1',
    'COPY d /home',
    'COPY d/f /',
    'COPY dl /dl/',
    'COPY dl/f /viadl',
    'COPY --chmod=u=rwX,go=rX f2 d /m/',
    '',
  ].join('\n')
  const { id, error } = await build(dockerfile, { context: tree })
  assert.equal(error?.message, undefined)
  const listing = await shell(
    id ?? '',
    'stat -c "%n %a %u:%g" /o /od /od/q /c5 /c5/f /c5/s /n /n/f1 /home /home/f /home/s /f /dl /dl/f /viadl /m/f2 /m/f /m/s; readlink /home/l',
  )
  assert.deepEqual(listing.trim().split('\n'), [
    '/o 4755 33:34',
    '/od 755 0:0',
    '/od/q 644 44:0',
    '/c5 755 5:5',
    '/c5/f 755 5:5',
    '/c5/s 750 5:5',
    '/n 755 65534:33',
    '/n/f1 644 65534:33',
    '/home 755 0:0',
    '/home/f 755 0:0',
    '/home/s 750 0:0',
    '/f 755 0:0',
    '/dl 755 0:0',
    '/dl/f 755 0:0',
    '/viadl 755 0:0',
    '/m/f2 644 0:0',
    '/m/f 755 0:0',
    '/m/s 755 0:0',
    'f',
  ])
})

test('destinations: under WORKDIR, with blanks, through symlinks, several sources, wildcards', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const dockerfile = [
    'FROM busybox',
    'RUN ln -s /etc /lnk && ln -s /nowhere /dg && ln -s ../../../../../tmp/out /esc',
    'WORKDIR /w',
    'COPY f* ./multi/',
    'COPY ["f1","with space/"]',
    'COPY d/f .',
    'COPY f1 /lnk/',
    'COPY f1 /lnk/a/b/c',
    'COPY f1 /dg',
    'COPY f1 /esc/',
    'COPY . /all',
    'COPY /d/../f1 /./x/../y',
    '',
  ].join('\n')
  const { id, error } = await build(dockerfile, { context: tree })
  assert.equal(error?.message, undefined)
  const listing = await shell(id ?? '', 'cd /; find w etc/f1 etc/a nowhere tmp all y | sort')
  assert.deepEqual(listing.trim().split('\n'), [
    ...['all', 'all/Dockerfile', 'all/d', 'all/d/f', 'all/d/l', 'all/d/s', 'all/dl', 'all/f1', 'all/f2'],
    ...['etc/a', 'etc/a/b', 'etc/a/b/c', 'etc/f1', 'nowhere', 'tmp', 'tmp/out', 'tmp/out/f1'],
    ...['w', 'w/f', 'w/multi', 'w/multi/f1', 'w/multi/f2', 'w/with space', 'w/with space/f1', 'y'],
  ])
})

test('ADD unpacks archives of every compression by content, and nothing else', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const inner = contextTar([
    { name: 'in/', type: 'directory', mode: 0o755, uid: 7, gid: 8 },
    { name: 'in/file', content: 'x', uid: 7, gid: 8, mode: 0o640 },
  ])
  const context_ = [
    { name: 'plain', content: inner },
    { name: 'gz', content: gzipSync(inner) },
    { name: 'zst', content: zstdCompressSync(inner) },
    { name: 'xz', content: execFileSync('xz', ['-c'], { input: inner }) },
    { name: 'bz2', content: execFileSync('bzip2', ['-c'], { input: inner }) },
    { name: 'text.tar', content: 'no archive at all, whatever its name says; padded well over ten bytes' },
    { name: 'text.gz', content: gzipSync('also no archive') },
  ]
  const names = ['plain', 'gz', 'zst', 'xz', 'bz2']
  const { id, error } = await build(
    `FROM busybox\n${names.map((name) => `ADD ${name} /${name}/`).join('\n')}\nADD text.tar text.gz /t/\nCOPY gz /copied\n`,
    { context: context_ },
  )
  assert.equal(error?.message, undefined)
  const listing = await shell(id ?? '', 'stat -c "%n %a %u:%g" /*/in/file; ls /t; stat -c %F /copied')
  assert.deepEqual(listing.trim().split('\n'), [
    ...names.map((name) => `/${name}/in/file 640 7:8`).toSorted(),
    'text.gz',
    'text.tar',
    'regular file',
  ])
})

test('an archive that tries to get out is refused or kept inside', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const evil = contextTar([
    { name: 'link', type: 'symlink', linkName: '/tmp' },
    { name: 'link/planted', content: 'x' },
    { name: 'up', type: 'symlink', linkName: '../../../../../../tmp' },
    { name: 'up/planted2', content: 'x' },
  ])
  const inside = await build('FROM busybox\nADD evil /a/\n', { context: [{ name: 'evil', content: evil }] })
  assert.equal(inside.error?.message, undefined)
  assert.equal(await shell(inside.id ?? '', 'ls /tmp'), 'planted\nplanted2\n')
  const climbing = contextTar([{ name: '../../climbed', content: 'x' }])
  const outside = await build('FROM busybox\nADD evil /a/\n', { context: [{ name: 'evil', content: climbing }] })
  if (outside.error === undefined) assert.equal(await shell(outside.id ?? '', 'find / -name climbed'), '/climbed\n')
})

test('ADD downloads: name, time, mode; statuses and redirects', async (context) => {
  const server = createServer((request, response) => {
    if (request.url === '/missing') return response.writeHead(404).end('nothing here')
    if (request.url === '/moved') return response.writeHead(302, { location: '/dir/file.txt' }).end()
    return response.writeHead(200, { 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' }).end('body')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  await using client = createHttpClient({ clock: createClock() })
  const { build, shell } = await openTestBuilder(context, createFetchUrl(client))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { id, error } = await build(`FROM busybox\nADD ${base}/dir/file.txt /d/\nADD ${base}/moved /x\n`)
  assert.equal(error?.message, undefined)
  assert.equal(
    await shell(id ?? '', 'stat -c "%n %a %u %Y" /d/file.txt /x; cat /x'),
    '/d/file.txt 600 0 784111777\n/x 600 0 784111777\nbody',
  )
  assert.equal(
    (await build(`FROM busybox\nADD ${base}/missing /x\n`)).error?.message,
    `ADD failed: failed to GET ${base}/missing with status 404 Not Found: nothing here`,
  )
  assert.equal(
    (await build(`FROM busybox\nADD ${base}/ /x/\n`)).error?.message,
    `ADD failed: cannot determine filename for source ${base}/`,
  )
})

test('here-documents become files and scripts', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const dockerfile = [
    'FROM busybox',
    'ENV X=val',
    'COPY <<a.txt <<"b.txt" /d/',
    'one $X "q" \\$X',
    'a.txt',
    'two $X',
    'b.txt',
    'RUN <<EOF',
    'echo first > /r',
    'echo second >> /r',
    'EOF',
    'RUN cat <<EOF > /c',
    'text',
    'EOF',
    'RUN <<EOF',
    '#!/bin/sh',
    'echo script > /s',
    'EOF',
    '',
  ].join('\n')
  const { id, error } = await build(dockerfile)
  assert.equal(error?.message, undefined)
  assert.equal(
    await shell(id ?? '', 'cat /d/a.txt /d/b.txt /r /c /s; stat -c %a /d/a.txt'),
    'one val "q" $X\ntwo $X\nfirst\nsecond\ntext\nscript\n644\n',
  )
})

test('hard links of a copied tree stay links', async (context) => {
  const { build, shell } = await openTestBuilder(context)
  const { id } = await build('FROM busybox\nCOPY t /t\n', {
    context: [
      { name: 't/a', content: 'x' },
      { name: 't/b', type: 'hardlink', linkName: 't/a' },
    ],
  })
  assert.equal(await shell(id ?? '', 'stat -c %h /t/a'), '2\n')
})

test('dates and account tables are read strictly', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), 784_111_777_000)
  assert.equal(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT'), 1_709_164_800_000)
  assert.equal(parseHttpDate('yesterday'), undefined)
  assert.equal(findId('root:x:0:0\nwww:x:33:\nbad:x:zz:\n', 'www'), 33)
  assert.equal(findId('bad:x:zz:\n', 'bad'), undefined)
})
