import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { archiveParts, base, file, fixture, stream, tar, upper } from './images-fixture.contract.ts'

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
