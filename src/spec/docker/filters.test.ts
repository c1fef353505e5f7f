import assert from 'node:assert/strict'
import test from 'node:test'
import { booleanFilter, parseFilters } from './filters.ts'

test('filters are read in the form of every client', () => {
  const rows: readonly (readonly [text: string, filters: object])[] = [
    ['', {}],
    ['null', {}],
    ['{}', {}],
    ['{"name":{"a":true,"b":true}}', { name: ['a', 'b'] }],
    ['{"name":{"a":true,"b":false}}', { name: ['a'] }],
    ['{"name":["a","b"]}', { name: ['a', 'b'] }],
    ['{"name":[]}', { name: [] }],
  ]
  for (const [text, filters] of rows) assert.deepEqual(parseFilters(text), filters, text)
})

test('what is no filter is refused with the text', () => {
  for (const text of ['{', '[]', '7', '"x"', '{"a":1}', '{"a":[1]}', '{"a":null}'])
    assert.throws(() => parseFilters(text), { message: `Invalid filter '${text}'` })
})

test('keys and values are bounded', () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, ['v']]))
  assert.equal(Object.keys(parseFilters(JSON.stringify(many))).length, 64)
  assert.equal(parseFilters(JSON.stringify({ a: Array.from({ length: 5000 }, String) }))['a']?.length, 1024)
})

test('a boolean filter means one thing', () => {
  for (const word of ['1', 'true', 'T', 'TRUE']) assert.equal(booleanFilter({ dangling: [word] }, 'dangling'), true)
  for (const word of ['0', 'false', 'f']) assert.equal(booleanFilter({ dangling: [word] }, 'dangling'), false)
  assert.equal(booleanFilter({}, 'dangling'), undefined)
  assert.equal(booleanFilter({ dangling: [] }, 'dangling'), undefined)
  assert.throws(() => booleanFilter({ dangling: ['maybe'] }, 'dangling'), /Invalid filter 'dangling=\[maybe\]'/)
  assert.throws(() => booleanFilter({ dangling: ['1', '0'] }, 'dangling'), /Invalid filter/)
})
