import assert from 'node:assert/strict'
import test from 'node:test'
import { createDetachWatcher, parseDetachKeys } from './detach-keys.ts'
import { readIgnoreFile } from './ignore-file.ts'
import { familiarText, fullName, parseReference } from './references.ts'
import { goTimeOf, timestampOf } from './timestamps.ts'

test('short names stand for Docker Hub, others keep their registry', () => {
  const names = [
    'busybox',
    'a/b:1',
    'localhost/x',
    '127.0.0.1:5000/a/b:c',
    'docker.io/library/busybox:2',
    `x@sha256:${'0'.repeat(64)}`,
  ].map(parseReference)
  assert.deepEqual(names.map(fullName), [
    'docker.io/library/busybox',
    'docker.io/a/b',
    'localhost/x',
    '127.0.0.1:5000/a/b',
    'docker.io/library/busybox',
    'docker.io/library/x',
  ])
  assert.deepEqual(names.map(familiarText).slice(0, 5), [
    'busybox:latest',
    'a/b:1',
    'localhost/x:latest',
    '127.0.0.1:5000/a/b:c',
    'busybox:2',
  ])
})

test("bad references are refused in the client's words", () => {
  assert.throws(() => parseReference('Bad:Name:x'), {
    message: 'invalid reference format: repository name (library/Bad) must be lowercase',
  })
  assert.throws(() => parseReference('a b'), { message: 'invalid reference format' })
  assert.throws(() => parseReference('a'.repeat(64)), {
    message: `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`,
  })
})

test('later rules of an ignore file win, and folders take their content along', () => {
  const rules = readIgnoreFile('*.log\n!keep.log\n**/*.md\n# c\nnode\n!node/keep\n')
  const paths = ['b.log', 'keep.log', 'd/c.log', 'd/e/x.md', 'x.md', 'node/a', 'node/keep', 'a.txt']
  assert.deepEqual(
    paths.filter((path) => rules.ignores(path)),
    ['b.log', 'd/e/x.md', 'x.md', 'node/a'],
  )
  assert.deepEqual([rules.mayKeepBelow('node'), readIgnoreFile('node').mayKeepBelow('node')], [true, false])
})

test('detach keys are held back until they are complete or turn out to be something else', () => {
  const watcher = createDetachWatcher(parseDetachKeys('ctrl-p,ctrl-q'))
  const text = (bytes: string): readonly [string, boolean] => {
    const { pass, detached } = watcher.feed(Buffer.from(bytes))
    return [Buffer.from(pass).toString(), detached]
  }
  assert.deepEqual(
    [text('a\x10'), text('b'), text('\x10\x10'), text('\x11')],
    [
      ['a', false],
      ['\x10b', false],
      ['\x10', false],
      ['', true],
    ],
  )
  assert.throws(() => parseDetachKeys('ctrl-p,foo'), {
    message: "invalid detach keys (ctrl-p,foo): Unknown character: 'foo'",
  })
})

test('times are read as ages, dates and seconds', () => {
  const now = 1_700_000_000_500
  assert.deepEqual(
    ['1h', '2000-01-01', '2000-01-01T00:00:00.5Z', '2000-01-01T01:00:00+01:00', '12.5', 'x'].map((text) =>
      timestampOf(text, now),
    ),
    ['1699996400', '946684800.000000000', '946684800.500000000', '946684800.000000000', '12.5', undefined],
  )
  assert.equal(goTimeOf('2026-11-21T04:32:38.495429872Z'), '2026-11-21 04:32:38.495429872 +0000 UTC')
})
