import assert from 'node:assert/strict'
import test from 'node:test'
import { cleanPath, directoryName, joinPath } from './clean-path.ts'
import { parseExposedPort } from './exposed-ports.ts'
import { parseModeChange } from './file-mode.ts'

test('paths are cleaned as words', () => {
  assert.equal(cleanPath('/a/./b//../c/'), '/a/c')
  assert.equal(cleanPath('../../x'), '../../x')
  assert.equal(cleanPath('/../x'), '/x')
  assert.equal(cleanPath(''), '.')
  assert.equal(joinPath('/w', 'a', '..', 'b'), '/w/b')
  assert.equal(directoryName('/a/b'), '/a')
  assert.equal(directoryName('a'), '.')
})

test('ports become config keys', () => {
  assert.deepEqual(parseExposedPort('80/TCP'), ['80/tcp'])
  assert.deepEqual(parseExposedPort('90-92/udp'), ['90/udp', '91/udp', '92/udp'])
  assert.deepEqual(parseExposedPort('1:2'), ['2/tcp'])
  assert.deepEqual(parseExposedPort('80/'), ['80/tcp'])
  for (const [word, message] of [
    ['a', 'Invalid containerPort: a'],
    ['80-70', 'Invalid containerPort: 80-70'],
    ['99999999', 'Invalid containerPort: 99999999'],
    ['80/xyz', 'Invalid proto: xyz'],
  ] as const) {
    assert.throws(() => parseExposedPort(word), { message })
  }
})

test('modes are octal or symbolic', () => {
  const table: readonly (readonly [string, number, boolean, number])[] = [
    ['755', 0o644, false, 0o755],
    ['04711', 0, false, 0o4711],
    ['u=rwX,go=rX', 0o600, false, 0o644],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['+x', 0o644, false, 0o755],
    ['a-w', 0o666, false, 0o444],
    ['u+s,o=', 0o755, false, 0o4750],
    ['g=u', 0o750, false, 0o770],
    ['+t', 0o777, true, 0o1777],
  ]
  for (const [text, before, isDirectory, after] of table)
    assert.equal(parseModeChange(text)?.(before, isDirectory), after, text)
  for (const bad of ['', '9', 'u', 'rwx', '777777', '10777', 'u=z', 'a=r,'])
    assert.equal(parseModeChange(bad), undefined, bad)
})
