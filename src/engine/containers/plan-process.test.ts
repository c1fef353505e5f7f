import assert from 'node:assert/strict'
import test from 'node:test'
import type { ContainerRecord } from './container-record.ts'
import { defaultPath, planArguments, planEnvironment } from './plan-process.ts'

const record = (config: object, hostConfig: object = {}): ContainerRecord =>
  ({
    path: 'prog',
    args: ['a', 'b'],
    config: { Env: [], Hostname: 'h', Tty: false, ...config },
    hostConfig,
  }) as unknown as ContainerRecord
const user = { uid: 0, gid: 0, additionalGids: [], home: '/root' }

const rows: readonly (readonly [what: string, config: object, links: string[], env: string[]])[] = [
  ['nothing given', {}, [], [`PATH=${defaultPath}`, 'HOSTNAME=h', 'HOME=/root']],
  ['a terminal', { Tty: true }, [], [`PATH=${defaultPath}`, 'HOSTNAME=h', 'TERM=xterm', 'HOME=/root']],
  [
    'everything given',
    { Tty: true, Env: ['PATH=/p', 'HOSTNAME=x', 'TERM=vt', 'HOME=/h'] },
    [],
    ['PATH=/p', 'HOSTNAME=x', 'TERM=vt', 'HOME=/h'],
  ],
  ['a variable taken away', { Env: ['PATH', 'A=1'] }, [], ['HOSTNAME=h', 'A=1', 'HOME=/root']],
  [
    'links come before what was set',
    { Env: ['DB_PORT=mine'] },
    ['DB_PORT=theirs'],
    [`PATH=${defaultPath}`, 'HOSTNAME=h', 'DB_PORT=theirs', 'DB_PORT=mine', 'HOME=/root'],
  ],
]

for (const [what, config, links, env] of rows)
  test(`environment: ${what}`, () => assert.deepEqual(planEnvironment(record(config), user, links), env))

test('--init puts a little process in front', () => {
  assert.deepEqual(planArguments(record({})), ['prog', 'a', 'b'])
  assert.deepEqual(planArguments(record({}, { Init: true })), ['/sbin/docker-init', '--', 'prog', 'a', 'b'])
})
