import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import { podStrategy } from './pods.ts'

const addresses: readonly (readonly [behaviour: string, status: object, settled: object])[] = [
  ['podIP alone becomes the list', { podIP: '10.0.0.1' }, { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] }],
  [
    'a podIP that is not the first of the list replaces it',
    { podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
    { podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }] },
  ],
  [
    'the list alone gives podIP',
    { podIPs: [{ ip: 'fd00::1' }, { ip: '10.0.0.1' }] },
    { podIP: 'fd00::1', podIPs: [{ ip: 'fd00::1' }, { ip: '10.0.0.1' }] },
  ],
  ['no address stays none', { phase: 'Pending' }, { phase: 'Pending' }],
]
for (const [behaviour, status, settled] of addresses)
  test(`addresses of a pod: ${behaviour}`, () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status } as ApiObject
    assert.deepEqual(podStrategy.internalize?.(pod)?.['status'], settled)
  })
