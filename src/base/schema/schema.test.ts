import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { closestMatch, editDistance } from './closest-match.ts'
import { array, object, record } from './composites.ts'
import {
  boolean,
  durationMs,
  integer,
  literal,
  nullable,
  number,
  oneOf,
  optional,
  refine,
  string,
  unknown,
  withDefault,
} from './scalars.ts'
import type { Infer, Schema } from './schema.ts'
import { formatProblems, parseWith, validate } from './validate.ts'

const listener = object({
  host: withDefault(string({ lengthMin: 1 }), '127.0.0.1'),
  port: integer({ min: 1, max: 65_535 }),
  tls: optional(object({ certificate: string() })),
})
const schema = object({
  listeners: array(listener, { lengthMin: 1 }),
  labels: withDefault(record(string()), {}),
  level: oneOf('info', 'debug'),
})

test('a good document is typed and completed', () => {
  const value: Infer<typeof schema> = parseWith(schema, { listeners: [{ port: 80 }], level: 'info' })
  const port: number = value.listeners[0]?.port ?? 0
  const tls: { readonly certificate: string } | undefined = value.listeners[0]?.tls
  assert.deepEqual([port, tls, value.labels, value.listeners[0]?.host], [80, undefined, {}, '127.0.0.1'])
})

test('every problem is named with its path', () => {
  const result = validate(schema, { listeners: [{ port: 'x', prot: 1 }, 3], labels: { 'a b': 1 }, lvl: 'info' })
  assert.ok(!result.ok)
  assert.equal(
    formatProblems(result.problems),
    [
      'listeners[0].port: expected integer from 1 to 65535, got "x"',
      'listeners[0].prot: is not known; did you mean port?',
      'listeners[1]: expected an object, got 3',
      'labels["a b"]: expected string, got 1',
      'level: is missing (expected one of info, debug)',
      'lvl: is not known; known are listeners, labels, level',
    ].join('\n'),
  )
  assert.throws(
    () => parseWith(schema, [], 'invalid configuration'),
    (error) =>
      isErrorKind(error, 'invalid') && error.message === 'invalid configuration: expected an object, got a list',
  )
})

test('each scalar takes its own values and no other', () => {
  const rows: [Schema<unknown>, unknown[], unknown[]][] = [
    [string({ pattern: /^a+$/ }), ['a'], ['', 'b', 1, null, undefined]],
    [string({ lengthMin: 2, lengthMax: 3 }), ['ab', 'abc'], ['a', 'abcd']],
    [boolean(), [true, false], ['true', 0]],
    [number({ min: 0 }), [0, 1.5], [-1, Number.NaN, Infinity, '1']],
    [integer(), [-3, 2 ** 53 - 1], [1.5, 2 ** 53]],
    [literal('x'), ['x'], ['y']],
    [nullable(boolean()), [null, true], [0]],
    [refine(integer(), (value) => (value % 2 === 0 ? undefined : 'must be even')), [2], [1, 'x']],
    [unknown(), [1, null], []],
    [object({ a: optional(integer()) }, 'keep'), [{ b: 1 }], [null, []]],
  ]
  for (const [one, good, bad] of rows) {
    for (const value of good) assert.ok(validate(one, value).ok, `${one.expects}: ${String(value)}`)
    for (const value of bad) assert.ok(!validate(one, value).ok, `${one.expects}: ${String(value)}`)
  }
})

test('durations are read in their own notation', () => {
  assert.equal(parseWith(durationMs(), '1m30s'), 90_000)
  assert.equal(parseWith(durationMs(), 250), 250)
  assert.throws(() => parseWith(durationMs(), 'soon'), /time: invalid duration "soon"/)
  assert.throws(() => parseWith(durationMs({ max: 1000 }), '1m'), /up to 1000/)
})

test('hostile documents are bounded', () => {
  let nested: Schema<unknown> = integer()
  let deep: unknown = 1
  for (let level = 0; level < 5000; level++) [nested, deep] = [array(nested), [deep]]
  const result = validate(nested, deep)
  assert.ok(!result.ok && /nested deeper/.test(formatProblems(result.problems)))
  const many = validate(
    array(integer()),
    Array.from({ length: 10_000 }, () => 'x'),
  )
  assert.ok(!many.ok && many.problems.length === 100)
  const hostile = validate(object({ a: optional(integer()) }, 'keep'), JSON.parse('{"__proto__":{"x":1}}'))
  assert.ok(hostile.ok && (hostile.value as { x?: number }).x === undefined)
})

test('one slip is recognised, another word is not', () => {
  const known = ['listeners', 'port', 'dataRoot']
  for (const [word, want] of [
    ['prot', 'port'],
    ['listener', 'listeners'],
    ['dataroot', 'dataRoot'],
    ['colour', undefined],
  ] as const) {
    assert.equal(closestMatch(word, known), want, word)
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a))
      assert.equal(editDistance(a, b) === 0, a === b)
    }),
  )
})
