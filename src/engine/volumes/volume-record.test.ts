import assert from 'node:assert/strict'
import test from 'node:test'
import { parseVolumeOptions, viewVolume } from './volume-record.ts'

test('a volume shows as Docker shows it: seconds, null for no labels', () => {
  const record = {
    name: 'v',
    driver: 'local',
    options: {},
    labels: {},
    createdAt: 1_700_000_000_999,
    anonymous: false,
  } as const
  assert.deepEqual(viewVolume(record, '/m'), {
    CreatedAt: '2023-11-14T22:13:20Z',
    Driver: 'local',
    Labels: null,
    Mountpoint: '/m',
    Name: 'v',
    Options: null,
    Scope: 'local',
  })
  assert.deepEqual(viewVolume({ ...record, labels: { a: '1' } }, '/m').Labels, { a: '1' })
})

test('options of the local driver say what to mount', () => {
  assert.equal(parseVolumeOptions('v', {}), undefined)
  assert.deepEqual(parseVolumeOptions('v', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,,uid=5' }), {
    type: 'tmpfs',
    device: 'tmpfs',
    words: ['size=1m', 'uid=5'],
  })
  assert.deepEqual(parseVolumeOptions('v', { device: '/srv', o: 'bind' }), {
    type: '',
    device: '/srv',
    words: ['bind'],
  })
})

const refused: readonly (readonly [options: Record<string, string>, message: RegExp])[] = [
  [{ nosuch: '1' }, /create v: invalid option: "nosuch"/],
  [{ type: 'tmpfs' }, /missing required option: "device"/],
  [{ device: '/dev/sda1' }, /missing required option: "type"/],
  [{ size: '1g' }, /quota size requested but no quota support/],
]

for (const [options, message] of refused)
  test(`refused: ${JSON.stringify(options)}`, () => assert.throws(() => parseVolumeOptions('v', options), message))
