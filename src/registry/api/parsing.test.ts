import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RegistryError } from '../errors.ts'
import { checkDigest, checkName, checkReference } from './names.ts'
import { paginate } from './pagination.ts'
import { parseContentRange, parseRange } from './ranges.ts'

test('ranges of downloads', () => {
  const rows: [string | undefined, ReturnType<typeof parseRange>][] = [
    [undefined, undefined],
    ['bytes=0-', { start: 0, end: 10 }],
    ['bytes=2-4', { start: 2, end: 5 }],
    ['bytes=4-99', { start: 4, end: 10 }],
    ['bytes=-3', { start: 7, end: 10 }],
    ['bytes=-99', { start: 0, end: 10 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', undefined],
    ['bytes=0-1,3-4', undefined],
    ['items=0-1', undefined],
    ['bytes=-', undefined],
  ]
  for (const [header, expected] of rows) assert.deepEqual(parseRange(header, 10), expected, String(header))
})

test('ranges of upload chunks', () => {
  assert.equal(parseContentRange(undefined), undefined)
  assert.deepEqual(parseContentRange('0-9'), { start: 0, end: 10 })
  assert.deepEqual(parseContentRange('bytes 5-9/*'), { start: 5, end: 10 })
  for (const bad of ['', 'x', '9-5', '5', '-5', '1-2-3']) assert.equal(parseContentRange(bad), 'invalid', bad)
})

test('following the links visits every name once, in order, whatever the page size', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,4}$/)), fc.integer({ min: 1, max: 7 }), (names, n) => {
      const sorted = names.toSorted()
      const seen: string[] = []
      let last: string | undefined
      for (;;) {
        const page = paginate(sorted, { n: String(n), last, path: '/v2/_catalog', sizeMax: 100 })
        seen.push(...page.items)
        if (page.link === undefined) break
        last = new URL(/<([^>]+)>/.exec(page.link)?.[1] ?? '', 'http://x').searchParams.get('last') ?? undefined
      }
      assert.deepEqual(seen, sorted)
    }),
  )
})

test('n=0 is an empty page without a link, and nonsense is refused', () => {
  assert.deepEqual(paginate(['a'], { n: '0', last: undefined, path: '/', sizeMax: 10 }), { items: [] })
  for (const n of ['-1', 'x', '1.5', ''])
    assert.throws(() => paginate(['a'], { n, last: undefined, path: '/', sizeMax: 10 }), RegistryError, n)
})

test('names, tags and digests that could leave their directory are refused', () => {
  for (const name of [
    '',
    '..',
    'a/../b',
    '/a',
    'a/',
    'A',
    'a//b',
    '_manifests',
    'a/_layers/b',
    '.a',
    'a\0b',
    'x'.repeat(256),
  ])
    assert.throws(() => checkName(name), /invalid repository name/, name)
  for (const name of ['a', 'a/b/c', 'a-b.c__d/e--f', 'library/busybox']) assert.equal(checkName(name), name)
  for (const tag of ['', '.', '..', '-x', 'a/b', 'x'.repeat(129)])
    assert.throws(() => checkReference(tag), RegistryError, tag)
  assert.throws(() => checkDigest('sha256:../../etc'), RegistryError)
  assert.throws(() => checkDigest(`sha256:${'A'.repeat(64)}`), RegistryError)
})
