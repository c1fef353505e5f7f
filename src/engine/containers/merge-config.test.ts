import assert from 'node:assert/strict'
import test from 'node:test'
import type { ContainerConfig, ContainerCreateBody } from '#spec/docker/container-config.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { mergeConfig } from './merge-config.ts'

const rows: readonly (readonly [
  what: string,
  user: object,
  image: ImageRunConfig,
  wanted: Partial<ContainerConfig>,
])[] = [
  ['the image’s command', {}, { Cmd: ['a'], Entrypoint: ['e'] }, { Cmd: ['a'], Entrypoint: ['e'] }],
  [
    'the user’s command behind the image’s entrypoint',
    { Cmd: ['b'] },
    { Cmd: ['a'], Entrypoint: ['e'] },
    { Cmd: ['b'], Entrypoint: ['e'] },
  ],
  [
    'the user’s entrypoint drops the image’s command',
    { Entrypoint: ['x'] },
    { Cmd: ['a'], Entrypoint: ['e'] },
    { Cmd: null, Entrypoint: ['x'] },
  ],
  [
    'an empty text clears the entrypoint',
    { Entrypoint: [''], Cmd: ['c'] },
    { Entrypoint: ['e'] },
    { Cmd: ['c'], Entrypoint: null },
  ],
  [
    'variables of the user win by name',
    { Env: ['A=2', 'B='] },
    { Cmd: ['a'], Env: ['A=1', 'C=3', 'B=9'] },
    { Env: ['A=2', 'B=', 'C=3'] },
  ],
  [
    'labels and volumes add up',
    { Labels: { a: 'u' }, Volumes: { '/u': {} } },
    { Cmd: ['a'], Labels: { a: 'i', b: 'i' }, Volumes: { '/i': {} } },
    { Labels: { a: 'u', b: 'i' }, Volumes: { '/i': {}, '/u': {} } },
  ],
  [
    'ports get their protocol',
    { ExposedPorts: { '80': {}, '53/UDP': {} } },
    { Cmd: ['a'], ExposedPorts: { '80/tcp': {} } },
    { ExposedPorts: { '80/tcp': {}, '53/udp': {} } },
  ],
  [
    'nulls are as good as nothing',
    { User: null, WorkingDir: null, Cmd: null, Healthcheck: null },
    { Cmd: ['a'], User: 'u', WorkingDir: '/w' },
    { User: 'u', WorkingDir: '/w', Cmd: ['a'] },
  ],
  ['the signal to stop', { StopSignal: '' }, { Cmd: ['a'], StopSignal: 'SIGINT' }, { StopSignal: 'SIGINT' }],
  ['the name of the host', {}, { Cmd: ['a'] }, { Hostname: 'default' }],
  [
    'times of a health check over the image’s test',
    { Healthcheck: { Interval: 5e9 } },
    { Cmd: ['a'], Healthcheck: { Test: ['CMD', 't'], Interval: 1e9, Retries: 2 } },
    { Healthcheck: { Test: ['CMD', 't'], Interval: 5e9, Retries: 2 } },
  ],
]

for (const [what, user, image, wanted] of rows)
  test(what, () => {
    const merged = mergeConfig(user as ContainerCreateBody, image, 'default')
    assert.deepEqual({ ...merged, ...wanted }, merged)
  })

const refused: readonly (readonly [user: ContainerCreateBody, message: RegExp])[] = [
  [{}, /No command specified/],
  [{ Cmd: [], Entrypoint: [''] }, /No command specified/],
  [{ Cmd: ['a'], WorkingDir: 'w' }, /the working directory 'w' is invalid, it needs to be an absolute path/],
  [{ Cmd: ['a'], Env: ['=x'] }, /invalid environment variable: =x/],
  [{ Cmd: ['a'], Env: [''] }, /invalid environment variable/],
  [{ Cmd: ['a'], StopSignal: 'NOPE' }, /Invalid signal: NOPE/],
  [{ Cmd: ['a'], Healthcheck: { Test: ['NONE'], Interval: 5 } }, /Interval in Healthcheck cannot be less than 1ms/],
  [{ Cmd: ['a'], Healthcheck: { Test: ['NONE'], Retries: -1 } }, /Retries in Healthcheck cannot be negative/],
]

for (const [user, message] of refused)
  test(`refused: ${JSON.stringify(user)}`, () => assert.throws(() => mergeConfig(user, {}, 'h'), message))
