import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitRanger, podTotal } from './limit-ranger.ts'

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

test('a sidecar counts beside the containers, and a pod may say itself what it asks for', () => {
  const container = (cpu: string, more: object = {}): object => ({
    resources: { limits: { cpu, memory: '1Mi' } },
    ...more,
  })
  const sidecar = { restartPolicy: 'Always' }
  const spec = { containers: [container('1')], initContainers: [container('500m', sidecar), container('1')] }
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: {}, spec }
  assert.deepEqual(podTotal(pod, 'limits'), { cpu: '1500m', memory: '2Mi' })
  const own = { ...pod, spec: { ...spec, resources: { limits: { cpu: '3', 'hugepages-2Mi': '2Mi' } } } }
  assert.deepEqual(podTotal(own, 'limits'), { cpu: '3', memory: '2Mi' })
})

test('what was filled in is told of containers first, then of init containers', async () => {
  const range = {
    kind: 'LimitRange',
    apiVersion: 'v1',
    metadata: { name: 'r' },
    spec: { limits: [{ type: 'Container', default: { memory: '2Mi' }, defaultRequest: { memory: '1Mi' } }] },
  }
  const spec = { initContainers: [{ name: 'i' }], containers: [{ name: 'c' }] }
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: {}, spec }
  const request = { resource: { resource: 'pods' }, namespace: 'n', view: { list: () => [range] } }
  const filled = await limitRanger.mutate?.(request as never, pod)
  assert.equal(
    filled?.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: memory request for container c; memory limit for container c; memory request for init container i; memory limit for init container i',
  )
})
