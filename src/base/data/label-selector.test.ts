import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import {
  formatSelector,
  labelKeyProblem,
  labelValueProblem,
  matchesSelector,
  parseSelector,
  selectorFromObject,
} from './label-selector.ts'

const labels = { app: 'web', tier: 'front', size: '5', 'example.com/x': '' }

test('selectors match as Kubernetes matches', () => {
  const rows: [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app = db', false],
    ['app in (db, web)', true],
    ['app notin (db,web)', false],
    ['missing notin (a)', true],
    ['missing!=a', true],
    ['app', true],
    ['!app', false],
    ['!missing', true],
    ['size>4,size<6', true],
    ['size>5', false],
    ['app>1', false],
    ['example.com/x=', true],
    ['example.com/x in (,a)', true],
    ['example.com/x in ()', true],
    ['tier=front,app=db', false],
  ]
  for (const [text, want] of rows) assert.equal(matchesSelector(parseSelector(text), labels), want, text)
})

test('malformed selectors are refused', () => {
  const bad = [
    'app=web,',
    ',',
    'app in',
    'app in ()x',
    'app in (a',
    '=a',
    'a=b=c',
    '!',
    'a b',
    'a in (a b)',
    'a>x',
    '-a=b',
    'a=-',
    'a/b/c=d',
    `${'k'.repeat(64)}=v`,
    'UP.er/x=1',
    'toString!',
  ]
  for (const text of bad)
    assert.throws(
      () => parseSelector(text),
      (error) => isErrorKind(error, 'invalid'),
      text,
    )
})

test('refusals are worded as Kubernetes words them', () => {
  const rows: readonly (readonly [text: string, message: string | RegExp])[] = [
    ['=', "found '=', expected: !, identifier, or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a in 0', "unable to parse requirement: found '0' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['!!a', "unable to parse requirement: found '!', expected: identifier"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['/x', 'unable to parse requirement: <nil>: Invalid value: "/x": prefix part must be non-empty'],
    [
      'x/',
      /^unable to parse requirement: <nil>: Invalid value: "x\/": name part must be non-empty; name part must consist/,
    ],
    [
      'a=é',
      /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "é": a valid label must be an empty string/,
    ],
  ]
  for (const [text, message] of rows) assert.throws(() => parseSelector(text), { message }, text)
})

test('names from prototypes are not labels', () => {
  assert.equal(matchesSelector(parseSelector('toString'), {}), false)
  assert.equal(matchesSelector(parseSelector('constructor=x'), undefined), false)
})

test('the object form says the same', () => {
  const requirements = selectorFromObject({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['front', 'back'] },
      { key: 'gone', operator: 'DoesNotExist' },
    ],
  })
  assert.equal(formatSelector(requirements), 'app=web,tier in (back,front),!gone')
  assert.ok(matchesSelector(requirements, labels))
  assert.throws(
    () => selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'Near' }] }),
    /"Near" is not a valid label selector operator/,
  )
  assert.throws(
    () => selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'In' }] }),
    /values set can't be empty/,
  )
})

test('keys and values are checked', () => {
  for (const key of ['a', 'a.b/c_d-e', 'A1']) assert.equal(labelKeyProblem(key), undefined, key)
  for (const key of ['', '/a', 'a/', 'a/b/c', '-a', 'a-', 'Ab/c', 'ä'])
    assert.notEqual(labelKeyProblem(key), undefined, key)
  assert.equal(labelValueProblem(''), undefined)
  assert.notEqual(labelValueProblem('a'.repeat(64)), undefined)
})

test('what is printed parses to the same selector', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)
  const requirement = fc.oneof(
    fc.record({
      key: word,
      operator: fc.constantFrom('in' as const, 'notin' as const),
      values: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      key: word,
      operator: fc.constantFrom('exists' as const, '!' as const),
      values: fc.constant<string[]>([]),
    }),
  )
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), (list) => {
      const sorted = list.map((one) => ({ ...one, values: one.values.toSorted() }))
      // `in` and `notin` are names like any other in the grammar's key position only when nothing follows them.
      fc.pre(list.every((one) => one.key !== 'in' && one.key !== 'notin'))
      assert.deepEqual(parseSelector(formatSelector(list)), sorted)
    }),
  )
})
