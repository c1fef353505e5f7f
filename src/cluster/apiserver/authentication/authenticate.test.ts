import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import * as resources from '#clients/kubernetes/resources.table.ts'
import { pods, secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }

interface Who {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

const review = {
  method: 'POST',
  path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  json: { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' },
}

async function whoIs(reply: HttpReply): Promise<Who | number> {
  if (reply.status !== 201) {
    await reply.discard()
    return reply.status
  }
  return ((await reply.json()) as { readonly status: { readonly userInfo: Who } }).status.userInfo
}

async function whoHas(served: ServedApi, token: string): Promise<Who | number> {
  return whoIs(await served.call(review.path, { ...review, token }))
}

async function tokenFor(served: ServedApi, name: string, spec: object): Promise<string> {
  const made = await served.admin.createSubresource<{ readonly status: { readonly token: string } }>(
    serviceAccounts as never,
    name,
    {
      ...place,
      subresource: 'token',
      body: { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec },
    } as never,
  )
  return made.status.token
}

test('a front proxy names the user, and a group with a comma in its name stays one group', async () => {
  await using served = await serveApi()
  const proxy = served.clientAs('proxies', { commonName: 'front-proxy-client' })
  const who = await whoIs(
    await proxy.request({
      ...review,
      headers: {
        'x-remote-user': 'ann',
        'x-remote-uid': '7',
        'x-remote-group': ['CN=ops, system:masters', 'dev'],
        'x-remote-extra-scopes%2fone': ['a', 'b'],
      },
    }),
  )
  assert.deepEqual(who, {
    username: 'ann',
    uid: '7',
    groups: ['CN=ops, system:masters', 'dev', 'system:authenticated'],
    extra: { 'scopes/one': ['a', 'b'] },
  })
})

test('what headers say does not count from anybody but a front proxy of its own authority', async () => {
  await using served = await serveApi()
  const headers = { 'x-remote-user': 'ann', 'x-remote-group': 'system:masters' }
  const ask = async (client: ReturnType<ServedApi['clientAs']>): Promise<string | number> => {
    const who = await whoIs(await client.request({ ...review, headers }))
    return typeof who === 'number' ? who : who.username
  }
  assert.equal(await ask(served.clientAs()), 403, 'nobody')
  assert.equal(await ask(served.clientAs('users', { commonName: 'front-proxy-client' })), 'front-proxy-client')
  assert.equal(await ask(served.clientAs('proxies', { commonName: 'another' })), 403, 'a name that is not allowed')
})

test('the authority of front proxies makes no users', async () => {
  await using served = await serveApi()
  const admin = { commonName: 'x', organizations: ['system:masters'] }
  assert.equal(await whoIs(await served.clientAs('proxies', admin).request(review)), 403)
  const who = (await whoIs(await served.clientAs('users', admin).request(review))) as Who
  assert.deepEqual(who.groups, ['system:masters', 'system:authenticated'])
})

test('anonymous requests can be refused everywhere or answered at listed paths only', async () => {
  await using closed = await serveApi({ config: { anonymous: false } })
  assert.equal((await closed.call('/livez')).status, 401)
  await using some = await serveApi({ config: { anonymous: ['/livez'] } })
  assert.equal((await some.call('/livez')).status, 200)
  assert.equal((await some.call('/readyz')).status, 401)
  assert.equal((await some.call('/livez/ping')).status, 401)
})

test('a user is impersonated with uid and extra only with the right to each of them', async () => {
  await using served = await serveApi()
  const headers = {
    'impersonate-user': 'bob',
    'impersonate-group': ['one,two', 'three'],
    'impersonate-uid': '9',
    'impersonate-extra-scopes': 'x, y',
  }
  const who = await whoIs(await served.call(review.path, { ...review, headers, token: 'admin-token' }))
  assert.deepEqual(who, {
    username: 'bob',
    uid: '9',
    groups: ['one,two', 'three', 'system:authenticated'],
    extra: { scopes: ['x, y'] },
  })
  const rules = [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }]
  await served.admin.create(resources.clusterRoles, { metadata: { name: 'i' }, rules } as never)
  await served.admin.create(resources.clusterRoleBindings, {
    metadata: { name: 'i' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'i' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user' }],
  } as never)
  const refused = await served.call(review.path, { ...review, headers, token: 'user-token' })
  const sentence = ((await refused.json()) as { message: string }).message
  assert.match(sentence, /cannot impersonate-on:user-info:create resource "selfsubjectreviews"/)
  const { 'impersonate-uid': _, 'impersonate-extra-scopes': __, ...named } = headers
  const allowed = await whoIs(await served.call(review.path, { ...review, headers: named, token: 'user-token' }))
  assert.equal((allowed as { username: string }).username, 'bob')
  const uid = await served.call(review.path, {
    ...review,
    headers: { ...named, 'impersonate-uid': '9' },
    token: 'user-token',
  })
  assert.match(((await uid.json()) as { message: string }).message, /^uids.authentication.k8s.io "9" is forbidden/)
  const withExtra = { ...named, 'impersonate-extra-scopes': 'x' }
  const extra = await served.call(review.path, { ...review, headers: withExtra, token: 'user-token' })
  assert.match(
    ((await extra.json()) as { message: string }).message,
    /^userextras.authentication.k8s.io "x" is forbidden/,
  )
  const alone = await served.call(review.path, { ...review, headers: { 'impersonate-uid': '9' }, token: 'admin-token' })
  assert.equal(alone.status, 400)
})

test('a token works as long as the pod, secret or node it is bound to', async () => {
  await using served = await serveApi()
  const { admin } = served
  await admin.create(serviceAccounts, { metadata: { name: 'sa', ...place } } as never)
  await admin.create(resources.nodes, { metadata: { name: 'n1' } } as never)
  await admin.create(secrets, { metadata: { name: 's', ...place } } as never)
  const pod = {
    metadata: { name: 'p', ...place },
    spec: { serviceAccountName: 'sa', nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
  }
  await admin.create(pods, pod as never)
  const bound = (kind: string, name: string): object => ({ boundObjectRef: { kind, apiVersion: 'v1', name } })
  const ofPod = await tokenFor(served, 'sa', bound('Pod', 'p'))
  const ofSecret = await tokenFor(served, 'sa', bound('Secret', 's'))
  const ofNode = await tokenFor(served, 'sa', bound('Node', 'n1'))
  const who = (await whoHas(served, ofPod)) as Who
  assert.equal(who.username, 'system:serviceaccount:default:sa')
  assert.deepEqual(who.extra?.['authentication.kubernetes.io/node-name'], ['n1'])
  assert.deepEqual(who.extra?.['authentication.kubernetes.io/pod-name'], ['p'])
  assert.equal(typeof (await whoHas(served, ofSecret)), 'object')
  assert.equal(typeof (await whoHas(served, ofNode)), 'object')
  await admin.delete(secrets, 's', place)
  await admin.delete(resources.nodes, 'n1')
  await admin.delete(pods, 'p', { ...place, gracePeriodSeconds: 0 })
  for (const token of [ofPod, ofSecret, ofNode]) assert.equal(await whoHas(served, token), 401)
})

test('a token is refused with another account of the same name, a foreign signature or another audience', async () => {
  await using served = await serveApi()
  const make = (): Promise<unknown> =>
    served.admin.create(serviceAccounts, { metadata: { name: 'sa', ...place } } as never)
  await make()
  const token = await tokenFor(served, 'sa', {})
  assert.equal(typeof (await whoHas(served, token)), 'object')
  assert.equal(await whoHas(served, `${token.slice(0, -8)}AAAAAAAA`), 401)
  assert.equal(await whoHas(served, await tokenFor(served, 'sa', { audiences: ['elsewhere'] })), 401)
  await served.admin.delete(serviceAccounts, 'sa', place)
  await make()
  assert.equal(await whoHas(served, token), 401)
})

test('a token that a secret holds works until the secret says otherwise', async () => {
  await using served = await serveApi()
  const { admin, api } = served
  const account = await admin.create(serviceAccounts, { metadata: { name: 'sa', ...place } } as never)
  const prefix = 'kubernetes.io/serviceaccount'
  const token = await api.parts.tokenKeys?.sign({
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:default:sa',
    [`${prefix}/namespace`]: 'default',
    [`${prefix}/secret.name`]: 'held',
    [`${prefix}/service-account.name`]: 'sa',
    [`${prefix}/service-account.uid`]: account.metadata.uid ?? '',
  })
  assert.equal(await whoHas(served, token ?? ''), 401, 'no secret')
  const annotations = { 'kubernetes.io/service-account.name': 'sa' }
  await admin.create(secrets, {
    metadata: { name: 'held', ...place, annotations },
    type: 'kubernetes.io/service-account-token',
    data: { token: Buffer.from(token ?? '').toString('base64') },
  } as never)
  const who = (await whoHas(served, token ?? '')) as Who
  assert.equal(who.username, 'system:serviceaccount:default:sa')
  const labels = { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' }
  await admin.patch(secrets, 'held', { metadata: { labels } }, { ...place, type: 'merge' })
  assert.equal(await whoHas(served, token ?? ''), 401, 'marked invalid')
})

test('a bootstrap token is good for its group until it expires', async () => {
  await using served = await serveApi()
  const make = (id: string, more: object): Promise<unknown> =>
    served.admin.create(secrets, {
      metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': id,
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
        'auth-extra-groups': 'system:bootstrappers:nodes',
        ...more,
      },
    } as never)
  await make('aaaaaa', {})
  await make('bbbbbb', { expiration: '2020-01-01T00:00:00Z' })
  const who = (await whoHas(served, 'aaaaaa.0123456789abcdef')) as Who
  assert.deepEqual(who.groups, ['system:bootstrappers', 'system:bootstrappers:nodes', 'system:authenticated'])
  assert.equal(await whoHas(served, 'bbbbbb.0123456789abcdef'), 401)
  assert.equal(await whoHas(served, 'aaaaaa.0123456789abcdeX'), 401)
})

test('a token review tells whom a token stands for, and for which of the audiences that were asked about', async () => {
  await using served = await serveApi()
  await served.admin.create(serviceAccounts, { metadata: { name: 'sa', ...place } } as never)
  const own = 'https://kubernetes.default.svc.cluster.local'
  const token = await tokenFor(served, 'sa', { audiences: ['vault', 'other', own] })
  const ask = async (
    spec: object,
  ): Promise<{ readonly status: Record<string, unknown>; readonly message?: string }> => {
    const kind = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1' }
    const path = '/apis/authentication.k8s.io/v1/tokenreviews'
    const reply = await served.call(path, { method: 'POST', token: 'admin-token', json: { ...kind, spec } })
    return (await reply.json()) as { readonly status: Record<string, unknown> }
  }
  const whom = async (spec: object): Promise<unknown> => {
    const { status } = await ask(spec)
    return [status['authenticated'] ?? false, (status['user'] as { username?: string }).username, status['audiences']]
  }
  const why = async (spec: object): Promise<unknown> => (await ask(spec)).status['error']
  const account = 'system:serviceaccount:default:sa'
  assert.deepEqual(await whom({ token }), [true, account, [own]])
  assert.deepEqual(await whom({ token, audiences: ['vault', 'nobody'] }), [true, account, ['vault']])
  assert.deepEqual(await whom({ token, audiences: ['nobody'] }), [false, undefined, undefined])
  assert.equal(
    await why({ token, audiences: ['nobody', 'x'] }),
    `[invalid bearer token, token audiences ["vault" "other" "${own}"] is invalid for the target audiences ["nobody" "x"]]`,
  )
  assert.equal(await why({ token: `${token}x`, audiences: ['nobody'] }), 'invalid bearer token')
  assert.deepEqual(await whom({ token: 'user-token' }), [true, 'user', [own]])
  assert.deepEqual(await whom({ token: 'user-token', audiences: ['vault'] }), [false, undefined, undefined])
  assert.deepEqual(await whom({ token: 'a.b.c' }), [false, undefined, undefined])
  assert.equal((await ask({ token: '' })).message, 'token is required for TokenReview in authentication')
})

test('the documents for verifiers name the issuer and the key that signed a token', async () => {
  await using served = await serveApi()
  await served.admin.create(serviceAccounts, { metadata: { name: 'sa', ...place } } as never)
  const discovery = await served.call('/.well-known/openid-configuration', { token: 'admin-token' })
  const { issuer, jwks_uri: uri } = (await discovery.json()) as Record<string, string>
  assert.equal(issuer, 'https://kubernetes.default.svc.cluster.local')
  assert.match(uri ?? '', /\/openid\/v1\/jwks$/)
  const keys = await served.call('/openid/v1/jwks', { token: 'admin-token' })
  assert.equal(keys.header('content-type'), 'application/jwk-set+json')
  const token = await tokenFor(served, 'sa', {})
  const verified = await jwtVerify(token, createLocalJWKSet((await keys.json()) as never), { issuer: issuer ?? '' })
  assert.equal(verified.payload.sub, 'system:serviceaccount:default:sa')
})
