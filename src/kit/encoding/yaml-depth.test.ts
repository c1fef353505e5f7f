import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nestsDeeper } from './yaml-depth.ts'
import { parseYaml } from './yaml.ts'

for (const [what, text, isDeeper] of [
  ['lists in lists', `${'['.repeat(11)}${']'.repeat(11)}`, true],
  ['lists beside lists', `[${'[],'.repeat(50)}]`, false],
  ['maps in maps', '{a: '.repeat(11), true],
  ['block lists in one line', `${'- '.repeat(11)}x`, true],
  ['block lists in lines', '- x\n'.repeat(50), false],
  ['keys that are maps', `${'? '.repeat(11)}x`, true],
  ['brackets in quotes', `a: "${'['.repeat(50)}"`, false],
  ['brackets in a block of text', `a: |\n  ${'[\n  '.repeat(50)}`, false],
  ['dashes in text', `a: ${'- '.repeat(50)}`, true],
  ['a line of dashes', `# ${'-'.repeat(80)}\na: b${'-'.repeat(50)}`, false],
] as const)
  test(`${what}: ${isDeeper ? 'deeper' : 'not deeper'}`, () => assert.equal(nestsDeeper(text, 10), isDeeper))

test('what nests without end is refused before it is parsed', () => {
  for (const open of ['[', '{a: ', '- ', '? '])
    assert.throws(() => parseYaml(open.repeat(500_000)), { message: /exceeded max depth/ }, open)
})

test('what nests a little is read', () => {
  assert.deepEqual(parseYaml(`a: ${'['.repeat(100)}${']'.repeat(100)}`).duplicates, undefined)
})
