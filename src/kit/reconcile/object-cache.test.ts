import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { ObjectCache } from './object-cache.ts'

const at = (name: string, resourceVersion: number, more: { uid?: string; team?: string } = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    resourceVersion: String(resourceVersion),
    uid: more.uid ?? name,
    labels: { team: more.team ?? '' },
  },
})

function cacheWithLog(): { cache: ObjectCache<ConfigMap>; told: string[] } {
  const told: string[] = []
  const cache = new ObjectCache<ConfigMap>((change) =>
    told.push(`${change.type} ${change.object.metadata.name} ${change.object.metadata.resourceVersion}`),
  )
  return { cache, told }
}

test('our own write is seen at once and its watch event is not told twice', () => {
  const { cache, told } = cacheWithLog()
  cache.replace([], '10')
  cache.observe(at('a', 11))
  cache.apply('ADDED', at('a', 11))
  assert.deepEqual(told, ['added a 11'])
})

test('the answer to a write that the watch has already passed cannot bring a deleted object back', () => {
  const { cache } = cacheWithLog()
  cache.replace([], '10')
  cache.apply('ADDED', at('a', 11))
  cache.apply('DELETED', at('a', 12))
  cache.observe(at('a', 11))
  assert.equal(cache.get('a'), undefined)
})

test('a list drops what is gone but keeps a write that is newer than it', () => {
  const { cache, told } = cacheWithLog()
  cache.replace([at('old', 5)], '10')
  cache.observe(at('new', 12))
  cache.replace([], '11')
  assert.deepEqual(
    cache.list().map((object) => object.metadata.name),
    ['new'],
  )
  assert.deepEqual(told, ['added old 5', 'added new 12', 'deleted old 5'])
})

test('an object deleted and made anew under its name is told as two', () => {
  const { cache, told } = cacheWithLog()
  cache.replace([at('a', 5, { uid: 'one' })], '10')
  cache.replace([at('a', 12, { uid: 'two' })], '13')
  assert.deepEqual(told, ['added a 5', 'deleted a 5', 'added a 12'])
})

test('indexes follow changes', () => {
  const { cache } = cacheWithLog()
  cache.addIndex('team', (object) => [object.metadata.labels?.['team'] ?? ''])
  cache.replace([at('a', 5, { team: 'red' }), at('b', 6, { team: 'red' })], '10')
  cache.apply('MODIFIED', at('a', 11, { team: 'blue' }))
  cache.apply('DELETED', at('b', 12, { team: 'red' }))
  assert.deepEqual([cache.byIndex('team', 'red').length, cache.byIndex('team', 'blue').length], [0, 1])
})

test('what an index lists is what is in the cache now, and stays the same list while nothing of it changes', () => {
  const { cache } = cacheWithLog()
  cache.addIndex('team', (object) => [object.metadata.labels?.['team'] ?? ''])
  cache.replace([at('a', 5, { team: 'red' }), at('b', 6, { team: 'blue' })], '10')
  const listed = (team: string): readonly (string | undefined)[] =>
    cache.byIndex('team', team).map(({ metadata }) => metadata.resourceVersion)
  const red = cache.byIndex('team', 'red')
  cache.apply('MODIFIED', at('b', 11, { team: 'blue' }))
  assert.equal(cache.byIndex('team', 'red'), red)
  assert.deepEqual(listed('blue'), ['11'])
  cache.apply('MODIFIED', at('a', 12, { team: 'red' }))
  assert.deepEqual([listed('red'), red.length], [['12'], 1])
  cache.apply('ADDED', at('c', 13, { team: 'red' }))
  assert.deepEqual(listed('red'), ['12', '13'])
  cache.apply('MODIFIED', at('c', 14, { team: 'blue' }))
  cache.apply('DELETED', at('a', 15, { team: 'red' }))
  assert.deepEqual([listed('red'), listed('blue')], [[], ['11', '14']])
})

test('versions are compared as numbers', () => {
  const { cache } = cacheWithLog()
  cache.replace([], '9')
  cache.observe(at('a', 10))
  cache.apply('MODIFIED', at('a', 9))
  assert.equal(cache.get('a')?.metadata.resourceVersion, '10')
})
