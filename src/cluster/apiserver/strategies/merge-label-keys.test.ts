import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import { withMergedLabelKeys } from './merge-label-keys.ts'

const pod = (spec: object): ApiObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels: { app: 'web', rev: '7' } }, spec }) as ApiObject
const selector = { matchLabels: { app: 'web' } }
const merged = (...expressions: readonly object[]): object => ({ ...selector, matchExpressions: expressions })
const isIn = { key: 'rev', operator: 'In', values: ['7'] }
const notIn = { key: 'rev', operator: 'NotIn', values: ['7'] }
const anywhere = { topologyKey: 'zone' }

test('keys that the pod has become requirements, others stay names', () => {
  const constraint = { ...anywhere, labelSelector: selector, matchLabelKeys: ['rev', 'none'] }
  assert.deepEqual(withMergedLabelKeys(pod({ topologySpreadConstraints: [constraint] })).spec, {
    topologySpreadConstraints: [{ ...constraint, labelSelector: merged(isIn) }],
  })
})

test('both kinds of affinity, required and preferred, take them in', () => {
  const match = { ...anywhere, labelSelector: selector, matchLabelKeys: ['rev'] }
  const mismatch = { ...anywhere, labelSelector: selector, mismatchLabelKeys: ['rev'] }
  const affinity = {
    nodeAffinity: {},
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [match] },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: mismatch }],
    },
  }
  assert.deepEqual(withMergedLabelKeys(pod({ affinity })).spec, {
    affinity: {
      nodeAffinity: {},
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...match, labelSelector: merged(isIn) }] },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { ...mismatch, labelSelector: merged(notIn) } },
        ],
      },
    },
  })
})

test('a pod without such keys, and a term without a selector, stay as they are', () => {
  const plain = pod({ containers: [] })
  assert.equal(withMergedLabelKeys(plain), plain)
  const constraint = { ...anywhere, matchLabelKeys: ['rev'] }
  assert.deepEqual(withMergedLabelKeys(pod({ topologySpreadConstraints: [constraint] })).spec, {
    topologySpreadConstraints: [constraint],
  })
})
