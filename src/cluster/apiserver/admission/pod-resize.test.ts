import assert from 'node:assert/strict'
import test from 'node:test'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import type { ApiObject } from '../api-object.ts'
import type { AdmissionRequest } from './admission.ts'
import { podResize } from './pod-resize.ts'

const pod = (cpu: string, memory: string): ApiObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'n', containers: [{ name: 'c', resources: { requests: { cpu, memory } } }] },
  }) as unknown as ApiObject

function answer(object: ApiObject, node: object | undefined): string | undefined {
  const request = { name: 'p', object, old: pod('1', '1'), view: { find: () => node } } as unknown as AdmissionRequest
  try {
    void podResize.validate?.(request)
    return undefined
  } catch (error) {
    return statusOf(error)?.message
  }
}

test('a pod grows to what its node can give', () => {
  const node = { metadata: { labels: {} }, status: { allocatable: { cpu: '2', memory: '1Gi' } } }
  const windows = { ...node, metadata: { name: 'n', labels: { 'kubernetes.io/os': 'windows' } } }
  const refused = 'pods "p" is forbidden: '
  assert.equal(answer(pod('2', '1Gi'), node), undefined)
  assert.equal(
    answer(pod('2500m', '2Gi'), node),
    `${refused}node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824`,
  )
  assert.equal(answer(pod('2', '1Gi'), undefined), `${refused}node "n" not found`)
  assert.equal(
    answer(pod('2', '1Gi'), windows),
    `${refused}pod resize is only supported on linux nodes, node "n" is "windows"`,
  )
  assert.equal(answer(pod('1', '1'), undefined), undefined)
})
