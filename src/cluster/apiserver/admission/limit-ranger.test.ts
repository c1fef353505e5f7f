import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podTotal } from './limit-ranger.ts'

test('a pod asks for the sum of its containers or for its largest init container', () => {
  const container = (cpu: string): object => ({ name: 'c', resources: { requests: { cpu } } })
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {},
    spec: { containers: [container('100m'), container('150m')], initContainers: [container('1')] },
  }
  assert.deepEqual(podTotal(pod, 'requests'), { cpu: '1' })
})
