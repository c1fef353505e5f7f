import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { createImages } from './images.ts'
import { all, archiveParts, base, deps, file, fixture, stream, tar, upper } from './images-fixture.contract.ts'

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

test('import makes an image of one layer', async (context) => {
  const { images } = await fixture(context)
  const record = await images.import(stream(base), { reference: 'imp:1', message: 'hello', config: { Cmd: ['x'] } })
  assert.equal(images.resolve('imp:1').id, record.id)
  assert.equal(images.history('imp:1')[0]?.Comment, 'hello')
  await assert.rejects(images.import(stream(Buffer.from('junk'))), /unexpected EOF/)
  await assert.rejects(images.import(stream(base), { reference: 'Bad' }), /must be lowercase/)
  assert.equal(images.layers.list().length, 1)
})
