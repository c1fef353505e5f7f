import assert from 'node:assert/strict'
import test from 'node:test'
import { completeFlags, completeOwn, findOwn, overview } from './own-commands.ts'

const found: readonly (readonly [line: string, words: string | undefined, rest: string])[] = [
  ['up --root /r', 'up', '--root /r'],
  ['server', 'server', ''],
  ['server export --output -', 'server export', '--output -'],
  ['server --listen export', 'server', '--listen export'],
  ['image bootstrap busybox', 'image bootstrap', 'busybox'],
  ['image', undefined, ''],
  ['image ls', undefined, ''],
  ['upgrade', undefined, ''],
  ['', undefined, ''],
]

for (const [line, words, rest] of found)
  test(`'gantry ${line}' is ${words === undefined ? 'no own command' : `'${words}'`}`, () => {
    const own = findOwn(line.split(' '))
    assert.equal(own?.command.words, words)
    assert.equal(own?.rest.join(' ') ?? '', rest)
  })

test('every own command is listed and can be loaded', async () => {
  const names = Array.from(overview().matchAll(/^ {2}(\S+(?: \S+)?) {3}/gm), ([, name = '']) => name)
  assert.ok(names.includes('demo') && names.includes('server export'))
  for (const name of names) {
    const own = findOwn(name.split(' '))
    assert.equal(own?.command.words, name)
    assert.equal(typeof (await own?.command.load()), 'function', name)
  }
})

test('words are completed one at a time', () => {
  const words = (before: readonly string[], current: string): readonly string[] =>
    completeOwn(before, current)
      .split('\n')
      .flatMap((line) => line.split('\t', 1))
      .filter((word) => word !== '')
  assert.deepEqual(words([], 'd'), ['demo', 'down', 'doctor'])
  assert.deepEqual(words([], 'se'), ['server'])
  assert.deepEqual(words(['server'], ''), ['export'])
  assert.deepEqual(words(['image'], 'b'), ['bootstrap'])
  assert.deepEqual(words(['up'], ''), [])
})

test('flags are completed out of the help', () => {
  const help = `Usage:  gantry x --not-this

Options:
      --root DIR       Keep everything under DIR
  -H, --host ADDRESS   Listen there; --not-this
      --dns-a, --dns-b NAMES
                       Both
      --anonymous true|false   Or not
`
  assert.equal(completeFlags(help, '--r'), '--root\tKeep everything under DIR\n')
  assert.deepEqual(
    completeFlags(help, '-')
      .split('\n')
      .map((line) => line.split('\t', 1)[0]),
    ['--root', '--host', '--dns-a', '--dns-b', '--anonymous', ''],
  )
})
