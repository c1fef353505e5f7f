import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { digestHex, digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { encodeTarHeader, paddingBytes } from './archive/write-tar.ts'
import type { TarEntryOptions } from './archive/write-tar.ts'
import { createImages } from './images.ts'
import type { Images, ImagesDeps } from './images.ts'
import type { ImageEvent, ImageUser } from './records/record-types.ts'

const processes = createProcesses()
const kernel = createKernel({ processes })
const deps: ImagesDeps = {
  processes,
  kernel,
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
}

interface Fixture {
  readonly root: string
  readonly images: Images
  readonly events: ImageEvent[]
  readonly users: ImageUser[]
}

function scratch(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'gantry-images-'))
  context.after(async () => {
    for (const point of await kernel.mounts.listBelow(path)) kernel.mounts.unmount(point, { detach: true })
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

async function fixture(context: TestContext): Promise<Fixture> {
  const root = scratch(context)
  const events: ImageEvent[] = []
  const users: ImageUser[] = []
  const images = await createImages(
    { ...deps, containers: () => users, onEvent: (event) => events.push(event) },
    { root },
  )
  return { root, images, events, users }
}

function tar(entries: readonly (TarEntryOptions & { content?: Uint8Array | string })[]): Buffer {
  const parts: Buffer[] = []
  for (const { content, ...entry } of entries) {
    const bytes = Buffer.from(content ?? '')
    parts.push(encodeTarHeader({ ...entry, sizeBytes: bytes.length }), bytes, Buffer.alloc(paddingBytes(bytes.length)))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

const file = (name: string, content: Uint8Array | string): TarEntryOptions & { content: Uint8Array | string } => ({
  name,
  type: 'file',
  mode: 0o644,
  content,
})

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function archiveParts(
  layers: readonly Buffer[],
  tags: readonly string[],
  extra: object = {},
): { entries: (TarEntryOptions & { content: Uint8Array | string })[]; id: string } {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2024-01-01T00:00:00Z',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
      history: layers.map((_, at) => ({ created: '2024-01-01T00:00:00Z', created_by: `step ${at}` })),
      ...extra,
    }),
  )
  const hex = digestHex(digestOf(config))
  const names = layers.map((layer) => `${digestHex(digestOf(layer))}/layer.tar`)
  return {
    id: `sha256:${hex}`,
    entries: [
      file(`${hex}.json`, config),
      ...layers.map((layer, at) => file(names[at] ?? '', layer)),
      file('manifest.json', JSON.stringify([{ Config: `${hex}.json`, RepoTags: tags, Layers: names }])),
    ],
  }
}

const base = tar([
  { name: 'etc', type: 'directory', mode: 0o755 },
  file('etc/passwd', 'root:x:0:0'),
  file('bin/sh', 'shell'),
])
const upper = tar([file('etc/extra', 'more'), file('bin/.wh.sh', '')])

test('an archive loads in any entry order and any compression, and comes out with the same id', async (context) => {
  const { images, root, events } = await fixture(context)
  const { entries, id } = archiveParts([base, upper], ['app:1', 'registry.local:5000/app:2'])
  const orders = [entries, entries.toReversed()]
  const compress: [string, string[]][] = [
    ['cat', []],
    ['gzip', ['-c']],
    ['bzip2', ['-c']],
    ['xz', ['-c']],
    ['zstd', ['-c', '-q']],
  ]
  for (const order of orders) {
    for (const [program, args] of compress) {
      const bytes = execFileSync(program, args, { input: tar(order), maxBuffer: 1 << 26 })
      const [loaded] = await images.load(stream(bytes))
      assert.equal(loaded?.id, id, program)
      assert.deepEqual(loaded?.messages, ['Loaded image: app:1', 'Loaded image: registry.local:5000/app:2'])
    }
  }
  assert.ok(events.some(({ action, actor }) => action === 'load' && actor === id))
  const saved = await all(images.save(['app:1']) as AsyncIterable<Uint8Array>)
  const other = await createImages(deps, { root: join(root, 'other') })
  assert.equal((await other.load(stream(saved)))[0]?.id, id)
  const [row] = other.list()
  assert.deepEqual(row?.repoTags, ['app:1'])
  const manifest = JSON.parse(
    execFileSync('tar', ['xOf', '-', 'manifest.json'], { input: saved, encoding: 'utf8' }),
  ) as { RepoTags: string[]; Layers: string[] }[]
  assert.deepEqual(manifest[0]?.RepoTags, ['app:1'])
  assert.equal(manifest[0]?.Layers.length, 2)
})

test('a layout without manifest.json loads by its index', async (context) => {
  const { images, root } = await fixture(context)
  const { entries, id } = archiveParts([base], ['app:1'])
  await images.load(stream(tar(entries)))
  const saved = join(root, 'saved.tar')
  writeFileSync(saved, await all(images.save(['app:1']) as AsyncIterable<Uint8Array>))
  execFileSync('tar', ['--delete', '-f', saved, 'manifest.json'])
  await images.remove('app:1')
  assert.equal(images.all().length, 0)
  const [loaded] = await images.load(stream(readFileSync(saved)))
  assert.equal(loaded?.id, id)
  assert.deepEqual(loaded?.references, ['app:1'])
})

test('a restart finds every image and sweeps what was half-made', async (context) => {
  const { images, root } = await fixture(context)
  const { entries, id } = archiveParts([base, upper], ['app:1'])
  await images.load(stream(tar(entries)))
  mkdirSync(join(root, 'layers/incoming/half/fs'), { recursive: true })
  mkdirSync(join(root, 'layers/sha256', 'a'.repeat(64)), { recursive: true })
  mkdirSync(join(root, 'records/images', 'b'.repeat(64)), { recursive: true })
  mkdirSync(join(root, 'snapshots/by-key/half/upper'), { recursive: true })
  await images.layers.ingestTar(stream(tar([file('orphan', 'x')])))
  const again = await createImages(deps, { root })
  assert.equal(again.resolve('app:1').id, id)
  assert.equal(again.layers.list().length, 2)
  assert.deepEqual(readdirSync(join(root, 'layers/incoming')), [])
  assert.equal(readdirSync(join(root, 'layers/sha256')).length, 2)
  assert.equal(readdirSync(join(root, 'records/images')).length, 1)
  assert.deepEqual(readdirSync(join(root, 'snapshots/by-key')), [])
})

test('a refused archive leaves nothing behind', async (context) => {
  const { images, root } = await fixture(context)
  const good = archiveParts([base], ['ok:1'])
  const bad: [string, Buffer, RegExp][] = [
    ['bad tag', tar(archiveParts([base], ['Bad Name:1']).entries), /must be lowercase/],
    ['untagged name', tar(archiveParts([base], ['noname']).entries), /invalid tag "noname"/],
    [
      'second image broken',
      tar([
        ...good.entries.slice(0, -1),
        file(
          'manifest.json',
          JSON.stringify([
            { Config: good.entries[0]?.name, RepoTags: ['ok:1'], Layers: [good.entries[1]?.name] },
            { Config: 'gone.json', RepoTags: [], Layers: [] },
          ]),
        ),
      ]),
      /gone\.json/,
    ],
    [
      'wrong layer',
      tar([good.entries[0] as never, file(good.entries[1]?.name ?? '', upper), good.entries[2] as never]),
      /invalid diffID for layer 0/,
    ],
    [
      'too few layers',
      tar([
        good.entries[0] as never,
        file('manifest.json', JSON.stringify([{ Config: good.entries[0]?.name, RepoTags: [], Layers: [] }])),
      ]),
      /layers length mismatch/,
    ],
    [
      'fifo for a layer',
      tar([good.entries[0] as never, { name: good.entries[1]?.name ?? '', type: 'fifo' }, good.entries[2] as never]),
      /not a usable file/,
    ],
    [
      'device for the manifest',
      tar([{ name: 'manifest.json', type: 'character', deviceMajor: 1, deviceMinor: 5 }]),
      /not a usable file/,
    ],
    ['junk', Buffer.from('junk'), /^Error processing tar file\(exit status 1\): unexpected EOF$/],
    ['long junk', Buffer.alloc(100_000, 'junk'), /invalid tar header/],
    ['cut off', tar(good.entries).subarray(0, 3000), /unexpected EOF/],
    ['empty', tar([]), /neither manifest\.json nor index\.json/],
  ]
  for (const [what, bytes, pattern] of bad) {
    await assert.rejects(
      images.load(stream(bytes)),
      (error: Error) => pattern.test(error.message) || assert.fail(`${what}: ${error.message}`),
    )
    assert.equal(images.all().length, 0, what)
    assert.equal(images.layers.list().length, 0, what)
    assert.deepEqual(readdirSync(join(root, 'layers/sha256')), [], what)
  }
})

test("layers that are each other's links, parents or claims end in an error, not in a loop", async (context) => {
  const { images } = await fixture(context)
  const { entries } = archiveParts([base], ['a:1'])
  const [config] = entries
  const loop = tar([
    config as never,
    { name: 'x/layer.tar', type: 'symlink', linkName: '../y/layer.tar' },
    { name: 'y/layer.tar', type: 'symlink', linkName: '../x/layer.tar' },
    file('manifest.json', JSON.stringify([{ Config: config?.name, RepoTags: [], Layers: ['x/layer.tar'] }])),
  ])
  await assert.rejects(images.load(stream(loop)), /too many levels of symbolic links/)
  const one = archiveParts([base], [])
  const two = archiveParts([base], [], { author: 'other' })
  const parents = tar([
    ...one.entries.slice(0, -1),
    ...two.entries.slice(0, 1),
    file(
      'manifest.json',
      JSON.stringify([
        { Config: one.entries[0]?.name, Layers: [one.entries[1]?.name], Parent: two.id },
        { Config: two.entries[0]?.name, Layers: [one.entries[1]?.name], Parent: one.id },
      ]),
    ),
  ])
  await assert.rejects(images.load(stream(parents)), /invalid parent/)
})

test('removing follows the daemon: untag, in use, must force, children, freed layers', async (context) => {
  const { images, users, events } = await fixture(context)
  const first = archiveParts([base], ['base:1'])
  await images.load(stream(tar(first.entries)))
  const layer = await images.layers.ingestTar(stream(upper))
  const child = await images.createImage({
    config: {
      ...images.resolve('base:1').config,
      rootfs: { type: 'layers', diff_ids: [digestOf(base), layer.diffId] },
    },
    parent: images.resolve('base:1').id,
    tags: ['child:1'],
  })
  await images.tag('base:1', 'other:2')
  assert.deepEqual(await images.remove('other:2'), [{ Untagged: 'other:2' }])
  await assert.rejects(images.remove('other:2'), /^GantryError: No such image: other:2$/)
  assert.deepEqual(await images.remove('base:1'), [{ Untagged: 'base:1' }], 'a base with children loses its name only')
  await assert.rejects(
    images.remove(first.id, { force: true }),
    /cannot be forced\) - image has dependent child images/,
  )
  users.push({ containerId: 'c'.repeat(64), imageId: child.id, running: false })
  await assert.rejects(
    images.remove('child:1'),
    new RegExp(
      `conflict: unable to remove repository reference "child:1" \\(must force\\) - container ${'c'.repeat(12)} is using its referenced image ${child.id.slice(7, 19)}`,
    ),
  )
  users[0] = { containerId: 'c'.repeat(64), imageId: child.id, running: true }
  await assert.rejects(
    images.remove(child.id, { force: true }),
    /\(cannot be forced\) - image is being used by running container c{12}$/,
  )
  users.length = 0
  const rows = await images.remove('child:1')
  assert.deepEqual(rows.slice(0, 2), [{ Untagged: 'child:1' }, { Deleted: child.id }])
  assert.deepEqual(rows.slice(3, 4), [{ Deleted: first.id }], 'the untagged parent goes too')
  assert.equal(images.layers.list().length, 0)
  assert.ok(events.some(({ action }) => action === 'untag') && events.some(({ action }) => action === 'delete'))
})

test('lookup by name, tag, id, prefix; what is missing has the words that make clients pull', async (context) => {
  const { images } = await fixture(context)
  const { entries, id } = archiveParts([base], ['busybox:latest'])
  await images.load(stream(tar(entries)))
  for (const name of [
    'busybox',
    'busybox:latest',
    'docker.io/library/busybox',
    'index.docker.io/library/busybox:latest',
    id,
    id.slice(7),
    id.slice(7, 19),
    id.slice(0, 15),
  ])
    assert.equal(images.resolve(name).id, id, name)
  const missing: [string, string][] = [
    ['nosuch', 'nosuch:latest'],
    ['nosuch:1', 'nosuch:1'],
    ['a.b/c/d', 'a.b/c/d:latest'],
    ['f'.repeat(64), `sha256:${'f'.repeat(64)}`],
  ]
  for (const [name, shown] of missing)
    assert.throws(() => images.resolve(name), { message: `No such image: ${shown}`, kind: 'not-found' })
  assert.throws(() => images.resolve('Bad'), {
    message: 'invalid reference format: repository name (library/Bad) must be lowercase',
    kind: 'invalid',
  })
  assert.throws(() => images.save(['nosuch:1']), { message: 'reference does not exist' })
})

test('list filters and prune', async (context) => {
  const { images } = await fixture(context)
  await images.load(
    stream(
      tar(archiveParts([base], ['cw-i:1', 'cw-i:2', 'deep/er/name:x'], { config: { Labels: { a: 'b' } } }).entries),
    ),
  )
  await images.load(stream(tar(archiveParts([base, upper], [], { created: '2025-01-01T00:00:00Z' }).entries)))
  const tagsFor = (filters: Record<string, string[]>): string[] =>
    images.list({ filters }).flatMap(({ repoTags }) => repoTags)
  assert.deepEqual(tagsFor({ reference: ['cw-i:*'] }), ['cw-i:1', 'cw-i:2'])
  assert.deepEqual(tagsFor({ reference: ['cw-?:2', 'deep/*/name'] }), ['cw-i:2', 'deep/er/name:x'])
  assert.equal(images.list({ filters: { dangling: ['true'] } }).length, 1)
  assert.equal(images.list({ filters: { dangling: ['false'] } }).length, 1)
  assert.equal(images.list({ filters: { label: ['a=b'] } }).length, 1)
  assert.equal(images.list({ filters: { 'label!': ['a'] } }).length, 1)
  assert.equal(images.list({ filters: { since: ['cw-i:1'] } }).length, 1)
  assert.equal(images.list({ filters: { before: ['cw-i:1'] } }).length, 0)
  assert.equal(images.list({ filters: { until: ['2024-06-01'] } }).length, 1)
  assert.throws(() => images.list({ filters: { nosuch: ['1'] } }), { message: "Invalid filter 'nosuch'" })
  assert.throws(() => images.list({ filters: { dangling: ['maybe'] } }), { kind: 'invalid' })
  assert.throws(() => images.list({ filters: { reference: ['[a'] } }), { kind: 'invalid' })
  const pruned = await images.prune({})
  assert.equal(pruned.ImagesDeleted.length, 2)
  assert.equal(pruned.SpaceReclaimed, 4)
  assert.equal(images.list().length, 1)
  await images.prune({ dangling: ['false'] })
  assert.equal(images.list().length, 0)
})

test('history has sizes for layers, ids for what is known', async (context) => {
  const { images } = await fixture(context)
  await images.load(
    stream(
      tar(
        archiveParts([base, upper], ['app:1'], {
          history: [{ created_by: 'a' }, { created_by: 'env', empty_layer: true }, { created_by: 'b', comment: 'c' }],
        }).entries,
      ),
    ),
  )
  const rows = images.history('app:1')
  assert.deepEqual(
    rows.map(({ Size, CreatedBy, Comment }) => [CreatedBy, Size, Comment]),
    [
      ['b', 4, 'c'],
      ['env', 0, ''],
      ['a', 15, ''],
    ],
  )
  assert.deepEqual(
    rows.map(({ Id }) => Id),
    [images.resolve('app:1').id, '<missing>', '<missing>'],
  )
  assert.deepEqual(rows[0]?.Tags, ['app:1'])
  assert.equal(rows[1]?.Tags, null)
})

test('a snapshot shows the layers, keeps writes apart, tells changes and becomes a layer', async (context) => {
  const { images } = await fixture(context)
  await images.load(stream(tar(archiveParts([base, upper], ['app:1']).entries)))
  const { diffIds } = images.resolve('app:1')
  const snapshot = await images.snapshots.prepareWritable({ key: 'c1', diffIds, withInitLayer: true })
  assert.deepEqual(readdirSync(join(snapshot.mergedPath, 'bin')), [])
  assert.equal(readFileSync(join(snapshot.mergedPath, 'etc/extra'), 'utf8'), 'more')
  assert.deepEqual(await images.snapshots.changes('c1'), [])
  writeFileSync(join(snapshot.mergedPath, 'etc/passwd'), 'changed')
  mkdirSync(join(snapshot.mergedPath, 'd'))
  writeFileSync(join(snapshot.mergedPath, 'd/e'), '12345')
  rmSync(join(snapshot.mergedPath, 'etc/extra'))
  assert.deepEqual(
    (await images.snapshots.changes('c1')).map(({ Path, Kind }) => `${'CAD'[Kind]} ${Path}`),
    ['A /d', 'A /d/e', 'C /etc', 'D /etc/extra', 'C /etc/passwd'],
  )
  assert.equal(await images.snapshots.usage('c1'), 12)
  await images.snapshots.unmount('c1')
  await images.snapshots.mount('c1')
  assert.equal(readFileSync(join(snapshot.mergedPath, 'd/e'), 'utf8'), '12345')
  const committed = await images.layers.ingestUpper(snapshot.upperPath, { consume: false })
  assert.equal(readFileSync(join(images.layers.pathOf(committed.diffId), 'etc/passwd'), 'utf8'), 'changed')
  await using view = await images.snapshots.view([...diffIds, committed.diffId])
  assert.deepEqual(readdirSync(join(view.path, 'etc')), ['passwd'])
  const handed = await images.snapshots.detachUpper('c1')
  assert.equal(images.snapshots.get('c1'), undefined)
  const moved = await images.layers.ingestUpper(handed, { consume: true })
  assert.equal(moved.diffId, committed.diffId)
})

test('an image of 150 layers mounts', async (context) => {
  const { images } = await fixture(context)
  const diffIds: Digest[] = []
  for (let index = 0; index < 150; index += 1)
    diffIds.push((await images.layers.ingestTar(stream(tar([file(`f${index}`, String(index))])))).diffId)
  const snapshot = await images.snapshots.prepareWritable({ key: 'many', diffIds })
  assert.equal(readdirSync(snapshot.mergedPath).length, 150)
  await images.snapshots.remove('many')
})

test('import makes an image of one layer', async (context) => {
  const { images } = await fixture(context)
  const record = await images.import(stream(base), { reference: 'imp:1', message: 'hello', config: { Cmd: ['x'] } })
  assert.equal(images.resolve('imp:1').id, record.id)
  assert.equal(images.history('imp:1')[0]?.Comment, 'hello')
  await assert.rejects(images.import(stream(Buffer.from('junk'))), /unexpected EOF/)
  await assert.rejects(images.import(stream(base), { reference: 'Bad' }), /must be lowercase/)
  assert.equal(images.layers.list().length, 1)
})
