import assert from 'node:assert/strict'
import test from 'node:test'
import { countProblem } from './command.ts'
import { parseFlags } from './flag-parser.ts'
import type { FlagSpec } from './flag-types.ts'

const specs: readonly FlagSpec[] = [
  { name: 'detach', short: 'd', kind: 'bool', help: '' },
  { name: 'interactive', short: 'i', kind: 'bool', help: '' },
  { name: 'publish', short: 'p', kind: 'list', help: '' },
  { name: 'memory', short: 'm', kind: 'bytes', help: '' },
  { name: 'rm', kind: 'bool', default: 'true', help: '' },
  { name: 'last', short: 'n', kind: 'int', default: '-1', help: '' },
]

test('clusters, values in every position, repeated lists and negated booleans are read', () => {
  const { flags, positionals } = parseFlags(specs, [
    '-dip',
    '80',
    '-p=81',
    '--publish=82',
    '--rm=false',
    '-m64m',
    'image',
    '-n',
    '5',
    '--',
    '-x',
  ])
  assert.deepEqual(
    [
      flags.bool('detach'),
      flags.bool('interactive'),
      flags.list('publish'),
      flags.bool('rm'),
      flags.bytes('memory'),
      flags.int('last'),
    ],
    [true, true, ['80', '81', '82'], false, 67_108_864, 5],
  )
  assert.deepEqual(positionals, ['image', '-x'])
})

test('flags end at the first positional where a command follows', () => {
  const { flags, positionals } = parseFlags(specs, ['-d', 'busybox', 'ls', '-i'], { interspersed: false })
  assert.deepEqual([flags.bool('interactive'), positionals], [false, ['busybox', 'ls', '-i']])
})

const refusals: readonly (readonly [readonly string[], string])[] = [
  [['--nosuch'], 'unknown flag: --nosuch'],
  [['-dX'], "unknown shorthand flag: 'X' in -X"],
  [['--publish'], 'flag needs an argument: --publish'],
  [['-dm'], "flag needs an argument: 'm' in -m"],
  [['-m', 'abc'], 'invalid argument "abc" for "-m, --memory" flag: invalid size: \'abc\''],
  [['--rm=maybe'], 'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
  [['-n', 'x'], 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  [['---x'], 'bad flag syntax: ---x'],
]
for (const [args, message] of refusals) {
  test(`${args.join(' ')} is refused in pflag's words`, () => {
    assert.throws(() => parseFlags(specs, args), { message })
  })
}

test("argument counts are refused in the docker client's words", () => {
  assert.equal(countProblem({ kind: 'atLeast', count: 1 }, 0), 'requires at least 1 argument')
  assert.equal(countProblem({ kind: 'exactly', count: 2 }, 1), 'requires 2 arguments')
  assert.equal(countProblem({ kind: 'none' }, 1), 'accepts no arguments')
  assert.equal(countProblem({ kind: 'between', least: 1, most: 2 }, 2), undefined)
})
