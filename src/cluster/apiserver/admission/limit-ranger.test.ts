import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './pod-security.ts'
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

test('the baseline level refuses privileged containers and the host namespaces', () => {
  const spec = { hostNetwork: true, containers: [{ name: 'c', securityContext: { privileged: true } }] }
  const expected =
    'host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)'
  assert.equal(violations('baseline', spec), expected)
  assert.equal(violations('privileged', spec), undefined)
})

test('the restricted level is met by a pod that gives everything up', () => {
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  }
  assert.equal(violations('restricted', { containers: [{ name: 'c', securityContext }] }), undefined)
  assert.match(violations('restricted', { containers: [{ name: 'c' }] }) ?? '', /^allowPrivilegeEscalation != false/)
})
