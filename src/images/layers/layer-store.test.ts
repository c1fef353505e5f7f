import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { digestOf } from '#base/data/digest.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import type { TarEntryOptions } from '#images/archive/write-tar.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { createLayerStore } from './layer-store.ts'
import type { LayerStore } from './layer-types.ts'

const processes = createProcesses()
const deps = {
  processes,
  files: createFiles(),
  kernel: createKernel({ processes }),
  clock: createClock(),
  random: createRandom(),
}

function scratch(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'gantry-layers-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function tar(entries: readonly (TarEntryOptions & { content?: string })[]): Buffer {
  const parts: Buffer[] = []
  for (const { content, ...entry } of entries) {
    const bytes = Buffer.from(content ?? '')
    parts.push(encodeTarHeader({ ...entry, sizeBytes: bytes.length }), bytes, Buffer.alloc(paddingBytes(bytes.length)))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

function one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return (async function* () {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
  })()
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function store(root: string): Promise<LayerStore> {
  return await createLayerStore(deps, join(root, 'layers'))
}

const file = (name: string, content: string): TarEntryOptions & { content: string } => ({
  name,
  type: 'file',
  mode: 0o644,
  content,
  mtime: { seconds: 1_700_000_000, nanos: 0 },
})

test('a layer is unpacked, found again after a restart, and its tar reproduced to the byte', async (context) => {
  const root = scratch(context)
  const layers = await store(root)
  const bytes = tar([
    { name: 'etc', type: 'directory', mode: 0o755 },
    file('etc/passwd', 'root'),
    { name: 'etc/link', type: 'hardlink', linkName: 'etc/passwd' },
    { name: 'bin', type: 'symlink', linkName: 'usr/bin' },
    file(`${'long/'.repeat(40)}name`, 'deep'),
    file('ünïcode', 'ü'),
    { name: 'dev/null', type: 'character', deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
    { name: 'pipe', type: 'fifo', mode: 0o600 },
    {
      ...file('ping', 'x'),
      attributes: new Map([['security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')]]),
    },
  ])
  const record = await layers.ingestTar(one(bytes))
  assert.equal(record.diffId, digestOf(bytes))
  assert.equal(record.sizeBytes, 4 + 7 + 4 + 2 + 1)
  const fs = layers.pathOf(record.diffId)
  assert.equal(readFileSync(join(fs, 'etc/link'), 'utf8'), 'root')
  assert.equal(statSync(join(fs, 'etc/passwd')).nlink, 2)
  assert.equal(statSync(join(fs, 'ünïcode')).mtimeMs, 1_700_000_000_000)
  assert.ok(deps.kernel.attributes.get(join(fs, 'ping'), 'security.capability') !== undefined)
  assert.deepEqual(await all(layers.reproduceTar(record.diffId)), bytes)
  const again = await store(root)
  assert.deepEqual(await all(again.reproduceTar(record.diffId)), bytes)
  await again.remove(record.diffId)
  assert.deepEqual(readdirSync(join(root, 'layers/sha256')), [])
})

test('whiteouts become what overlayfs understands and come back as they were', async (context) => {
  const layers = await store(scratch(context))
  const bytes = tar([
    { name: 'd', type: 'directory', mode: 0o755 },
    file('d/.wh..wh..opq', ''),
    file('.wh.gone', ''),
    file('d/new', 'n'),
  ])
  const { diffId } = await layers.ingestTar(one(bytes))
  const fs = layers.pathOf(diffId)
  assert.deepEqual(readdirSync(fs).sort(), ['d', 'gone'])
  assert.ok(statSync(join(fs, 'gone')).isCharacterDevice())
  assert.equal(statSync(join(fs, 'gone')).rdev, 0)
  assert.equal(Buffer.from(deps.kernel.attributes.get(join(fs, 'd'), 'trusted.overlay.opaque') ?? []).toString(), 'y')
  assert.deepEqual(await all(layers.reproduceTar(diffId)), bytes)
})

test('entries that replace earlier ones win on disk and are still reproduced', async (context) => {
  const layers = await store(scratch(context))
  const bytes = tar([
    file('a', 'first'),
    file('a', 'second!'),
    { name: 'a', type: 'symlink', linkName: 'b' },
    file('dir/in', 'inner'),
    file('dir', 'now a file'),
    file('dir', 'and another'),
  ])
  const record = await layers.ingestTar(one(bytes))
  const fs = layers.pathOf(record.diffId)
  assert.equal(readFileSync(join(fs, 'dir'), 'utf8'), 'and another')
  assert.equal(record.sizeBytes, 1 + 11)
  assert.deepEqual(await all(layers.reproduceTar(record.diffId)), bytes)
})

test('names through planted symlinks stay inside the layer', async (context) => {
  const root = scratch(context)
  const layers = await store(root)
  const outside = join(root, 'outside')
  mkdirSync(outside)
  const bytes = tar([
    { name: 'out', type: 'symlink', linkName: outside },
    file('out/owned', 'x'),
    { name: 'up', type: 'symlink', linkName: '../../../../../../../..' },
    file('up/tmp/owned2', 'y'),
    file('/abs', 'z'),
  ])
  const { diffId } = await layers.ingestTar(one(bytes))
  assert.deepEqual(readdirSync(outside), [])
  const fs = layers.pathOf(diffId)
  assert.equal(readFileSync(join(fs, outside, 'owned'), 'utf8'), 'x')
  assert.equal(readFileSync(join(fs, 'tmp/owned2'), 'utf8'), 'y')
  assert.deepEqual(await all(layers.reproduceTar(diffId)), bytes)
})

test('what no layer may contain is refused and leaves nothing behind', async (context) => {
  const root = scratch(context)
  const layers = await store(root)
  const refused: [string, Buffer][] = [
    ['climbing', tar([file('../x', '')])],
    ['hard link outside', tar([{ name: 'h', type: 'hardlink', linkName: '/etc/passwd' }])],
    ['hard link climbing', tar([{ name: 'h', type: 'hardlink', linkName: '../../etc/passwd' }])],
    [
      'hard link to a directory',
      tar([
        { name: 'd', type: 'directory' },
        { name: 'h', type: 'hardlink', linkName: 'd' },
      ]),
    ],
    ['file as directory', tar([file('f', 'x'), file('f/g', 'x')])],
    ['symlink loop', tar([{ name: 'l', type: 'symlink', linkName: 'l' }, file('l/x', '')])],
    ['whiteout of the parent', tar([file('d/.wh...', '')])],
    ['cut off', tar([file('f', 'x'.repeat(2000))]).subarray(0, 1500)],
    ['no tar', Buffer.alloc(4096, 'junk')],
  ]
  for (const [what, bytes] of refused) await assert.rejects(layers.ingestTar(one(bytes)), { name: 'GantryError' }, what)
  await assert.rejects(
    layers.ingestTar(one(tar([file('a', 'b')])), { expectDiffId: digestOf('other') }),
    /invalid diffID/,
  )
  assert.deepEqual(readdirSync(join(root, 'layers/incoming')), [])
  assert.deepEqual(readdirSync(join(root, 'layers/sha256')), [])
})

test('a layer that another tar program made survives the round trip', async (context) => {
  const root = scratch(context)
  const layers = await store(root)
  const tree = join(root, 'tree')
  mkdirSync(join(tree, 'd'.repeat(90)), { recursive: true })
  for (let index = 0; index < 300; index += 1)
    writeFileSync(join(tree, 'd'.repeat(90), `f${index}`), 'x'.repeat(index * 37))
  for (const format of ['gnu', 'pax', 'ustar']) {
    const bytes = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', tree, '.'], { maxBuffer: 1 << 28 })
    const { diffId } = await layers.ingestTar(one(bytes))
    assert.equal(diffId, digestOf(bytes))
    assert.deepEqual(await all(layers.reproduceTar(diffId)), bytes, format)
  }
})

test('a writable directory becomes a layer whose tar and tree agree', async (context) => {
  const root = scratch(context)
  const layers = await store(root)
  const upper = join(root, 'upper')
  mkdirSync(join(upper, 'a/b'), { recursive: true })
  writeFileSync(join(upper, 'a/b/f'), 'content')
  deps.kernel.makeNode(join(upper, 'deleted'), 0o020000, { major: 0, minor: 0 })
  deps.kernel.attributes.set(join(upper, 'a'), 'trusted.overlay.opaque', Buffer.from('y'))
  const copied = await layers.ingestUpper(upper, { consume: false })
  const bytes = await all(layers.reproduceTar(copied.diffId))
  const names = execFileSync('tar', ['-tf', '-'], { input: bytes, encoding: 'utf8' }).trim().split('\n')
  assert.deepEqual(names, ['a/', 'a/.wh..wh..opq', 'a/b/', 'a/b/f', '.wh.deleted'])
  await layers.remove(copied.diffId)
  const moved = await layers.ingestUpper(upper, { consume: true })
  assert.equal(moved.diffId, copied.diffId)
  assert.equal(moved.sizeBytes, copied.sizeBytes)
  assert.deepEqual(await all(layers.reproduceTar(moved.diffId)), bytes)
  assert.equal(readdirSync(root).includes('upper'), false)
})
