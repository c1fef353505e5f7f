/** Every route that there is, asked without credentials and by a user without rights. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ServedApi, serveApi } from './served-api.contract.ts'

/** Answered to anybody (docs/reference/kubernetes-support.md). */
const openToAll = /^\/(?:healthz|livez|readyz|version)$/
/** Answered to every user besides: discovery, documents, token keys, questions about oneself. */
const openToUsers =
  /^\/(?:$|api(?:$|\/v1\/?$)|apis(?:$|\/$|\/[^/]+(?:\/[^/]+)?\/?$)|openapi\/|\.well-known\/|openid\/|apis\/auth(?:entication|orization)\.k8s\.io\/v1\/self)/

interface Route {
  readonly method: string
  readonly path: string
}

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
  get: 'GET',
  list: 'GET',
  watch: 'GET',
}

/** A subresource that connects takes every method that a proxy takes. */
const ofVerb = (verb: string): string => methods[verb] ?? 'POST'

async function jsonOf<T>(served: ServedApi, path: string): Promise<T> {
  return (await (await served.call(path, { token: 'admin-token' })).json()) as T
}

/** From the root document, from discovery and from the OpenAPI documents; names are filled in. */
async function everyRoute(served: ServedApi): Promise<readonly Route[]> {
  const routes = new Map<string, Route>()
  const add = (method: string, path: string): void => {
    const filled = path.replaceAll(/\{[^}]+\}/g, 'x')
    routes.set(`${method} ${filled}`, { method, path: filled })
  }
  const { paths } = await jsonOf<{ readonly paths: readonly string[] }>(served, '/')
  for (const path of ['/', ...paths]) add('GET', path)
  for (const path of paths.filter((one) => /^\/api\/v1$|^\/apis\/[^/]+\/[^/]+$/.test(one))) {
    const list = await jsonOf<{
      readonly resources: readonly {
        readonly name: string
        readonly namespaced: boolean
        readonly verbs: readonly string[]
      }[]
    }>(served, path)
    for (const { name, namespaced, verbs } of list.resources) {
      const [resource = '', ...sub] = name.split('/')
      const base = `${path}${namespaced ? '/namespaces/x' : ''}/${resource}`
      for (const verb of verbs) {
        const isCollection = sub.length === 0 && /^(?:list|watch|create|deletecollection)$/.test(verb)
        add(ofVerb(verb), isCollection ? base : [base, 'x', ...sub].join('/'))
      }
    }
  }
  const index = await jsonOf<{ readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> }>(
    served,
    '/openapi/v3',
  )
  for (const { serverRelativeURL } of Object.values(index.paths)) {
    add('GET', serverRelativeURL)
    const document = await jsonOf<{ readonly paths: Readonly<Record<string, object>> }>(served, serverRelativeURL)
    for (const [path, operations] of Object.entries(document.paths))
      for (const method of Object.keys(operations)) if (method !== 'parameters') add(method.toUpperCase(), path)
  }
  return [...routes.values()]
}

async function openRoutes(served: ServedApi, routes: readonly Route[], token?: string): Promise<readonly string[]> {
  const open: string[] = []
  for (const { method, path } of routes) {
    const reply = await served.call(path, { method, ...(token === undefined ? {} : { token }) })
    await reply.discard()
    if (reply.status !== 401 && reply.status !== 403) open.push(`${method} ${path} ${reply.status}`)
  }
  return open
}

test('without credentials only health and version answer; a user without rights gets no further than discovery', async () => {
  await using served = await serveApi()
  const routes = await everyRoute(served)
  assert.ok(routes.length > 700, `${routes.length} routes were found`)
  const pathOf = (line: string): string => line.split(' ')[1]?.replace(/\?.*/, '') ?? ''
  const toAll = await openRoutes(served, routes)
  assert.deepEqual(
    toAll.filter((line) => !openToAll.test(pathOf(line))),
    [],
  )
  assert.equal(toAll.length, 4, toAll.join('\n'))
  const toUsers = await openRoutes(served, routes, 'user-token')
  assert.deepEqual(
    toUsers.filter((line) => !openToAll.test(pathOf(line)) && !openToUsers.test(pathOf(line))),
    [],
  )
})

test('paths that are near an open one, or written in another way, are not open', async () => {
  await using served = await serveApi()
  for (const path of [
    '/livez/ping',
    '/version/x',
    '/healthz/etcd',
    '//api/v1/secrets',
    '/api/v1/../v1/secrets',
    '/%61pi/v1/secrets',
    '/metrics',
    '/logs',
    '/debug/pprof/',
    '/openapi/v2',
    '/apis',
    '/.well-known/openid-configuration',
  ]) {
    const reply = await served.call(path)
    await reply.discard()
    assert.ok(reply.status === 403 || reply.status === 404, `${path}: ${reply.status}`)
    if (reply.status === 404)
      assert.equal((await (await served.call(path, { token: 'admin-token' })).text()).includes('"items"'), false)
  }
})

test('a wrong token is refused also where nobody needs one', async () => {
  await using served = await serveApi()
  const reply = await served.call('/livez', { token: 'wrong' })
  assert.equal(reply.status, 401)
  assert.deepEqual(await reply.json(), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  })
})

test('documents are for GET alone, and a path that nobody serves is answered in plain text', async () => {
  await using served = await serveApi()
  const answer = async (method: string, path: string): Promise<readonly unknown[]> => {
    const reply = await served.call(path, { method, token: 'admin-token' })
    return [reply.status, reply.header('content-type')]
  }
  for (const path of ['/api', '/api/v1', '/apis/apps/v1', '/version', '/openid/v1/jwks'])
    assert.deepEqual(await answer('POST', path), [405, 'application/json'], path)
  for (const path of ['/apis', '/apis/apps', '/healthz', '/']) assert.equal((await answer('POST', path))[0], 200, path)
  for (const path of [
    ...['/nope', '/apis/nope', '/apis/nope/v1/things', '/metrics/nope', '/metrics/', '/openapi/v4', '/openapi/v2/'],
    ...['/healthz/nope', '/healthz/', '/livez/ping/', '/readyz/a/b'],
  ])
    assert.deepEqual(await answer('GET', path), [404, 'text/plain; charset=utf-8'], path)
  for (const path of ['/api/v2', '/apis/apps/v9', '/apis/apps/v9/things', '/apis/apps/v1/deployments/x', '/version/x'])
    assert.deepEqual(await answer('GET', path), [404, 'application/json'], path)
})

test('a form that no route of a kind produces is refused as the routes word it', async () => {
  await using served = await serveApi()
  const message = async (path: string, accept: string): Promise<string | undefined> => {
    const reply = await served.call(path, { token: 'admin-token', headers: { accept } })
    return ((await reply.json()) as { readonly message?: string }).message
  }
  const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
  const head = '406: Not Acceptable\n\nAvailable representations:'
  assert.equal(await message('/api/v1/namespaces/default', 'text/html'), `${head} ${types}`)
  assert.equal(
    await message('/api/v1/namespaces', 'text/html'),
    `${head} ${types}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
  )
  assert.equal(
    await message('/api/v1/namespaces', 'application/json;as=Nope;g=meta.k8s.io;v=v1'),
    `only the following media types are accepted: ${types}`,
  )
})

test('discovery is refused in a form that its routes do not produce, and a kind to who asks for nothing but ranges', async () => {
  await using served = await serveApi()
  const message = async (path: string, accept: string): Promise<string | undefined> => {
    const reply = await served.call(path, { token: 'admin-token', headers: { accept } })
    return ((await reply.json()) as { readonly message?: string }).message
  }
  const [head, types] = ['406: Not Acceptable\n\nAvailable representations:', 'application/json, application/yaml']
  for (const accept of ['text/html', 'application/*'])
    for (const path of ['/api', '/api/v1', '/apis/apps/v1'])
      assert.equal(await message(path, accept), `${head} ${types}`, `${path} as ${accept}`)
  assert.equal(await message('/version', 'text/*'), `${head} application/json`)
  for (const path of ['/apis', '/apis/apps']) {
    assert.equal(await message(path, 'text/html'), `only the following media types are accepted: ${types}`)
    assert.equal(await message(path, 'application/*'), undefined)
  }
  assert.equal(
    await message('/api/v1/namespaces/default', 'application/*'),
    `${head} ${types}, application/vnd.kubernetes.protobuf`,
  )
})

test('failures come in the form that the client accepts, and for eyes where it accepts none', async () => {
  await using served = await serveApi()
  const answer = async (accept: string): Promise<readonly [type: string | undefined, text: string]> => {
    const path = '/api/v1/namespaces/default/configmaps/nope'
    const reply = await served.call(path, { token: 'admin-token', headers: { accept } })
    assert.equal(reply.status, accept === 'text/html' ? 406 : 404)
    return [reply.header('content-type'), await reply.text()]
  }
  const yaml = [
    ...['apiVersion: v1', 'code: 404', 'details:', '  kind: configmaps', '  name: nope', 'kind: Status'],
    ...['message: configmaps "nope" not found', 'metadata: {}', 'reason: NotFound', 'status: Failure', ''],
  ]
  assert.deepEqual(await answer('application/json;q=0.5, */*;q=0.1, application/yaml'), [
    'application/yaml',
    yaml.join('\n'),
  ])
  const [type, binary] = await answer('application/vnd.kubernetes.protobuf')
  assert.equal(type, 'application/vnd.kubernetes.protobuf')
  assert.match(binary, /^k8s\0[^]*Status[^]*configmaps "nope" not found/)
  assert.match((await answer('application/json;q=0'))[1], /^{"kind":"Status",/)
  assert.match((await answer('text/html'))[1], /^{\n {2}"kind": "Status",/)
})

test('objects are made in a namespace and changed by name', async () => {
  await using served = await serveApi()
  const headers = { 'content-type': 'application/json' }
  for (const [method, path] of [
    ['POST', '/apis/apps/v1/deployments'],
    ['PUT', '/api/v1/namespaces/default/pods'],
    ['PATCH', '/api/v1/namespaces/default/pods'],
    ['PUT', '/api/v1/nodes'],
    ['POST', '/api/v1/nodes/n'],
    ['POST', '/apis/apps/v1/namespaces/default/deployments/d'],
  ] as const) {
    const reply = await served.call(path, { method, token: 'admin-token', headers, body: Buffer.from('{}') })
    await reply.discard()
    assert.equal(reply.status, 405, `${method} ${path}`)
  }
})

test('what can only be created has no objects with paths of their own', async () => {
  await using served = await serveApi()
  const status = async (path: string): Promise<number> => (await served.call(path, { token: 'admin-token' })).status
  const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
  assert.deepEqual([await status(reviews), await status(`${reviews}/x`)], [405, 404])
  const bindings = '/api/v1/namespaces/default/bindings'
  assert.deepEqual([await status(bindings), await status(`${bindings}/x`)], [405, 404])
})
