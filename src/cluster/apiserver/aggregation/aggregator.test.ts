import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  apiServices,
  customResourceDefinitions,
  endpointSlices,
  services,
} from '#clients/kubernetes/resources.table.ts'
import type { HttpHandler, HttpRequest } from '#kit/http/exchange.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { switchProtocol } from '#kit/http/hijack.ts'
import { createAuthority, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { isUpgraded } from '#kit/http/client.ts'
import type { APIService } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { noValidation } from '../writes/object-validation.ts'
import { type ServedApi, serveApi } from '../served-api.contract.ts'
import { localPlan } from './local-services.ts'
import { mergeGroups } from './merge-groups.ts'

const parts = { clock: createClock(), random: createRandom() }
const place = { namespace: 'kube-public' }

const resourceList = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'wardle.example.com/v1',
  resources: [
    {
      name: 'flunders',
      singularName: 'flunder',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['get', 'list'],
      shortNames: ['fl'],
    },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
}

interface Remote extends AsyncDisposable {
  readonly served: ServedApi
  readonly seen: HttpRequest[]
  settle(): Promise<string>
}

const answer: HttpHandler = async (request, response) => {
  if (request.path.endsWith('/silent')) {
    // Nothing is answered, and what the aggregator gives up must be gone here.
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve, { once: true }))
    return
  }
  if (request.path.endsWith('/broken')) return response.destroy()
  if (request.path.endsWith('/cut')) {
    response.start(200, { 'content-length': '9' })
    await response.write('{')
    return response.destroy()
  }
  if (request.upgrade !== undefined) {
    const stream = switchProtocol(response, 'echo/1', { 'X-Chosen': 'yes' })
    stream.pipe(stream)
    return
  }
  if (request.path === '/apis/wardle.example.com/v1') return response.json(200, resourceList)
  if (request.path === '/openapi/v3') {
    const url = '/openapi/v3/apis/wardle.example.com/v1?hash=AB'
    return response.json(200, { paths: { 'apis/wardle.example.com/v1': { serverRelativeURL: url } } })
  }
  if (request.path === '/openapi/v2') {
    const paths = { '/apis/wardle.example.com/v1/flunders': { get: { schema: { $ref: '#/definitions/Flunder' } } } }
    return response.json(200, { paths, definitions: { Flunder: { type: 'object' }, Unused: {} } })
  }
  const chunks: Buffer[] = []
  for await (const chunk of request.body as AsyncIterable<Buffer>) chunks.push(chunk)
  response.send(201, `${request.method} ${request.target} ${Buffer.concat(chunks).toString()}`, { 'X-Own': 'a' })
}

/** A remote API server on this machine behind a service, and an API server that aggregates it. */
async function remote(spec: object = {}): Promise<Remote> {
  await using scope = new AsyncDisposableStack()
  const authority = createAuthority(parts, 'remote')
  const serving = issueCertificate(parts, authority, { commonName: 'r', dnsNames: ['wardle.kube-public.svc'] })
  const proxies = createAuthority(parts, 'front-proxy')
  const frontProxy = issueCertificate(parts, proxies, { commonName: 'front-proxy-client' })
  const seen: HttpRequest[] = []
  const server = scope.use(
    await createHttpServer({
      clock: parts.clock,
      listeners: [
        {
          host: '127.0.0.1',
          port: 0,
          tls: { ...serving, clientAuthorities: proxies.certificate, clientCertificate: 'ask' },
        },
      ],
      mayHijack: (_method, _target, { upgrade }) => upgrade !== undefined,
      handler: (request, response) => {
        seen.push(request)
        return answer(request, response)
      },
      encodeError: () => ({ status: 500, body: 'fault' }),
    }),
  )
  const [address] = server.addresses
  const port = address !== undefined && 'port' in address ? address.port : 0
  // Loopback is no address of an endpoint otherwise, and the only one that a test may use.
  const served = scope.use(await serveApi({ deps: { frontProxy, validation: noValidation } }))
  const { admin } = served
  await admin.create(services, {
    metadata: { name: 'wardle', ...place },
    spec: { ports: [{ port: 443, targetPort: port }] },
  } as never)
  await admin.create(endpointSlices, {
    metadata: { name: 'w1', ...place, labels: { 'kubernetes.io/service-name': 'wardle' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: '', port }],
  } as never)
  await admin.create(apiServices, {
    metadata: { name: 'v1.wardle.example.com' },
    spec: {
      group: 'wardle.example.com',
      version: 'v1',
      groupPriorityMinimum: 2000,
      versionPriority: 10,
      service: { ...place, name: 'wardle' },
      caBundle: Buffer.from(authority.certificate).toString('base64'),
      ...spec,
    },
  } as never)
  const owned = scope.move()
  return {
    served,
    seen,
    settle: async () => {
      for (let round = 0; round < 3000; round++) {
        await served.api.parts.aggregator.settled()
        const found: APIService = await admin.get(apiServices, 'v1.wardle.example.com')
        const [condition] = found.status?.conditions ?? []
        if (condition !== undefined) return `${condition.status} ${condition.reason ?? ''}: ${condition.message ?? ''}`
        await parts.clock.sleep(10)
      }
      return 'none'
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('requests go to the server behind the service, with the user’s names and without the client’s own', async () => {
  await using it = await remote()
  assert.equal(await it.settle(), 'True Passed: all checks passed')
  it.seen.length = 0
  const path = '/apis/wardle.example.com/v1/namespaces/x/flunders?a=%20b'
  const reply = await it.served.call(path, {
    method: 'POST',
    token: 'admin-token',
    body: 'hello',
    headers: { 'x-remote-user': 'mallory', 'x-remote-extra-x': 'y', 'x-other': 'kept' },
  })
  assert.equal(reply.status, 201)
  assert.equal(reply.header('x-own'), 'a')
  assert.equal(await reply.text(), `POST ${path} hello`)
  const [request] = it.seen
  assert.equal(request?.headers['x-remote-user'], 'admin')
  assert.deepEqual(request?.headerValues('x-remote-group'), ['system:masters', 'system:authenticated'])
  assert.equal(request?.headers['x-remote-extra-x'], undefined)
  assert.equal(request?.headers.authorization, undefined)
  assert.equal(request?.headers['x-other'], 'kept')
  assert.equal(request?.headers['x-forwarded-for'], '127.0.0.1')
  assert.ok(request?.peer.certificate !== undefined, 'the front proxy proves itself')
})

test('a server that never answers is given up when the request’s time is over, and others are served meanwhile', async () => {
  await using it = await remote()
  await it.settle()
  const { call } = it.served
  const path = '/apis/wardle.example.com/v1/flunders'
  const silent = call(`${path}/silent?timeout=500ms`, { token: 'admin-token' })
  const other = await call(`${path}/other`, { token: 'admin-token' })
  assert.equal(other.status, 201)
  await other.text()
  const late = await silent
  const { code, reason, message } = (await late.json()) as Record<string, unknown>
  assert.deepEqual([late.status, code, reason], [504, 504, 'Timeout'])
  assert.equal(message, 'Timeout: request did not complete within the allotted timeout')
  const { signal } = it.seen.find((request) => request.path.endsWith('/silent')) ?? assert.fail('nobody asked')
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
})

test('a server that closes is told of, and an answer that breaks off is cut', async () => {
  await using it = await remote()
  await it.settle()
  const { call } = it.served
  const broken = await call('/apis/wardle.example.com/v1/flunders/broken', { token: 'admin-token' })
  assert.equal(broken.status, 503)
  assert.match(await broken.text(), /^error trying to reach service: (EOF|read: connection reset by peer)\n$/)
  const cut = await call('/apis/wardle.example.com/v1/flunders/cut', { token: 'admin-token' })
  await assert.rejects(cut.text(), { code: 'HTTP_BODY_CUT' })
})

test('users without the right do not get through', async () => {
  await using it = await remote()
  await it.settle()
  it.seen.length = 0
  const reply = await it.served.call('/apis/wardle.example.com/v1/namespaces/x/flunders', { token: 'user-token' })
  assert.equal(reply.status, 403)
  await reply.discard()
  assert.equal(it.seen.length, 0)
})

test('an upgrade passes both ways', async () => {
  await using it = await remote()
  await it.settle()
  const answered = await it.served
    .clientAs('users', { commonName: 'a', organizations: ['system:masters'] })
    .upgrade({ path: '/apis/wardle.example.com/v1/namespaces/x/flunders/a/connect', protocol: 'echo/1' })
  assert.ok(isUpgraded(answered))
  assert.equal(answered.headers['x-chosen'], 'yes')
  answered.stream.write('ping')
  const first = (await answered.stream[Symbol.asyncIterator]().next()) as { readonly value: Buffer }
  assert.equal(first.value.toString(), 'ping')
  answered.stream.destroy()
})

test('discovery and the index of documents name what the remote server serves, in the order of priorities', async () => {
  await using it = await remote()
  await it.settle()
  const call = async (path: string, accept?: string): Promise<string> =>
    (await it.served.call(path, { token: 'admin-token', headers: accept === undefined ? {} : { accept } })).text()
  const legacy = JSON.parse(await call('/apis')) as { readonly groups: readonly { readonly name: string }[] }
  assert.equal(legacy.groups.at(-1)?.name, 'wardle.example.com')
  assert.equal(legacy.groups[0]?.name, 'apiregistration.k8s.io')
  const merged = await call('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  const own = (JSON.parse(merged) as { items: { metadata: { name: string }; versions: unknown[] }[] }).items.find(
    ({ metadata }) => metadata.name === 'wardle.example.com',
  )
  assert.deepEqual(own?.versions, [
    {
      version: 'v1',
      resources: [
        {
          resource: 'flunders',
          responseKind: { group: 'wardle.example.com', version: 'v1', kind: 'Flunder' },
          scope: 'Namespaced',
          singularResource: 'flunder',
          verbs: ['get', 'list'],
          shortNames: ['fl'],
          subresources: [
            {
              subresource: 'status',
              responseKind: { group: 'wardle.example.com', version: 'v1', kind: 'Flunder' },
              verbs: ['get'],
            },
          ],
        },
      ],
      freshness: 'Current',
    },
  ])
  assert.deepEqual(JSON.parse(await call('/apis/wardle.example.com/v1')), resourceList)
  assert.match(await call('/apis/wardle.example.com'), /"groupVersion":"wardle.example.com\/v1"/)
  assert.match(await call('/openapi/v3'), /\/openapi\/v3\/apis\/wardle.example.com\/v1\?hash=AB/)
  assert.match(await call('/openapi/v3/apis/wardle.example.com/v1?hash=AB'), /^GET \/openapi\/v3/)
  const { paths, definitions } = JSON.parse(await call('/openapi/v2')) as Record<'paths' | 'definitions', object>
  assert.ok('/apis/wardle.example.com/v1/flunders' in paths && '/api/v1/namespaces/{namespace}/pods' in paths)
  assert.ok('Flunder' in definitions && !('Unused' in definitions))
})

for (const [what, spec, condition] of [
  [
    'a service that there is not',
    { service: { namespace: 'kube-public', name: 'none' } },
    'False ServiceNotFound: service/none in "kube-public" is not present',
  ],
  [
    'a port that the service has not',
    { service: { ...place, name: 'wardle', port: 1 } },
    'False ServicePortError: service/wardle in "kube-public" is not listening on port 1',
  ],
  [
    'a certificate that nobody trusts',
    { caBundle: Buffer.from(createAuthority(parts, 'else').certificate).toString('base64') },
    undefined,
  ],
] as const)
  test(`with ${what} the group is unavailable and answers 503`, async () => {
    await using it = await remote(spec)
    const said = await it.settle()
    if (condition === undefined)
      assert.match(
        said,
        /^False FailedDiscoveryCheck: failing or missing response from https:\/\/127\.0\.0\.1:\d+\/apis/,
      )
    else assert.equal(said, condition)
    const reply = await it.served.call('/apis/wardle.example.com/v1/flunders', { token: 'admin-token' })
    assert.equal(reply.status, 503)
    assert.equal(await reply.text(), 'service unavailable\n')
    const merged = await it.served.call('/apis', {
      token: 'admin-token',
      headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' },
    })
    assert.match(await merged.text(), /"Stale"/)
  })

test('endpoints that go take the group away, and it comes back with them', async () => {
  await using it = await remote()
  await it.settle()
  const { admin, api } = it.served
  const slice = await admin.get(endpointSlices, 'w1', place)
  await admin.delete(endpointSlices, 'w1', place)
  const conditionAfter = async (former: string): Promise<string> => {
    for (let round = 0; round < 3000; round++) {
      await parts.clock.sleep(20)
      await api.parts.aggregator.settled()
      const found: APIService = await admin.get(apiServices, 'v1.wardle.example.com')
      const reason = found.status?.conditions?.[0]?.reason ?? ''
      if (reason !== former) return reason
    }
    return former
  }
  assert.equal(await conditionAfter('Passed'), 'EndpointsNotFound')
  const { resourceVersion: _, uid: __, ...metadata } = slice.metadata
  await admin.create(endpointSlices, { ...slice, metadata } as never)
  assert.equal(await conditionAfter('EndpointsNotFound'), 'Passed')
})

test('custom groups get their API services, and lose them with their definitions', () => {
  const definition = (name: string, established: string): never =>
    ({
      metadata: { name },
      spec: {
        group: 'x.io',
        versions: [
          { name: 'v1', served: true },
          { name: 'v0', served: false },
        ],
      },
      status: { conditions: [{ type: 'Established', status: established }] },
    }) as never
  const managed = { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } }
  const existing = (name: string, metadata: object): APIService =>
    ({ metadata: { name, ...metadata }, spec: {} }) as never
  assert.deepEqual(
    localPlan([definition('a', 'True')], [], 'now').create.map(({ metadata }) => metadata.name),
    ['v1.x.io'],
  )
  assert.deepEqual(localPlan([definition('a', 'False')], [], 'now'), { create: [], remove: [] })
  const plan = localPlan([], [existing('v1.x.io', managed), existing('v1.mine.io', {})], 'now')
  assert.deepEqual(plan, { create: [], remove: ['v1.x.io'] })
})

test('a remote version of a local group stands where its priority says', () => {
  const local = [{ group: 'apps', versions: [{ version: 'v1', resources: [] }] }]
  const group = {
    name: 'v2.apps',
    group: 'apps',
    version: 'v2',
    groupPriority: 1,
    versionPriority: 1,
    resources: [],
    isFresh: true,
  } as never
  assert.deepEqual(
    mergeGroups(local, [group])[0]?.versions.map(({ version }) => version),
    ['v1', 'v2'],
  )
})

test('definitions served by the server itself are listed among the API services', async () => {
  await using served = await serveApi()
  await served.admin.create(customResourceDefinitions, {
    metadata: { name: 'crons.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      names: { plural: 'crons', singular: 'cron', kind: 'Cron', listKind: 'CronList' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  } as never)
  for (let round = 0; round < 3000; round++) {
    await parts.clock.sleep(20)
    const { items } = await served.admin.list(apiServices)
    if (items.some(({ metadata }) => metadata.name === 'v1.stable.example.com')) return
  }
  assert.fail('the API service was not made')
})
