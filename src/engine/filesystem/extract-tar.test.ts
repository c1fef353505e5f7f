import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import type { TarEntryOptions } from '#images/archive/write-tar.ts'
import { defaultTarLimits } from '#images/archive/tar-limits.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { createProcesses } from '#world/real/processes.ts'
import { extractTar, innerName } from './extract-tar.ts'
import type { ExtractOptions } from './extract-tar.ts'
import { removeTree } from './remove-tree.ts'
import { absolutePath, baseName, resolvePath } from './resolve-path.ts'
import { findPath, goFileMode } from './stat-path.ts'

const files = createFiles()
const access = { files, kernel: createKernel({ processes: createProcesses() }) }

/** A folder with a root in it; what is beside the root must never be touched. */
async function scratch(context: TestContext): Promise<{ readonly root: string; readonly outside: string }> {
  const directory = await files.temporaryDirectory('gantry-copy-')
  context.after(() => directory[Symbol.asyncDispose]())
  const root = `${directory.path}/root`
  const outside = `${directory.path}/outside`
  await files.makeDirectory(`${root}/tmp`, { recursive: true })
  await files.makeDirectory(outside)
  return { root, outside }
}

type Entry = TarEntryOptions & { readonly content?: string }

async function* tar(entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  for (const { content = '', ...header } of entries) {
    const bytes = Buffer.from(content)
    yield encodeTarHeader({ mode: 0o644, ...header, sizeBytes: bytes.length })
    yield bytes
    yield Buffer.alloc(paddingBytes(bytes.length))
  }
  yield Buffer.alloc(1024)
}

async function extract(root: string, entries: readonly Entry[], options: Partial<ExtractOptions> = {}): Promise<void> {
  await extractTar(access, tar(entries), {
    root,
    directory: '/tmp',
    keepKinds: false,
    owner: undefined,
    limits: defaultTarLimits,
    signal: new AbortController().signal,
    ...options,
  })
}

test('files, directories and links arrive with owner, mode and time', async (context) => {
  const { root } = await scratch(context)
  const mtime = { seconds: 1000, nanos: 0 }
  await extract(root, [
    { name: 'd', type: 'directory', mode: 0o750, uid: 12, gid: 34, mtime },
    { name: 'd/f', type: 'file', mode: 0o4755, uid: 12, gid: 34, mtime, content: 'hello' },
    { name: 'd/l', type: 'symlink', linkName: '../../etc/x', uid: 12, gid: 34, mtime },
    { name: 'd/h', type: 'hardlink', linkName: 'd/f' },
    { name: 'd/p', type: 'fifo', mode: 0o600, mtime },
    { name: 'made/for/it', type: 'file', content: 'x' },
  ])
  const directory = await files.lstat(`${root}/tmp/d`)
  assert.deepEqual([directory.mode, directory.uid, directory.gid, directory.mtimeMs], [0o750, 12, 34, 1_000_000])
  const file = await files.lstat(`${root}/tmp/d/f`)
  assert.deepEqual([file.mode, file.uid, file.gid, file.mtimeMs, file.nlink], [0o4755, 12, 34, 1_000_000, 2])
  assert.equal(await files.readText(`${root}/tmp/d/h`), 'hello')
  assert.equal(await files.readLink(`${root}/tmp/d/l`), '../../etc/x')
  assert.equal((await files.lstat(`${root}/tmp/d/p`)).type, 'fifo')
  assert.equal((await files.lstat(`${root}/tmp/made/for`)).mode, 0o755)
})

test('everything becomes the given owner when there is one', async (context) => {
  const { root } = await scratch(context)
  await extract(root, [{ name: 'a/f', type: 'file', uid: 12, gid: 34 }], { owner: { uid: 7, gid: 8 } })
  for (const path of ['a', 'a/f']) {
    const { uid, gid } = await files.lstat(`${root}/tmp/${path}`)
    assert.deepEqual([uid, gid], [7, 8])
  }
})

test('names and links that lead out are refused and nothing outside changes', async (context) => {
  const { root, outside } = await scratch(context)
  await files.write(`${outside}/secret`, 'kept')
  for (const name of ['../x', 'a/../../x', '..']) {
    await assert.rejects(extract(root, [{ name, type: 'file', content: 'x' }]), /outside of the archive's root/)
  }
  await assert.rejects(
    extract(root, [{ name: 'h', type: 'hardlink', linkName: '../outside/secret' }]),
    /outside of the archive's root/,
  )
  await assert.rejects(extract(root, [{ name: 'h', type: 'hardlink', linkName: 'nothing' }]), /invalid hardlink/)
  await extract(root, [
    { name: 'out', type: 'symlink', linkName: '../../outside' },
    { name: 'abs', type: 'symlink', linkName: outside },
  ])
  // From inside the root these links lead to places in the root, which are not there.
  await assert.rejects(extract(root, [{ name: 'out/secret', type: 'file', content: 'changed' }]))
  await assert.rejects(extract(root, [{ name: 'abs/secret', type: 'file', content: 'changed' }]))
  assert.equal(await files.readText(`${outside}/secret`), 'kept')
  assert.deepEqual(
    (await files.list(outside)).map(({ name }) => name),
    ['secret'],
  )
})

test('a link that stands where a file shall be is replaced, not followed', async (context) => {
  const { root } = await scratch(context)
  await files.write(`${root}/target`, 'kept')
  await files.symlink('/target', `${root}/tmp/f`)
  await extract(root, [{ name: 'f', type: 'file', content: 'new' }])
  assert.equal(await files.readText(`${root}/target`), 'kept')
  assert.equal((await files.lstat(`${root}/tmp/f`)).type, 'file')
})

test('a directory merges into a directory; other kinds are replaced unless that is forbidden', async (context) => {
  const { root } = await scratch(context)
  await extract(root, [
    { name: 'd/old', type: 'file', content: 'old' },
    { name: 'f', type: 'file' },
  ])
  await extract(root, [{ name: 'd', type: 'directory', mode: 0o700 }])
  assert.equal(await files.readText(`${root}/tmp/d/old`), 'old')
  const keepKinds = true
  await assert.rejects(extract(root, [{ name: 'd', type: 'file' }], { keepKinds }), {
    message: 'cannot overwrite directory "/tmp/d" with non-directory "/tmp"',
  })
  await assert.rejects(extract(root, [{ name: 'f', type: 'directory' }], { keepKinds }), {
    message: 'cannot overwrite non-directory "/tmp/f" with directory "/tmp"',
  })
  await extract(root, [{ name: 'd', type: 'file', content: 'now a file' }])
  assert.equal(await files.readText(`${root}/tmp/d`), 'now a file')
})

test('what the kernel refuses is told with the path of the container', async (context) => {
  const { root } = await scratch(context)
  await extract(root, [{ name: 'f', type: 'file' }])
  await assert.rejects(extract(root, [{ name: 'f/below', type: 'file' }]), {
    message: '/tmp/f/below: not a directory',
    kind: 'invalid',
  })
  await assert.rejects(extract(root, [{ name: 'x'.repeat(300), type: 'file' }]), /\/tmp\/x+: file name too long$/)
})

test('an archive larger than there is room for is refused', async (context) => {
  const { root } = await scratch(context)
  const limits = { ...defaultTarLimits, totalBytesMax: 10 }
  await assert.rejects(extract(root, [{ name: 'f', type: 'file', content: 'more than ten' }], { limits }), {
    kind: 'invalid',
  })
})

test('removing a tree follows nothing in it', async (context) => {
  const { root, outside } = await scratch(context)
  await files.write(`${outside}/kept`, '')
  await files.makeDirectory(`${root}/tmp/a/b`, { recursive: true })
  await files.symlink(outside, `${root}/tmp/a/b/link`)
  await removeTree(access, `${root}/tmp`, 'a')
  await removeTree(access, `${root}/tmp`, 'a')
  assert.deepEqual(await files.list(`${root}/tmp`), [])
  assert.ok(await files.exists(`${outside}/kept`))
})

test('a path is cleaned from the root, and a last slash or dot stays', () => {
  const rows: [string, string, string][] = [
    ['/a/b', '/a/b', 'b'],
    ['a//b/', '/a/b/', 'b'],
    ['/a/./b/.', '/a/b/.', '.'],
    ['../../etc', '/etc', 'etc'],
    ['/', '/', '/'],
    ['.', '/', '/'],
    ['/.', '/.', '.'],
    ['', '/', '/'],
  ]
  for (const [given, clean, base] of rows)
    assert.deepEqual([absolutePath(given), baseName(absolutePath(given))], [clean, base], given)
  assert.equal(innerName('./a/b/'), 'a/b')
  assert.equal(innerName('/a'), 'a')
  assert.equal(innerName('./'), '')
})

test('links are followed inside the root only', async (context) => {
  const { root } = await scratch(context)
  await files.makeDirectory(`${root}/real/sub`, { recursive: true })
  await files.symlink('/real', `${root}/absolute`)
  await files.symlink('../../../real/sub', `${root}/tmp/relative`)
  await files.symlink('loop', `${root}/loop`)
  const resolve = (path: string, followLast = true): Promise<string> => resolvePath(access, root, { path, followLast })
  assert.equal(await resolve('/absolute/sub'), '/real/sub')
  assert.equal(await resolve('/tmp/relative/..'), '/real')
  assert.equal(await resolve('/absolute', false), '/absolute')
  assert.equal(await resolve('/../../tmp'), '/tmp')
  await assert.rejects(resolve('/loop'), /too many levels of symbolic links/)
  await assert.rejects(resolve('/nothing/here'), { code: 'ENOENT' })
  await assert.rejects(resolve(`/${'x'.repeat(5000)}`), /path is too long/)
})

test('a stat tells name, kind and where a link ends', async (context) => {
  const { root } = await scratch(context)
  await files.write(`${root}/tmp/f`, 'four', { mode: 0o640 })
  await files.symlink('/tmp/f', `${root}/l`)
  await files.symlink('tmp', `${root}/d`)
  const find = (path: string): ReturnType<typeof findPath> => findPath(access, root, { path, container: 'c' })
  const file = (await find('/d/f')).stat
  assert.deepEqual([file.name, file.size, file.mode, file.linkTarget], ['f', 4, 0o640, ''])
  const link = (await find('l')).stat
  assert.deepEqual([link.name, link.linkTarget, link.mode >= 2 ** 27], ['l', '/tmp/f', true])
  const directory = await find('/d/')
  assert.deepEqual([directory.stat.name, directory.resolved, directory.type], ['d', '/tmp', 'directory'])
  assert.equal((await find('/')).stat.name, '/')
  await assert.rejects(find('/no/such'), {
    message: 'Could not find the file /no/such in container c',
    kind: 'not-found',
  })
  await assert.rejects(find('/tmp/f/'), { message: 'lstat /tmp/f/: not a directory' })
})

test('modes are those of Go', () => {
  assert.equal(goFileMode({ type: 'directory', mode: 0o1777 }), 2 ** 31 + 2 ** 20 + 0o777)
  assert.equal(goFileMode({ type: 'file', mode: 0o6755 }), 2 ** 23 + 2 ** 22 + 0o755)
  assert.equal(goFileMode({ type: 'character', mode: 0o666 }), 2 ** 26 + 2 ** 21 + 0o666)
})
