import assert from 'node:assert/strict'
import test from 'node:test'
import { compileGoGlob, containsWildcards } from './glob.ts'
import { createIgnoreMatcher, parseIgnoreFile } from './ignore-file.ts'

const excludes = (patterns: readonly string[], path: string): boolean => createIgnoreMatcher(patterns).excludes(path)

test('an ignore file is read line by line: comments, blanks, slashes, exceptions', () => {
  assert.deepEqual(parseIgnoreFile('\uFEFF# c\n\n  *.log \n/a/\n! keep.log\n./b/../c\r\n'), [
    '*.log',
    'a',
    '!keep.log',
    'c',
  ])
})

test('patterns match a path or one of its parents; the last rule that matches decides', () => {
  const rules = ['*.log', '!keep.log', '**/*.md', 'node_modules', '!node_modules/keep']
  const table: readonly (readonly [string, boolean])[] = [
    ['b.log', true],
    ['keep.log', false],
    ['d/c.log', false],
    ['x.md', true],
    ['d/e/x.md', true],
    ['node_modules/a/b', true],
    ['node_modules/keep', false],
    ['node_modules/keep/x', false],
    ['a.txt', false],
  ]
  for (const [path, expected] of table) assert.equal(excludes(rules, path), expected, path)
})

test('two stars cross directories, one does not', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['**', 'a/b', true],
    ['**/a', 'a', true],
    ['**/a', 'x/y/a', true],
    ['**/a', 'xa', false],
    ['a/**', 'a/b/c', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/*/b', 'a/x/y/b', false],
    ['*/b', 'a/b', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['\\*x', '*x', true],
    ['*', 'a', true],
    ['.', 'a', false],
  ]
  for (const [pattern, path, expected] of table) assert.equal(excludes([pattern], path), expected, `${pattern} ${path}`)
})

test('a lone exclamation mark and a broken class are refused', () => {
  assert.throws(() => createIgnoreMatcher(['!']), /illegal exclusion pattern: "!"/)
  assert.throws(() => createIgnoreMatcher(['[a']), /syntax error in pattern/)
})

test('a hostile pattern takes time in proportion, not exponentially', () => {
  const matcher = createIgnoreMatcher([`${'**/a*'.repeat(30)}b`, `${'*a'.repeat(60)}b`])
  assert.equal(matcher.excludes('a'.repeat(2000)), false)
})

test('patterns of COPY are those of filepath.Match', () => {
  assert.equal(compileGoGlob('f*')?.matches('f1'), true)
  assert.equal(compileGoGlob('f*')?.matches('f/1'), false)
  assert.equal(compileGoGlob('a**b')?.matches('axb'), true)
  assert.equal(compileGoGlob('[]a]'), undefined)
  assert.equal(compileGoGlob('[-]'), undefined)
  assert.equal(compileGoGlob('a\\'), undefined)
  assert.equal(containsWildcards('a\\*b'), false)
  assert.equal(containsWildcards('a?b'), true)
  assert.equal(containsWildcards('[f'), true)
})
