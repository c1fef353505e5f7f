import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { applyJsonPatch, parseJsonPatch } from './json-patch.ts'
import { type JsonValue, isJsonObject, jsonEquals } from './json-value.ts'
import { applyMergePatch, createMergePatch } from './merge-patch.ts'

const patch = (document: JsonValue, operations: JsonValue): JsonValue =>
  applyJsonPatch(document, parseJsonPatch(operations))

test('the examples of RFC 6902 hold', () => {
  const rows: [JsonValue, JsonValue, JsonValue][] = [
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    [{ baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    [{ foo: ['a', 'b', 'c'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['a', 'c'] }],
    [{ baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
    [{ a: { x: 1 }, b: {} }, [{ op: 'move', from: '/a/x', path: '/b/y' }], { a: {}, b: { y: 1 } }],
    [{ foo: [1, 2, 3] }, [{ op: 'move', from: '/foo/0', path: '/foo/2' }], { foo: [2, 3, 1] }],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['x'] }], { foo: ['bar', ['x']] }],
    [
      { '/': 9, '~1': 10 },
      [
        { op: 'test', path: '/~01', value: 10 },
        { op: 'remove', path: '/~1' },
      ],
      { '~1': 10 },
    ],
    [{ a: 1 }, [{ op: 'add', path: '', value: [] }], []],
    [{}, [{ op: 'test', path: '/missing', value: null }], {}],
  ]
  for (const [document, operations, want] of rows) {
    const before = structuredClone(document)
    assert.deepEqual(patch(document, operations), want)
    assert.deepEqual(document, before)
  }
})

test('a patch that does not fit is refused whole', () => {
  const rows: JsonValue[] = [
    {},
    [1],
    [{ op: 'add', path: '/a/b', value: 1 }],
    [{ op: 'remove', path: '/missing' }],
    [{ op: 'replace', path: '/missing/deep', value: 1 }],
    [{ op: 'replace', path: '/list/1', value: 1 }],
    [{ op: 'replace', path: '/list/x', value: 1 }],
    [{ op: 'copy', from: '/missing/deep', path: '/x' }],
    [{ op: 'test', path: '/missing/deep', value: null }],
    [{ op: 'move', from: '/missing', path: '/x' }],
    [{ op: 'add', path: '/list/5', value: 1 }],
    [{ op: 'add', path: '/list/-3', value: 1 }],
    [{ op: 'remove', path: '/list/-2' }],
    [{ op: 'add', path: '/list/1x', value: 1 }],
    [{ op: 'add', path: 'x', value: 1 }],
    [{ op: 'spin', path: '/x' }],
    [{ op: 'move', from: '/object', path: '/object/inner' }],
    [{ op: 'copy', path: '/x' }],
    [{ op: 'remove', path: '' }],
    [{ op: 'remove', path: '/toString' }],
  ]
  for (const operations of rows) {
    assert.throws(
      () => patch({ list: [1], object: {} }, operations),
      (error) => isErrorKind(error, 'invalid'),
      JSON.stringify(operations),
    )
  }
  assert.throws(
    () => patch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }]),
    (error) => isErrorKind(error, 'unprocessable'),
  )
})

test('what is not there may be replaced and copied, and lists count from their end, as in Kubernetes', () => {
  const rows: [JsonValue, JsonValue, JsonValue][] = [
    [{ a: 1 }, [{ op: 'replace', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: 1 }, [{ op: 'copy', from: '/b', path: '/c' }], { a: 1, c: null }],
    [{ a: 1 }, [{ op: 'add', path: '/b' }], { a: 1, b: null }],
    [{ l: [1, 2, 3] }, [{ op: 'replace', path: '/l/-1', value: 9 }], { l: [1, 2, 9] }],
    [{ l: [1, 2, 3] }, [{ op: 'remove', path: '/l/-3' }], { l: [2, 3] }],
    [{ l: [1, 2] }, [{ op: 'add', path: '/l/-1', value: 3 }], { l: [1, 2, 3] }],
    [{ l: [1, 2] }, [{ op: 'add', path: '/l/-3', value: 3 }], { l: [3, 1, 2] }],
    [{ l: [{ x: 1 }] }, [{ op: 'replace', path: '/l/00/x', value: 2 }], { l: [{ x: 2 }] }],
  ]
  for (const [document, operations, want] of rows) assert.deepEqual(patch(document, operations), want)
})

test('the examples of RFC 7386 hold', () => {
  const rows: [JsonValue, JsonValue, JsonValue][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [document, change, want] of rows) assert.deepEqual(applyMergePatch(document, change), want)
})

test('a hostile key changes a member, never a prototype', () => {
  const change = JSON.parse('{"__proto__":{"polluted":true}}') as JsonValue
  const merged = applyMergePatch({}, change)
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  assert.ok(isJsonObject(merged) && Object.hasOwn(merged, '__proto__'))
  const added = patch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])
  assert.equal((added as { polluted?: boolean }).polluted, undefined)
})

test('the patch between two documents leads from one to the other', () => {
  const value = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.boolean(),
      fc.integer(),
      fc.string({ maxLength: 3 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value
  fc.assert(
    fc.property(value, value, (before, after) => {
      const change = createMergePatch(before, after)
      assert.ok(jsonEquals(change === undefined ? before : applyMergePatch(before, change), after))
    }),
  )
})

test('a JSON patch of ten thousand operations on one large object copies it once, and changes nothing in place', () => {
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 'v']))
  const document = { data: members, list: [1, { a: 1 }] }
  const before = JSON.stringify(document)
  const operations = parseJsonPatch([
    ...Array.from({ length: 9_995 }, (_, index) => ({ op: 'add', path: `/data/n${index}`, value: 'w' })),
    { op: 'copy', from: '/list', path: '/twin' },
    { op: 'add', path: '/list/1/a', value: 2 },
    { op: 'add', path: '/twin/-', value: 3 },
    { op: 'move', from: '/list/0', path: '/moved' },
  ])
  const patched = applyJsonPatch(document, operations) as typeof document & { twin: unknown; moved: unknown }
  assert.equal(Object.keys(patched.data).length, 29_995)
  assert.deepEqual([patched.list, patched.twin, patched.moved], [[{ a: 2 }], [1, { a: 1 }, 3], 1])
  assert.equal(JSON.stringify(document), before)
})

test('copies of a JSON patch that double a value again and again are refused', () => {
  const copies = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/x', path: '/x/-' }))
  assert.throws(
    () => applyJsonPatch({ x: ['a'.repeat(1000)] }, parseJsonPatch(copies)),
    /Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728/,
  )
})
