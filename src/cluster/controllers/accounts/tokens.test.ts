import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactVerify } from 'jose'
import { configMaps, pods, secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import type { Secret, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { startAccountTokens } from './account-tokens.ts'
import { expiresInMs, signingToken } from './bootstrap-secret.ts'
import { startBootstrapSigner, startTokenCleaner } from './bootstrap-tokens.ts'
import { startLegacyTokenCleaner, startTokenTracking } from './legacy-tokens.ts'
import {
  invalidSinceLabel,
  isTrackedLongEnough,
  lastUsedLabel,
  planLegacyToken,
  secretsOfPods,
} from './plan-legacy-token.ts'
import { createTokenUse } from './token-use.ts'

const nowMs = Date.parse('2026-06-01T00:00:00Z')
const dayMs = 86_400_000
const base64 = (text: string): string => Buffer.from(text).toString('base64')

function accountLike(name: string, more: object = {}): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'default' },
    ...more,
  } as ServiceAccount
}

function tokenSecret(name: string, account: string, metadata: object = {}): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'kubernetes.io/service-account.name': account },
      ...metadata,
    },
  } as Secret
}

function bootstrapSecret(id: string, data: Readonly<Record<string, string>> = {}): Secret {
  const all = { 'token-id': id, 'token-secret': 'f395accd246ae52d', 'usage-bootstrap-signing': 'true', ...data }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    data: Object.fromEntries(Object.entries(all).map(([key, text]) => [key, base64(text)])),
  } as Secret
}

test('a token secret is filled, follows its account, and is forgotten by it', async () => {
  await using bench = createBench()
  const signed: unknown[] = []
  const sign = async (claims: unknown): Promise<string> => {
    signed.push(claims)
    return `token-${signed.length}`
  }
  bench.start((context) => startAccountTokens(context, { sign, authorityPem: 'PEM' }))
  const account = await bench.api.create(
    serviceAccounts,
    accountLike('robot', { secrets: [{ name: 'a' }, { name: 'x' }] }),
  )
  await bench.api.create(secrets, tokenSecret('a', 'robot'))
  await bench.api.create(secrets, tokenSecret('nobody', 'missing'))
  await bench.api.create(secrets, { ...tokenSecret('plain', 'missing'), type: 'Opaque' })
  await bench.pass(1000)
  const names = (): string[] => bench.api.all(secrets).map(({ metadata }) => metadata.name)
  assert.deepEqual(names(), ['a', 'plain'])
  const [filled] = bench.api.all(secrets)
  assert.deepEqual(filled?.data, { 'ca.crt': base64('PEM'), namespace: base64('default'), token: base64('token-1') })
  assert.equal(filled?.metadata.annotations?.['kubernetes.io/service-account.uid'], account.metadata.uid)
  assert.deepEqual(signed, [
    {
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:default:robot',
      'kubernetes.io/serviceaccount/namespace': 'default',
      'kubernetes.io/serviceaccount/secret.name': 'a',
      'kubernetes.io/serviceaccount/service-account.name': 'robot',
      'kubernetes.io/serviceaccount/service-account.uid': account.metadata.uid,
    },
  ])
  await bench.api.delete(secrets, 'a', { namespace: 'default' })
  await bench.pass(1000)
  assert.deepEqual(bench.api.all(serviceAccounts)[0]?.secrets, [{ name: 'x' }])
  await bench.api.create(secrets, tokenSecret('b', 'robot'))
  await bench.pass(1000)
  await bench.api.delete(serviceAccounts, 'robot', { namespace: 'default' })
  await bench.pass(1000)
  assert.deepEqual(names(), ['plain'])
})

test('bootstrap tokens sign while they may', () => {
  const at = (data: Readonly<Record<string, string>>): unknown =>
    signingToken(bootstrapSecret('abcdef', data), nowMs)?.id
  assert.equal(at({}), 'abcdef')
  assert.equal(at({ 'usage-bootstrap-signing': 'no' }), undefined)
  assert.equal(at({ 'token-id': 'other1' }), undefined)
  assert.equal(at({ 'token-secret': '' }), undefined)
  assert.equal(at({ expiration: apiTime(nowMs) }), undefined)
  assert.equal(at({ expiration: apiTime(nowMs + 1000) }), 'abcdef')
  assert.deepEqual(
    ['', 'nonsense', apiTime(nowMs + 5000)].map((expiration) =>
      expiresInMs(bootstrapSecret('abcdef', { expiration }), nowMs),
    ),
    [Infinity, 0, 5000],
  )
})

test('cluster-info is signed by every token, and expired tokens go', async () => {
  await using bench = createBench()
  bench.start(startBootstrapSigner)
  bench.start(startTokenCleaner)
  const expiration = apiTime(bench.clock.now() + 60_000)
  await bench.api.create(secrets, bootstrapSecret('abcdef'))
  await bench.api.create(secrets, bootstrapSecret('ghijkl', { expiration }))
  await bench.api.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cluster-info', namespace: 'kube-public' },
    data: { kubeconfig: 'the text', 'jws-kubeconfig-gone00': 'old' },
  })
  await bench.pass(1000)
  const data = (): Readonly<Record<string, string>> => bench.api.all(configMaps)[0]?.data ?? {}
  assert.deepEqual(Object.keys(data()).toSorted(), ['jws-kubeconfig-abcdef', 'jws-kubeconfig-ghijkl', 'kubeconfig'])
  const [header = '', , signature = ''] = (data()['jws-kubeconfig-abcdef'] ?? '').split('.')
  assert.equal(Buffer.from(header, 'base64url').toString(), '{"alg":"HS256","kid":"abcdef"}')
  const whole = `${header}.${Buffer.from('the text').toString('base64url')}.${signature}`
  await compactVerify(whole, Buffer.from('f395accd246ae52d'))
  await bench.pass(60_000)
  assert.deepEqual(Object.keys(data()).toSorted(), ['jws-kubeconfig-abcdef', 'kubeconfig'])
  assert.deepEqual(
    bench.api.all(secrets).map(({ metadata }) => metadata.name),
    ['bootstrap-token-abcdef'],
  )
})

test('a token that was made by itself is marked after a year of rest, and removed a year later', () => {
  const old = { creationTimestamp: apiTime(nowMs - 400 * dayMs), uid: 'u' }
  const account = accountLike('robot', { secrets: [{ name: 'a' }] })
  const did = (metadata: object, of: ServiceAccount | undefined = account, used: readonly string[] = []): unknown => {
    const secret = tokenSecret('a', 'robot', { ...old, ...metadata })
    const action = planLegacyToken({ secret, account: of, usedByPods: new Set(used), nowMs })
    return action?.do === 'patch' ? action.patch : action?.do
  }
  const mark = { metadata: { uid: 'u', labels: { [invalidSinceLabel]: '2026-06-01' } } }
  const rows: [string, unknown, unknown][] = [
    ['unused', did({}), mark],
    ['young', did({ creationTimestamp: apiTime(nowMs - 300 * dayMs) }), undefined],
    ['used this year', did({ labels: { [lastUsedLabel]: '2026-01-01' } }), undefined],
    ['used long ago', did({ labels: { [lastUsedLabel]: '2025-01-01' } }), mark],
    ['labelled with nonsense', did({ labels: { [lastUsedLabel]: 'often' } }), undefined],
    ['made by a user', did({}, accountLike('robot')), undefined],
    ['used by a pod', did({}, account, ['a']), undefined],
    ['marked lately', did({ labels: { [invalidSinceLabel]: '2026-01-01' } }), undefined],
    ['marked long ago', did({ labels: { [invalidSinceLabel]: '2025-01-01' } }), 'delete'],
    ['going anyway', did({ deletionTimestamp: apiTime(nowMs) }), undefined],
  ]
  for (const [name, action, want] of rows) assert.deepEqual(action, want, name)
  assert.deepEqual(
    ['2025-05-31', '2025-06-01', undefined, 'x'].map((since) => isTrackedLongEnough(since, nowMs)),
    [true, false, false, false],
  )
  const using = podLike('p', {
    spec: {
      imagePullSecrets: [{ name: 'pull' }],
      volumes: [
        { name: 'v', secret: { secretName: 'volume' } },
        { name: 'w', projected: { sources: [{ secret: { name: 'projected' } }] } },
      ],
      containers: [
        {
          name: 'c',
          env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }],
          envFrom: [{ secretRef: { name: 'from' } }],
        },
      ],
    },
  })
  assert.deepEqual([...secretsOfPods([using])].toSorted(), ['env', 'from', 'projected', 'pull', 'volume'])
})

test('the use of a token is written down once a day, and years pass before it goes', async () => {
  await using bench = createBench()
  const use = createTokenUse()
  bench.start((context) => startTokenTracking(context, use))
  bench.start(startLegacyTokenCleaner)
  const creationTimestamp = apiTime(bench.clock.now())
  await bench.api.create(serviceAccounts, accountLike('robot', { secrets: [{ name: 'a' }] }))
  await bench.put(secrets, tokenSecret('a', 'robot', { creationTimestamp }))
  await bench.api.create(pods, podLike('p'))
  await bench.pass(1000)
  assert.deepEqual(bench.api.all(configMaps)[0]?.data, { since: '2026-01-01' })
  for (let times = 0; times < 3; times++) use.note('default', 'a')
  await bench.pass(1000)
  const labels = (): unknown => bench.api.all(secrets)[0]?.metadata.labels
  assert.deepEqual(labels(), { [lastUsedLabel]: '2026-01-01' })
  assert.equal(bench.api.writes.filter((write) => write.includes('secrets default/a')).length, 2)
  await bench.pass(370 * dayMs)
  assert.deepEqual(labels(), { [lastUsedLabel]: '2026-01-01', [invalidSinceLabel]: '2027-01-02' })
  await bench.pass(370 * dayMs)
  assert.equal(bench.api.all(secrets).length, 0)
})
