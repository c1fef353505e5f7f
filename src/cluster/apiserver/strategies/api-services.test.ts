import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiServiceStrategy } from './api-services.ts'

const now = '2026-01-01T00:00:00Z'
const context = { view: { now: () => now } } as never

for (const [what, spec, conditions] of [
  [
    'of the server itself is available from the start',
    {},
    [
      {
        type: 'Available',
        status: 'True',
        lastTransitionTime: now,
        reason: 'Local',
        message: 'Local APIServices are always available',
      },
    ],
  ],
  ['of another server is not yet known to be', { service: { namespace: 'a', name: 'b' } }, undefined],
] as const) {
  test(`a group version ${what}`, () => {
    const object = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.a' }, spec }
    const made = apiServiceStrategy.prepareCreate?.(object, context) as { readonly status?: { conditions: unknown } }
    assert.deepEqual(made.status?.conditions, conditions)
  })
}
