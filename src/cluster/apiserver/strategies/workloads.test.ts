import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import { deploymentStrategy } from './workloads.ts'

const deployment = (replicas: number, metadata: object = {}): ApiObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...metadata },
    spec: { replicas },
  }) as ApiObject

test('the generation of a deployment counts its annotations too, for replica sets get copies of them', () => {
  const rows: readonly (readonly [ApiObject, ApiObject, boolean])[] = [
    [deployment(1), deployment(1), false],
    [deployment(2), deployment(1), true],
    [deployment(1, { annotations: { team: 'a' } }), deployment(1), true],
    [deployment(1, { annotations: {} }), deployment(1), false],
    [deployment(1, { labels: { team: 'a' } }), deployment(1), false],
  ]
  for (const [index, [next, old, want]] of rows.entries())
    assert.equal(deploymentStrategy.changesGeneration?.(next, old), want, `row ${index}`)
})
