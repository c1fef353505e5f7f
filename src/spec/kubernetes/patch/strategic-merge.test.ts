import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GantryError } from '#base/errors/gantry-error.ts'
import { decodeTree } from '../decode/decode-object.ts'
import { typeOfKind } from '../schema/kinds.ts'
import { sampleValue, seededNumbers } from '../schema/sample-object.contract.ts'
import { goText } from './go-text.ts'
import { strategicMergePatch } from './strategic-merge.ts'

const podType = typeOfKind('v1', 'Pod')
assert.ok(podType)
const merge = (original: object, patch: object): unknown =>
  strategicMergePatch(original as Record<string, unknown>, patch as Record<string, unknown>, podType)
const spec = (value: object): { spec: object } => ({ spec: value })
const two = spec({
  containers: [
    { name: 'a', image: '1' },
    { name: 'b', image: '2' },
  ],
})

const cases: readonly (readonly [name: string, original: object, patch: object, expected: object])[] = [
  [
    'members are set, null removes',
    { metadata: { labels: { a: '1', b: '2' } } },
    { metadata: { labels: { a: null, c: '3' } } },
    { metadata: { labels: { b: '2', c: '3' } } },
  ],
  [
    'list items merge by key; new ones follow',
    two,
    spec({ containers: [{ name: 'b', command: ['x'] }, { name: 'c' }] }),
    spec({ containers: [{ name: 'a', image: '1' }, { name: 'b', image: '2', command: ['x'] }, { name: 'c' }] }),
  ],
  [
    '$patch delete drops the item',
    two,
    spec({ containers: [{ name: 'a', $patch: 'delete' }] }),
    spec({ containers: [{ name: 'b', image: '2' }] }),
  ],
  [
    '$patch replace in a list replaces it',
    two,
    spec({ containers: [{ name: 'z' }, { $patch: 'replace' }] }),
    spec({ containers: [{ name: 'z' }] }),
  ],
  [
    '$patch replace in an object replaces it',
    spec({ nodeSelector: { a: '1' } }),
    spec({ nodeSelector: { $patch: 'replace', b: '2' } }),
    spec({ nodeSelector: { b: '2' } }),
  ],
  [
    '$patch delete of an object empties it',
    spec({ nodeSelector: { a: '1' } }),
    spec({ nodeSelector: { $patch: 'delete' } }),
    spec({ nodeSelector: {} }),
  ],
  [
    'a list without a merge strategy is replaced',
    spec({ tolerations: [{ key: 'a' }] }),
    spec({ tolerations: [{ key: 'b' }] }),
    spec({ tolerations: [{ key: 'b' }] }),
  ],
  [
    'scalars merge into a set',
    { metadata: { finalizers: ['a/a'] } },
    { metadata: { finalizers: ['b/b', 'a/a'] } },
    { metadata: { finalizers: ['b/b', 'a/a'] } },
  ],
  [
    '$deleteFromPrimitiveList',
    { metadata: { finalizers: ['a', 'b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
    { metadata: { finalizers: ['b'] } },
  ],
  [
    '$setElementOrder orders without content',
    two,
    spec({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }),
    spec({
      containers: [
        { name: 'b', image: '2' },
        { name: 'a', image: '1' },
      ],
    }),
  ],
  [
    'server items keep their place around ordered ones',
    spec({ containers: [{ name: 'a' }, { name: 's' }, { name: 'b' }] }),
    spec({ '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }], containers: [{ name: 'b', image: 'x' }] }),
    spec({ containers: [{ name: 'a' }, { name: 's' }, { name: 'b', image: 'x' }] }),
  ],
  [
    '$retainKeys clears what a union does not keep',
    spec({ volumes: [{ name: 'v', emptyDir: {} }] }),
    spec({ volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] }),
    spec({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
  ],
  [
    'nulls in new objects vanish',
    {},
    spec({ securityContext: { runAsUser: null, fsGroup: 1 } }),
    spec({ securityContext: { fsGroup: 1 } }),
  ],
]
for (const [name, original, patch, expected] of cases) {
  test(name, () => {
    const before = JSON.stringify([original, patch])
    assert.deepEqual(merge(original, patch), expected)
    assert.equal(JSON.stringify([original, patch]), before, 'arguments are left alone')
  })
}

const refused: readonly (readonly [patch: object, kind: string, message: string])[] = [
  [spec({ containers: [{ image: 'x' }] }), 'internal', 'map: map[image:x] does not contain declared merge key: name'],
  [
    spec({ containers: [{ $patch: 'bogus', name: 'a' }] }),
    'internal',
    'unknown patch type: bogus in map: map[$patch:bogus name:a]',
  ],
  [{ $patch: 'bogus' }, 'internal', 'unknown patch type: bogus in map: map[$patch:bogus]'],
  [spec({ $retainKeys: 'x' }), 'invalid', 'invalid patch format of retainKeys'],
  [spec({ $retainKeys: ['a'], b: 1 }), 'invalid', 'invalid patch format of retainKeys'],
  [spec({ $setElementOrder: [] }), 'invalid', 'invalid patch format of setElementOrder list'],
  [spec({ $deleteFromPrimitiveList: [] }), 'invalid', 'invalid patch format of primitive list'],
  [
    spec({ containers: [['x']] }),
    'internal',
    'list element types are not identical: [[map[image:1 name:a] map[image:2 name:b]] [[x]]]',
  ],
  [
    spec({ containers: [{ name: 'b' }, { name: 'a' }], '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] }),
    'internal',
    "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n",
  ],
]
for (const [patch, kind, message] of refused) {
  test(`refused: ${message.split('\n')[0] ?? ''}`, () => {
    assert.throws(
      () => merge(two, patch),
      (error) => error instanceof GantryError && error.kind === kind && error.message === message,
    )
  })
}

test('refused: lists of lists are not supported', () => {
  assert.throws(
    () => merge(spec({ containers: [] }), spec({ containers: [['x']] })),
    (error) => error instanceof GantryError && error.kind === 'unprocessable',
  )
})

test('the empty patch changes nothing and merging labels twice is merging them once', () => {
  const labels = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.option(fc.stringMatching(/^[a-z]{0,2}$/)))
  fc.assert(
    fc.property(fc.nat(), labels, (seed, patch) => {
      const object = decodeTree(sampleValue(podType, seededNumbers(seed)), podType).value
      assert.deepEqual(strategicMergePatch(object, {}, podType), object)
      const once = strategicMergePatch(object, { metadata: { labels: patch } }, podType)
      assert.deepEqual(strategicMergePatch(once, { metadata: { labels: patch } }, podType), once)
    }),
    { numRuns: 100 },
  )
})

test('values in messages look as Go prints them', () =>
  assert.equal(goText({ spec: { replicas: 'x', a: [1, null, true] } }), 'map[spec:map[a:[1 <nil> true] replicas:x]]'))
