import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { messageOf } from '#base/errors/gantry-error.ts'
import { expandWord, expandWords } from './expand-word.ts'

const variables = new Map([
  ['A', '1'],
  ['E', ''],
  ['P', '/usr/local/bin:/bin'],
  ['F', 'a b'],
])
const expand = (word: string, escape = '\\'): string => expandWord(word, { variables, escape })

const table: readonly (readonly [string, string])[] = [
  ['$A', '1'],
  ['${A}x$A', '1x1'],
  ['$NOPE-', '-'],
  ['\\$A', '$A'],
  ["'$A'", '$A'],
  ['"$A b"', '1 b'],
  ['"x\\"y"', 'x"y'],
  ['"a\\b"', 'a\\b'],
  ['a\\ b', 'a b'],
  ['$', '$'],
  ['a\\', 'a'],
  ['${A:-x}${Z:-dflt}', '1dflt'],
  ['${E:-x}${E-x}', 'x'],
  ['${A:+set}${E:+no}${E+yes}', 'setyes'],
  ['${Z:-${A}}', '1'],
  ['${A:+"q w"}${Z:-a\\ b}', 'q wa b'],
  ['${P#*/}', 'usr/local/bin:/bin'],
  ['${P##*/}', 'bin'],
  ['${P%/*}', '/usr/local/bin:'],
  ['${P%%:*}', '/usr/local/bin'],
  ['${P/bin/sbin}', '/usr/local/sbin:/bin'],
  ['${P//bin/sbin}', '/usr/local/sbin:/sbin'],
  ['${P//\\//_}', '_usr_local_bin:_bin'],
  ['$1$A', '1'],
]

for (const [word, expected] of table) {
  test(`${word} expands to ${JSON.stringify(expected)}`, () => assert.equal(expand(word), expected))
}

test('the backtick escapes when the file says so, and the backslash then does not', () => {
  assert.equal(expand('C:\\x`$A', '`'), 'C:\\x$A')
})

// Texts recorded from dockerd 20.10.24.
const failures: readonly (readonly [string, string])[] = [
  ['"b', 'failed to process "\\"b": unexpected end of statement while looking for matching double-quote'],
  ["'b", 'failed to process "\'b": unexpected end of statement while looking for matching single-quote'],
  ['${b', 'failed to process "${b": missing \':\' in substitution'],
  ['${b:', 'failed to process "${b:": syntax error: missing \'}\''],
  ['${b:?}', 'failed to process "${b:?}": b: is not allowed to be unset'],
  ['${b:?no}', 'failed to process "${b:?no}": b: no'],
  ['${b?no}', 'failed to process "${b?no}": b: no'],
  ['${b:x}', 'failed to process "${b:x}": unsupported modifier (x) in substitution'],
  ['${}', 'failed to process "${}": syntax error: bad substitution'],
]

for (const [word, message] of failures) {
  test(`${word} is refused in Docker's words`, () => {
    assert.throws(
      () => expand(word),
      (error) => messageOf(error) === message,
    )
  })
}

test('words split at blanks of variables too, but not inside quotes', () => {
  assert.deepEqual(expandWords('$F "$F" $NOPE', { variables, escape: '\\' }), ['a', 'b', 'a b'])
})

test('any word ends: either in a text or in an expected failure', () => {
  const pieces = fc.constantFrom('$', '{', '}', ':', '-', '+', '?', '#', '%', '/', '*', '"', "'", '\\', 'A', 'b', ' ')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
      try {
        return typeof expand(parts.join('')) === 'string'
      } catch (error) {
        return messageOf(error).startsWith('failed to process "')
      }
    }),
    { numRuns: 2000 },
  )
})
