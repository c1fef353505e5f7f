import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { ephemeralSecretProblem, mirrorProblem, secretProblem } from './mountable-secrets.ts'

const accountWith = (value: string | undefined): ServiceAccount =>
  ({
    metadata: {
      name: 'x',
      annotations: value === undefined ? {} : { 'kubernetes.io/enforce-mountable-secrets': value },
    },
    secrets: [{ name: 'own' }],
    imagePullSecrets: [{ name: 'pull' }],
  }) as unknown as ServiceAccount
const podWith = (spec: object): Pod =>
  ({ metadata: { name: 'p' }, spec: { containers: [], ...spec } }) as unknown as Pod
const ofEnv = (name: string): object => ({ env: [{ name: 'E', valueFrom: { secretKeyRef: { name, key: 'k' } } }] })
const ofAll = (name: string): object => ({ envFrom: [{ configMapRef: { name: 'c' } }, { secretRef: { name } }] })
const why = 'is not allowed because service account x does not reference that'

const cases: readonly (readonly [spec: object, problem: string | undefined])[] = [
  [
    { volumes: [{ name: 'v', secret: { secretName: 'own' } }], containers: [{ name: 'c', ...ofEnv('own') }] },
    undefined,
  ],
  [
    { volumes: [{ name: 'v', secret: { secretName: 'other' } }] },
    `volume with secret.secretName="other" ${why} secret`,
  ],
  [
    { initContainers: [{ name: 'i', ...ofEnv('other') }] },
    `init container i with envVar E referencing secret.secretName="other" ${why} secret`,
  ],
  [
    { containers: [{ name: 'c', ...ofAll('other') }] },
    `container c with envFrom referencing secret.secretName="other" ${why} secret`,
  ],
  [{ imagePullSecrets: [{ name: 'pull' }, { name: 'own' }] }, `imagePullSecrets[1].name="own" ${why} imagePullSecret`],
]
for (const [spec, problem] of cases) {
  test(`an account that limits secrets says: ${problem ?? 'nothing'}`, () => {
    for (const value of ['true', '1', 'T']) assert.equal(secretProblem(accountWith(value), podWith(spec)), problem)
    for (const value of ['false', 'yes', undefined]) {
      assert.equal(secretProblem(accountWith(value), podWith(spec)), undefined)
    }
  })
}

test('an ephemeral container is held to the secrets of the account too', () => {
  const pod = podWith({ ephemeralContainers: [{ name: 'e', ...ofAll('other') }] })
  assert.equal(
    ephemeralSecretProblem(accountWith('true'), pod),
    `ephemeral container e with envFrom referencing secret.secretName="other" ${why} secret`,
  )
  assert.equal(ephemeralSecretProblem(accountWith(undefined), pod), undefined)
})

test('the mirror of a static pod has no account, no secret and no token', () => {
  const token = { projected: { sources: [{ serviceAccountToken: { path: 'p' } }] } }
  assert.equal(mirrorProblem(podWith({ serviceAccountName: 'x' })), 'a mirror pod may not reference service accounts')
  assert.equal(
    mirrorProblem(podWith({ containers: [{ name: 'c', ...ofAll('s') }] })),
    'a mirror pod may not reference secrets',
  )
  assert.equal(
    mirrorProblem(podWith({ volumes: [{ name: 'v', ...token }] })),
    'a mirror pod may not use ServiceAccountToken volume projections',
  )
  assert.equal(mirrorProblem(podWith({})), undefined)
})
