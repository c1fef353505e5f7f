import assert from 'node:assert/strict'
import test from 'node:test'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import type { ApiObject } from '../api-object.ts'
import type { AdmissionRequest } from './admission.ts'
import { declaredFeatures } from './declared-features.ts'

const pod = (spec: object): ApiObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'n', containers: [{ name: 'c' }], ...spec },
  }) as unknown as ApiObject
const asking = (cpu: string): object => ({ resources: { requests: { cpu } } })

function answer(old: object, object: object, features: readonly string[] | undefined): string | undefined {
  const node = { metadata: { name: 'n' }, status: { declaredFeatures: features } }
  const view = { find: () => (features === undefined ? undefined : node) }
  const request = { name: 'p', object: pod(object), old: pod(old), view } as unknown as AdmissionRequest
  try {
    void declaredFeatures.validate?.(request)
    return undefined
  } catch (error) {
    return statusOf(error)?.message
  }
}

test('a change that the node does not declare to know is refused', () => {
  const missing = (features: string): string =>
    `pods "p" is forbidden: pod update requires features ${features} which are not available on node "n"`
  const [ofPod, ofInit] = ['InPlacePodLevelResourcesVerticalScaling', 'InPlacePodVerticalScalingInitContainers']
  const init = (cpu: string, more: object = {}): object => ({
    initContainers: [{ name: 'i', ...asking(cpu), ...more }],
  })
  const sidecar = { restartPolicy: 'Always' }
  assert.equal(answer(asking('1'), asking('2'), []), missing(ofPod))
  assert.equal(answer(asking('1'), asking('2'), [ofPod]), undefined)
  assert.equal(answer(init('1'), init('2'), [ofPod]), missing(ofInit))
  assert.equal(answer(init('1', sidecar), init('2', sidecar), []), undefined)
  assert.equal(
    answer({ ...init('1'), ...asking('1') }, { ...init('2'), ...asking('2') }, []),
    missing(`${ofPod}, ${ofInit}`),
  )
  assert.equal(answer(asking('1'), asking('2'), undefined), 'pods "p" is forbidden: node "n" not found')
})

test('other changes, and pods without a node, are no matter of features', () => {
  assert.equal(answer({}, { activeDeadlineSeconds: 3 }, []), undefined)
  assert.equal(answer({ nodeName: '', ...asking('1') }, { nodeName: '', ...asking('2') }, []), undefined)
})
