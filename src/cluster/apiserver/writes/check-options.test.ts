import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '#base/errors/gantry-error.ts'
import { booleanQuery, integerQuery } from '../api-request.ts'
import { checkDeleteOptions, checkWriteOptions } from './check-options.ts'

const asked = (verb: string, query: string): Parameters<typeof checkWriteOptions>[0] => {
  const values = new URLSearchParams(query)
  return { verb, query: (name) => values.get(name) ?? undefined } as Parameters<typeof checkWriteOptions>[0]
}

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return messageOf(error)
  }
  return ''
}

const options: readonly (readonly [verb: string, query: string, message: string])[] = [
  ['create', 'dryRun=All&fieldManager=me&fieldValidation=Strict', ''],
  ['get', 'dryRun=x', ''],
  [
    'create',
    'dryRun=',
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"',
  ],
  [
    'patch',
    'fieldValidation=x',
    'PatchOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
  ],
  [
    'update',
    'fieldManager=a%0Ab',
    'UpdateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
  ],
]
for (const [verb, query, message] of options)
  test(`${verb} with ${query} is ${message === '' ? 'understood' : 'refused'}`, () => {
    assert.equal(
      refusal(() => checkWriteOptions(asked(verb, query))),
      message,
    )
  })

test('dependents are spoken of once, in one of three ways', () => {
  assert.equal(
    refusal(() => checkDeleteOptions({ propagationPolicy: 'Orphan', orphanDependents: undefined })),
    '',
  )
  assert.equal(
    refusal(() => checkDeleteOptions({ propagationPolicy: undefined, orphanDependents: true })),
    '',
  )
  assert.equal(
    refusal(() => checkDeleteOptions({ propagationPolicy: 'x', orphanDependents: undefined })),
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "x": supported values: "Foreground", "Background", "Orphan", "nil"',
  )
  assert.equal(
    refusal(() => checkDeleteOptions({ propagationPolicy: 'Orphan', orphanDependents: false })),
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  )
})

test('numbers in queries are whole and of 64 bits, and everything but 0 and false is true', () => {
  const query = asked('list', 'a=12&b=&c=1.5&d=9223372036854775808&e=x&f=False&g=0')
  assert.equal(integerQuery(query, 'a'), 12)
  assert.equal(integerQuery(query, 'z'), undefined)
  assert.equal(
    refusal(() => integerQuery(query, 'b')),
    'strconv.ParseInt: parsing "": invalid syntax',
  )
  assert.equal(
    refusal(() => integerQuery(query, 'c')),
    'strconv.ParseInt: parsing "1.5": invalid syntax',
  )
  assert.equal(
    refusal(() => integerQuery(query, 'd')),
    'strconv.ParseInt: parsing "9223372036854775808": value out of range',
  )
  assert.deepEqual(
    ['b', 'e', 'f', 'g', 'z'].map((name) => booleanQuery(query, name)),
    [true, true, false, false, undefined],
  )
})

test('a deletion is a dry run of all or none', () => {
  assert.equal(
    refusal(() => checkDeleteOptions({ dryRun: ['All'] })),
    '',
  )
  assert.equal(
    refusal(() => checkDeleteOptions({ dryRun: ['Bad'] })),
    'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Bad"]: supported values: "All"',
  )
})
