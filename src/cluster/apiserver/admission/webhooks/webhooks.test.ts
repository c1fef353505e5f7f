/** Webhooks against a real HTTPS server on loopback. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { builtInResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { readBody } from '#kit/http/read-body.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createAuthority, issueCertificate } from '#kit/tls/issue-certificate.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { createWebhookCaller } from '#roles/server/webhook-caller.ts'
import { createApiServer } from '../../api-server.ts'
import type { User } from '../../user.ts'

const world = { clock: createClock(), random: createRandom() }
const admin: User = { name: 'admin', groups: ['system:masters'], extra: { team: ['a'] } }

interface Asked {
  readonly path: string
  readonly request: JsonObject
}

/** What the test's webhook answers to a review at a path. */
type Answer = (asked: Asked) => object | Promise<object>

interface Fixture extends AsyncDisposable {
  readonly client: KubeClient
  readonly asked: Asked[]
  readonly port: number
  answer: Answer
  /** Registers a webhook and waits for nothing: the next request meets it. */
  register(kind: 'Mutating' | 'Validating', webhook: object): Promise<void>
}

async function start(): Promise<Fixture> {
  await using scope = new AsyncDisposableStack()
  const authority = createAuthority(world, 'webhooks')
  const serving = issueCertificate(world, authority, {
    commonName: 'webhook',
    dnsNames: ['hook.default.svc'],
    addresses: ['127.0.0.1'],
  })
  const asked: Asked[] = []
  const state: { answer: Answer } = { answer: () => ({ allowed: true }) }
  const server = scope.use(
    await createHttpServer({
      clock: world.clock,
      listeners: [{ host: '127.0.0.1', port: 0, tls: serving }],
      handler: async (request, response) => {
        const review = JSON.parse((await readBody(request)).toString()) as { request: JsonObject }
        const one = { path: request.path, request: review.request }
        asked.push(one)
        const answered = (await state.answer(one)) as { code?: number }
        const body = JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.request['uid'], ...answered },
        })
        response.send(answered.code ?? 200, body, { 'content-type': 'application/json' })
      },
      encodeError: (error) => ({ status: 500, body: String(error) }),
    }),
  )
  const [address] = server.addresses
  const port = address !== undefined && 'port' in address ? address.port : 0
  const caller = scope.use(createWebhookCaller(world.clock))
  const store = scope.use(createMemoryStore(world))
  const api = scope.use(await createApiServer({ ...world, store, log: silentLog, callWebhook: caller.call }))
  const client = api.clientFor(admin)
  const caBundle = Buffer.from(authority.certificate).toString('base64')
  let count = 0
  const running = scope.move()
  return {
    client,
    asked,
    port,
    get answer() {
      return state.answer
    },
    set answer(answer: Answer) {
      state.answer = answer
    },
    register: async (kind, webhook) => {
      count += 1
      const { path = '/', service, ...rest } = webhook as { path?: string; service?: object }
      const where = service === undefined ? { url: `https://127.0.0.1:${port}${path}` } : { service }
      const plural = `${kind.toLowerCase()}webhookconfigurations`
      await client.create(builtInResource('admissionregistration.k8s.io/v1', plural), {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: `${kind}WebhookConfiguration`,
        metadata: { name: `c${count}` },
        webhooks: [
          {
            name: `w${count}.example.com`,
            clientConfig: { ...where, caBundle },
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
            ...rest,
          },
        ],
      } as unknown as KubernetesObject)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const configMap = (name: string, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...more },
    data: { a: '1' },
  }) as KubernetesObject

const patch = (...operations: readonly object[]): object => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

async function refusal(
  promise: Promise<unknown>,
): Promise<{ code?: number | undefined; reason?: string | undefined; message?: string | undefined }> {
  try {
    await promise
  } catch (error) {
    const { code, reason, message } = statusOf(error) ?? {}
    return { code, reason, message }
  }
  return assert.fail('it was allowed')
}

const configMaps = builtInResource('v1', 'configmaps')
const namespaces = builtInResource('v1', 'namespaces')
const inDefault = { namespace: 'default' }

test('a webhook is asked with the whole request and its denial reaches the client', async () => {
  await using fixture = await start()
  await fixture.register('Validating', {})
  fixture.answer = () => ({
    allowed: false,
    status: { code: 403, reason: 'Forbidden', message: 'not today' },
    warnings: ['careful'],
  })
  const refused = await refusal(fixture.client.create(configMaps, configMap('a'), { ...inDefault, fieldManager: 'me' }))
  assert.deepEqual(refused, {
    code: 403,
    reason: 'Forbidden',
    message: 'admission webhook "w1.example.com" denied the request: not today',
  })
  const { path, request } = fixture.asked[0] as Asked
  assert.equal(path, '/')
  const { uid, object, ...rest } = request
  assert.match(String(uid), /^[0-9a-f-]{36}$/)
  assert.deepEqual((object as KubernetesObject).metadata.name, 'a')
  assert.deepEqual(rest, {
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
    requestResource: { group: '', version: 'v1', resource: 'configmaps' },
    name: 'a',
    namespace: 'default',
    operation: 'CREATE',
    userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'], extra: { team: ['a'] } },
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
    oldObject: null,
  })
})

test('a denial without words says so', async () => {
  await using fixture = await start()
  await fixture.register('Validating', {})
  fixture.answer = () => ({ allowed: false })
  const { code, message } = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
  assert.deepEqual(
    { code, message },
    { code: 400, message: 'admission webhook "w1.example.com" denied the request without explanation' },
  )
})

test('patches change the object, each webhook sees what the one before it did, and earlier ones are asked again', async () => {
  await using fixture = await start()
  await fixture.register('Mutating', { path: '/first', reinvocationPolicy: 'IfNeeded' })
  await fixture.register('Mutating', { path: '/second' })
  fixture.answer = ({ path, request }) => {
    const data = (request['object'] as { data: Record<string, string> }).data
    if (path.startsWith('/first'))
      return patch({ op: 'add', path: '/data/first', value: `saw ${Object.keys(data).toSorted().join()}` })
    return patch({ op: 'add', path: '/data/second', value: `saw ${Object.keys(data).toSorted().join()}` })
  }
  const made = (await fixture.client.create(configMaps, configMap('a'), inDefault)) as { readonly data?: unknown }
  assert.deepEqual(made.data, { a: '1', first: 'saw a,first,second', second: 'saw a,first' })
  assert.deepEqual(
    fixture.asked.map(({ path }) => path.replace(/\?.*/, '')),
    ['/first', '/second', '/first'],
  )
})

test('a webhook that cannot be reached fails the request, or is passed by', async () => {
  await using fixture = await start()
  const clientConfig = { url: 'https://127.0.0.1:1/x' }
  await fixture.register('Validating', { clientConfig, failurePolicy: 'Ignore' })
  await fixture.client.create(configMaps, configMap('a'), inDefault)
  await fixture.register('Validating', { clientConfig, timeoutSeconds: 3 })
  const refused = await refusal(fixture.client.create(configMaps, configMap('b'), inDefault))
  assert.equal(refused.code, 500)
  assert.match(
    String(refused.message),
    /^Internal error occurred: failed calling webhook "w2.example.com": failed to call webhook: Post "https:\/\/127.0.0.1:1\/x\?timeout=3s": dial tcp 127\.0\.0\.1:1: connect: connection refused$/,
  )
})

test('a webhook that takes too long is given up', async () => {
  await using fixture = await start()
  await fixture.register('Validating', { timeoutSeconds: 1 })
  const never = Promise.withResolvers<object>()
  fixture.answer = () => never.promise
  const { message } = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
  never.resolve({ allowed: true })
  assert.match(String(message), /failed to call webhook: Post "https:.*timeout=1s": context deadline exceeded$/)
})

test('answers that are no answers are not believed', async () => {
  await using fixture = await start()
  await fixture.register('Mutating', {})
  const answers: readonly (readonly [object, string])[] = [
    [{ allowed: true, uid: 'other' }, 'received invalid webhook response: expected response.uid='],
    [
      { allowed: true, patch: 'W10=' },
      'received invalid webhook response: webhook returned response.patch but not response.patchType',
    ],
    [{ allowed: true, patch: 'bm8=', patchType: 'JSONPatch' }, 'received undecodable patch in webhook response: '],
    [{ code: 500 }, 'failed to call webhook: an error on the server ('],
    [{ code: 404 }, 'failed to call webhook: the server could not find the requested resource'],
  ]
  for (const [answer, words] of answers) {
    fixture.answer = () => answer
    const { message } = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
    assert.ok(message?.includes(`failed calling webhook "w1.example.com": ${words}`) === true, message ?? '')
  }
})

test('what a webhook makes of an object is taken for an object of the same kind and namespace, or not at all', async () => {
  await using fixture = await start()
  await fixture.register('Mutating', { failurePolicy: 'Ignore' })
  const made = (): Promise<unknown> => fixture.client.create(configMaps, configMap('a'), { ...inDefault, dryRun: true })
  const refusals: readonly (readonly [object, number, string])[] = [
    [
      { op: 'replace', path: '/metadata/namespace', value: 'kube-system' },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      { op: 'replace', path: '/apiVersion', value: 'v2' },
      500,
      'Internal error occurred: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      { op: 'add', path: '/data/z', value: 5 },
      500,
      'Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
  ]
  for (const [operation, code, message] of refusals) {
    fixture.answer = () => patch(operation)
    const refused = await refusal(made())
    assert.deepEqual([refused.code, refused.message], [code, message])
  }
  for (const operation of [{ op: 'zap' }, { op: 'remove', path: '/data/none' }, { path: 5 }, null]) {
    fixture.answer = () => patch(operation as object)
    assert.equal((await refusal(made())).code, 500, 'what is wrong with an operation is no failure of the webhook')
  }
  for (const answer of [{ allowed: 'yes' }, { allowed: true, patch: 'e30=', patchType: 'JSONPatch' }]) {
    fixture.answer = () => answer
    await made()
  }
})

test('a webhook may make more changes than a client', async () => {
  await using fixture = await start()
  await fixture.register('Mutating', {})
  const operations = Array.from({ length: 10_001 }, (_, index) => ({ op: 'add', path: '/data/a', value: `v${index}` }))
  fixture.answer = () => patch(...operations)
  const made = (await fixture.client.create(configMaps, configMap('a'), inDefault)) as { readonly data?: unknown }
  assert.deepEqual(made.data, { a: 'v10000' })
})

test('selectors and conditions decide which requests a webhook sees', async () => {
  await using fixture = await start()
  await fixture.register('Validating', {
    objectSelector: { matchLabels: { watched: 'yes' } },
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['free'] }],
    },
    matchConditions: [
      { name: 'not-nobody', expression: 'request.userInfo.username != "nobody"' },
      { name: 'named', expression: 'object == null || object.metadata.name.startsWith("x")' },
    ],
  })
  await fixture.client.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'free' },
  } as KubernetesObject)
  const labels = { labels: { watched: 'yes' } }
  await fixture.client.create(configMaps, configMap('x1'), inDefault)
  await fixture.client.create(configMaps, configMap('y1', labels), inDefault)
  await fixture.client.create(configMaps, configMap('x2', { ...labels, namespace: 'free' }), { namespace: 'free' })
  assert.equal(fixture.asked.length, 0)
  await fixture.client.create(configMaps, configMap('x3', labels), inDefault)
  assert.deepEqual(
    fixture.asked.map(({ request }) => request['name']),
    ['x3'],
  )
  await fixture.client.delete(configMaps, 'x3', inDefault)
  const { operation, object, oldObject } = fixture.asked[1]?.request ?? {}
  assert.deepEqual([operation, object, (oldObject as KubernetesObject).metadata.name], ['DELETE', null, 'x3'])
})

test('a condition that fails is a failure of the webhook', async () => {
  await using fixture = await start()
  await fixture.register('Validating', { matchConditions: [{ name: 'broken', expression: 'object.none.such == 1' }] })
  const refused = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
  assert.equal(refused.code, 403)
  assert.match(String(refused.message), /expression 'object.none.such == 1' resulted in error: no such key: none$/)
})

test('dry runs are not shown to webhooks with side effects', async () => {
  await using fixture = await start()
  await fixture.register('Validating', { sideEffects: 'NoneOnDryRun' })
  await fixture.client.create(configMaps, configMap('a'), { ...inDefault, dryRun: true })
  assert.equal(fixture.asked[0]?.request['dryRun'], true)
})

test('a service is reached at its endpoints under its own name', async () => {
  await using fixture = await start()
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'hook', namespace: 'default' },
    spec: { ports: [{ port: 443 }] },
  }
  await fixture.register('Validating', { service: { namespace: 'default', name: 'hook', path: '/check' } })
  assert.match(
    String((await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))).message),
    /failed to call webhook: Post "https:\/\/hook.default.svc:443\/check\?timeout=\d+s": service "hook" not found$/,
  )
  await fixture.client.create(builtInResource('v1', 'services'), service as unknown as KubernetesObject, inDefault)
  const { message } = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
  assert.match(String(message), /no endpoints available for service "hook"/)
  const outside = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'hook', namespace: 'default' },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  }
  const services = builtInResource('v1', 'services')
  await fixture.client.delete(services, 'hook', inDefault)
  await fixture.client.create(services, outside as unknown as KubernetesObject, inDefault)
  await fixture.client.deleteCollection(
    builtInResource('admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'),
  )
  await fixture.register('Validating', {
    service: { namespace: 'default', name: 'hook', path: '/check', port: fixture.port },
  })
  await fixture.client.create(configMaps, configMap('a'), inDefault)
  assert.match(fixture.asked[0]?.path ?? '', /^\/check/)
})

test('configurations of admission itself are never shown to webhooks', async () => {
  await using fixture = await start()
  await fixture.register('Validating', {
    rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
  })
  fixture.answer = () => ({ allowed: false })
  const plural = builtInResource('admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations')
  await fixture.client.delete(plural, 'c1')
  await fixture.client.create(configMaps, configMap('a'), inDefault)
})

test('who changes an object on its way in sees it before it has a name and a uid, who checks it sees both', async () => {
  await using fixture = await start()
  await fixture.register('Mutating', { path: '/mutate' })
  await fixture.register('Validating', { path: '/validate' })
  await fixture.client.create(configMaps, configMap('', { generateName: 'made-' }), inDefault)
  const seen = fixture.asked.map(({ path, request }) => {
    const { metadata } = request['object'] as KubernetesObject
    return [path, (request['name'] as string | undefined) ?? '', metadata.name ?? '', metadata.uid !== undefined]
  })
  const made = String(seen[1]?.[1] ?? '')
  assert.match(made, /^made-/)
  assert.deepEqual(seen, [
    ['/mutate', '', '', false],
    ['/validate', made, made, true],
  ])
})
