import assert from 'node:assert/strict'
import test from 'node:test'
import { completeHostConfig } from './complete-host-config.ts'
import { newState } from './container-record.ts'
import type { ContainerRecord, ContainerState } from './container-record.ts'
import { checkListFilters, humanDuration, selectContainers, statusWords } from './list-containers.ts'
import type { Filters, ListedContainer } from './list-containers.ts'
import { mergeConfig } from './merge-config.ts'

const defaults = {
  runtime: 'runc',
  cgroupnsMode: 'host',
  logConfig: { Type: 'json-file', Config: {} },
  shmSizeBytes: 1,
} as const
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const durations: readonly (readonly [ms: number, words: string])[] = [
  [0, 'Less than a second'],
  [second, '1 second'],
  [59 * second, '59 seconds'],
  [minute, 'About a minute'],
  [2 * minute, '2 minutes'],
  [hour - 1, '59 minutes'],
  [hour, 'About an hour'],
  [47 * hour, '47 hours'],
  [2 * day, '2 days'],
  [13 * day, '13 days'],
  [14 * day, '2 weeks'],
  [60 * day, '2 months'],
  [729 * day, '24 months'],
  [731 * day, '2 years'],
]

for (const [ms, words] of durations) test(`${ms} ms are "${words}"`, () => assert.equal(humanDuration(ms), words))

const now = 1_700_000_000_000
const state = (change: Partial<ContainerState>): ContainerState => ({ ...newState, ...change })
const healthy = { status: 'healthy', failingStreak: 0, log: [] } as const

test('states in words', () => {
  const running = state({ status: 'running', startedAt: now - 5 * minute })
  const ended = { exitCode: 3, finishedAt: now - 2 * hour, startedAt: 1 }
  assert.equal(statusWords(running, undefined, now), 'Up 5 minutes')
  assert.equal(statusWords(running, healthy, now), 'Up 5 minutes (healthy)')
  assert.equal(statusWords(running, { ...healthy, status: 'starting' }, now), 'Up 5 minutes (health: starting)')
  assert.equal(statusWords({ ...running, status: 'paused' }, undefined, now), 'Up 5 minutes (Paused)')
  assert.equal(statusWords(state({ status: 'exited', ...ended }), undefined, now), 'Exited (3) 2 hours ago')
  assert.equal(statusWords(state({ status: 'restarting', ...ended }), undefined, now), 'Restarting (3) 2 hours ago')
  assert.equal(statusWords(state({}), undefined, now), 'Created')
  assert.equal(statusWords(state({ status: 'dead' }), undefined, now), 'Dead')
  assert.equal(statusWords(state({ status: 'removing' }), undefined, now), 'Removal In Progress')
})

function row(
  name: string,
  change: { state?: Partial<ContainerState>; at: number; labels?: Record<string, string> },
): ListedContainer {
  const config = mergeConfig(
    { Cmd: ['a'], Image: 'busybox', Labels: change.labels ?? {}, ExposedPorts: { '80/tcp': {} } },
    {},
    name,
  )
  const record: ContainerRecord = {
    id: Buffer.from(name).toString('hex').padEnd(64, '0'),
    name,
    createdAt: change.at,
    imageId: `sha256:${'1'.repeat(64)}`,
    layers: [],
    path: 'a',
    args: [],
    config,
    hostConfig: completeHostConfig({}, defaults),
    networks: {},
    mounts: [],
    state: state(change.state ?? {}),
    platform: 'linux',
  }
  return {
    record,
    health: undefined,
    ports: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    imageIdNow: record.imageId,
    ancestry: [record.imageId],
  }
}

const rows = [
  row('new', { at: 4 }),
  row('up', { at: 3, state: { status: 'running', startedAt: 3 }, labels: { a: '1', b: '' } }),
  row('waiting', { at: 2, state: { status: 'restarting', startedAt: 2 } }),
  row('done', { at: 1, state: { status: 'exited', exitCode: 3, startedAt: 1 }, labels: { a: '2' } }),
]
const names = (request: { all?: boolean; limit?: number; filters?: Filters }, bounds = {}): string[] =>
  selectContainers(rows, { all: false, limit: 0, filters: {}, ...request }, bounds).map(({ record }) => record.name)

const selections: readonly (readonly [request: Parameters<typeof names>[0], found: string[]])[] = [
  [{}, ['up', 'waiting']],
  [{ all: true }, ['new', 'up', 'waiting', 'done']],
  [{ limit: 1 }, ['new']],
  [{ all: true, limit: 3 }, ['new', 'up', 'waiting']],
  [{ filters: { status: ['exited', 'created'] } }, ['new', 'done']],
  [{ filters: { exited: ['3'] } }, ['done']],
  [{ filters: { exited: ['0'] } }, []],
  [{ all: true, filters: { label: ['a'] } }, ['up', 'done']],
  [{ all: true, filters: { label: ['a=2'] } }, ['done']],
  [{ all: true, filters: { label: ['a', 'b='] } }, ['up']],
  [{ all: true, filters: { name: ['^/?u'] } }, ['up']],
  [{ all: true, filters: { name: ['n'] } }, ['new', 'waiting', 'done']],
  [{ filters: { publish: ['8080'] } }, ['up', 'waiting']],
  [{ filters: { publish: ['8079-8081/tcp'] } }, ['up', 'waiting']],
  [{ filters: { publish: ['8080/udp'] } }, []],
  [{ filters: { publish: ['80'] } }, []],
  [{ filters: { expose: ['80/tcp'] } }, ['up', 'waiting']],
  [{ filters: { ancestor: ['busybox'] } }, ['up', 'waiting']],
  [{ filters: { ancestor: ['debian'] } }, []],
  [{ filters: { health: ['none'] } }, ['up', 'waiting']],
  [{ filters: { 'is-task': ['true'] } }, []],
]

for (const [request, found] of selections)
  test(`docker ps ${JSON.stringify(request)} shows ${found.join(', ') || 'nothing'}`, () =>
    assert.deepEqual(names(request), found))

test('before and since bound by creation', () => {
  assert.deepEqual(names({ all: true }, { before: 3 }), ['waiting', 'done'])
  assert.deepEqual(names({ all: true }, { since: 2 }), ['new', 'up'])
})

test('filters that no list has are refused', () => {
  for (const [filters, message] of [
    [{ nosuch: ['a'] }, /Invalid filter 'nosuch'/],
    [{ status: ['up'] }, /Invalid filter 'status=up'/],
    [{ exited: ['x'] }, /strconv\.Atoi: parsing "x": invalid syntax/],
    [{ health: ['x'] }, /Unrecognised filter value for health: x/],
    [
      { publish: ['80', 'x/y'] },
      /error while looking up for publish x\/y: strconv\.ParseUint: parsing "x": invalid syntax/,
    ],
    [{ name: ['('] }, /Invalid filter 'name=\('/],
  ] as const)
    assert.throws(() => checkListFilters(filters), message)
})
