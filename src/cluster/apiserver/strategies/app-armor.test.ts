import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import { withAppArmorFields } from './app-armor.ts'

const key = 'container.apparmor.security.beta.kubernetes.io/c'
const warning = `metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`

function settle(
  annotations: Record<string, string>,
  spec: object,
): { readonly spec: unknown; readonly warnings: string[] } {
  const warnings: string[] = []
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', annotations }, spec } as unknown as ApiObject
  return { spec: withAppArmorFields(pod, (text) => warnings.push(text))['spec'], warnings }
}

const container = { name: 'c', image: 'i' }
const withProfile = (appArmorProfile: object): object => ({ ...container, securityContext: { appArmorProfile } })

test('a profile in an annotation becomes the field of its container, with a warning', () => {
  const cases: readonly (readonly [written: string, profile: object])[] = [
    ['runtime/default', { type: 'RuntimeDefault' }],
    ['unconfined', { type: 'Unconfined' }],
    ['localhost/k8s-nginx', { type: 'Localhost', localhostProfile: 'k8s-nginx' }],
  ]
  for (const [written, profile] of cases) {
    const containers = [container, { name: 'other', image: 'i' }]
    assert.deepEqual(settle({ [key]: written }, { containers }), {
      spec: { containers: [withProfile(profile), { name: 'other', image: 'i' }] },
      warnings: [warning],
    })
  }
})

test('a profile that the container has, or that the pod has for all, stays as it is and nobody is warned', () => {
  const own = { containers: [withProfile({ type: 'Unconfined' })] }
  assert.deepEqual(settle({ [key]: 'runtime/default' }, own), { spec: own, warnings: [] })
  const ofPod = { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } }, containers: [container] }
  assert.deepEqual(settle({ [key]: 'runtime/default' }, ofPod), { spec: ofPod, warnings: [] })
})

test('a profile that makes no sense is warned of and not taken over', () => {
  // The last one has less than 4,096 characters, but more bytes.
  for (const written of ['localhost/', 'localhost/ padded ', 'guess', 'constructor', `localhost/${'ä'.repeat(2500)}`]) {
    const spec = { containers: [container] }
    assert.deepEqual(settle({ [key]: written }, spec), { spec, warnings: [warning] })
  }
})

test('Windows has no such profiles', () => {
  const spec = { os: { name: 'windows' }, containers: [container] }
  assert.deepEqual(settle({ [key]: 'unconfined' }, spec), { spec, warnings: [] })
})
