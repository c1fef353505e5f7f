/** Admission policies over the API. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { builtInResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { JsonObject, KubernetesObject, Status } from '#spec/kubernetes/objects/objects.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import { createApiServer } from '../../api-server.ts'
import type { User } from '../../user.ts'

const admin: User = { name: 'admin', groups: ['system:masters'] }
const version = 'admissionregistration.k8s.io/v1'
const configMaps = builtInResource('v1', 'configmaps')
const inDefault = { namespace: 'default' }
const constraints = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
  ],
}

interface Fixture extends AsyncDisposable {
  readonly client: KubeClient
  /** Adds a policy with a binding of the same name. */
  add(
    kind: 'Validating' | 'Mutating',
    name: string,
    ...specs: readonly [policy: object, binding?: object]
  ): Promise<void>
  /** What a raw create answers: with it the warnings. */
  create(object: object): Promise<{ readonly warnings: readonly string[]; readonly body: JsonObject }>
}

async function start(): Promise<Fixture> {
  await using scope = new AsyncDisposableStack()
  const clock = createClock()
  const store = scope.use(createMemoryStore({ clock }))
  const api = scope.use(await createApiServer({ clock, random: createRandom(), store, log: silentLog }))
  const client = api.clientFor(admin)
  const running = scope.move()
  return {
    client,
    add: async (kind, name, ...[spec, binding = {}]) => {
      const make = (suffix: string): ReturnType<typeof builtInResource> =>
        builtInResource(version, `${kind.toLowerCase()}admissionpolic${suffix}`)
      const policy = {
        apiVersion: version,
        kind: `${kind}AdmissionPolicy`,
        metadata: { name },
        spec: { matchConstraints: constraints, ...spec },
      }
      await client.create(make('ies'), policy as unknown as KubernetesObject)
      const actions = kind === 'Validating' ? { validationActions: ['Deny'] } : {}
      const bound = {
        apiVersion: version,
        kind: `${kind}AdmissionPolicyBinding`,
        metadata: { name },
        spec: { policyName: name, ...actions, ...binding },
      }
      await client.create(make('ybindings'), bound as unknown as KubernetesObject)
    },
    create: async (object) => {
      const reply = await client.raw({
        method: 'POST',
        path: '/api/v1/namespaces/default/configmaps',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(object),
      })
      const warnings = [reply.headers['warning'] ?? []].flat()
      return { warnings, body: JSON.parse(Buffer.from(reply.body).toString()) as JsonObject }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const configMap = (name: string, data: object = {}, metadata: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...metadata },
    data,
  }) as KubernetesObject

async function refusal(promise: Promise<unknown>): Promise<Status> {
  try {
    await promise
  } catch (error) {
    const status = statusOf(error)
    if (status !== undefined) return status
    throw error
  }
  return assert.fail('it was allowed')
}

test('a validation that is false refuses the request with its message and reason', async () => {
  await using fixture = await start()
  await fixture.add('Validating', 'named', {
    variables: [
      { name: 'size', expression: 'size(object.data)' },
      { name: 'isLarge', expression: 'variables.size > 1' },
    ],
    validations: [
      {
        expression: '!variables.isLarge',
        messageExpression: '"has " + string(variables.size) + " members"',
        reason: 'Forbidden',
      },
      { expression: 'object.metadata.name != "bad"', message: 'bad is a bad name' },
      { expression: 'object.metadata.name != "worse"' },
    ],
  })
  await fixture.client.create(configMaps, configMap('fine', { a: '1' }), inDefault)
  const large = await refusal(fixture.client.create(configMaps, configMap('large', { a: '1', b: '2' }), inDefault))
  const text = "ValidatingAdmissionPolicy 'named' with binding 'named' denied request: has 2 members"
  assert.deepEqual(
    [large.code, large.reason, large.message],
    [403, 'Forbidden', `configmaps "large" is forbidden: ${text}`],
  )
  assert.deepEqual(large.details?.causes, [{ message: text }])
  const bad = await refusal(fixture.client.create(configMaps, configMap('bad', { a: '1' }), inDefault))
  assert.deepEqual([bad.code, bad.reason], [422, 'Invalid'])
  assert.match(bad.message ?? '', /denied request: bad is a bad name$/)
  const worse = await refusal(fixture.client.create(configMaps, configMap('worse', { a: '1' }), inDefault))
  assert.match(worse.message ?? '', /denied request: failed expression: object.metadata.name != "worse"$/)
})

test('a validation that fails to evaluate counts by the failure policy', async () => {
  await using fixture = await start()
  const validations = [{ expression: 'object.data.none == "1"' }]
  await fixture.add('Validating', 'lenient', { validations, failurePolicy: 'Ignore' })
  await fixture.client.create(configMaps, configMap('a', { b: '1' }), inDefault)
  await fixture.add('Validating', 'strict', { validations })
  const { message = '' } = await refusal(fixture.client.create(configMaps, configMap('c', { b: '1' }), inDefault))
  assert.match(
    message,
    /'strict' with binding 'strict' denied request: expression 'object.data.none == "1"' resulted in error: no such key: none$/,
  )
})

test('bindings choose what happens: warnings and notes let the request pass', async () => {
  await using fixture = await start()
  await fixture.add(
    'Validating',
    'quiet',
    { validations: [{ expression: 'false', message: 'never' }] },
    { validationActions: ['Warn', 'Audit'] },
  )
  const { warnings, body } = await fixture.create(configMap('a'))
  assert.equal(body['kind'], 'ConfigMap')
  assert.deepEqual(warnings, [
    `299 - "Validation failed for ValidatingAdmissionPolicy 'quiet' with binding 'quiet': never"`,
  ])
})

test('parameters come from the binding, by name or by selector', async () => {
  await using fixture = await start()
  await fixture.client.create(configMaps, configMap('limits', { max: '2' }, { labels: { limits: 'yes' } }), inDefault)
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [
      { expression: 'size(object.data) <= int(params.data.max)', messageExpression: '"at most " + params.data.max' },
    ],
  }
  await fixture.add('Validating', 'by-name', spec, { paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } })
  const data = { a: '1', b: '2', c: '3' }
  const large = await refusal(fixture.client.create(configMaps, configMap('a', data), inDefault))
  assert.match(large.message ?? '', /denied request: at most 2$/)
  await fixture.client.delete(configMaps, 'limits', inDefault)
  const missing = await refusal(fixture.client.create(configMaps, configMap('a', {}), inDefault))
  assert.match(
    missing.message ?? '',
    /denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  )
  await fixture.client.delete(builtInResource(version, 'validatingadmissionpolicybindings'), 'by-name')
  await fixture.add('Validating', 'by-label', spec, {
    paramRef: { selector: { matchLabels: { limits: 'yes' } }, parameterNotFoundAction: 'Allow' },
  })
  await fixture.client.create(configMaps, configMap('a', data), inDefault)
})

test('conditions, excluded resources and the binding narrow what a policy is about', async () => {
  await using fixture = await start()
  const validations = [{ expression: 'false' }]
  await fixture.add('Validating', 'conditional', {
    validations,
    matchConditions: [{ name: 'only-x', expression: 'object.metadata.name.startsWith("x")' }],
  })
  await fixture.client.create(configMaps, configMap('a'), inDefault)
  await refusal(fixture.client.create(configMaps, configMap('x'), inDefault))
  await fixture.add(
    'Validating',
    'bound',
    { validations },
    { matchResources: { objectSelector: { matchLabels: { strict: 'yes' } } } },
  )
  await fixture.client.create(configMaps, configMap('b'), inDefault)
  await refusal(fixture.client.create(configMaps, configMap('c', {}, { labels: { strict: 'yes' } }), inDefault))
})

test('expressions see the request, the namespace and may ask the authorizer', async () => {
  await using fixture = await start()
  await fixture.add('Validating', 'context', {
    validations: [
      { expression: 'request.operation == "CREATE" && request.userInfo.username == "admin" && oldObject == null' },
      { expression: 'namespaceObject.metadata.name == request.namespace' },
      { expression: 'authorizer.group("").resource("pods").namespace("default").check("delete").allowed()' },
      { expression: 'authorizer.requestResource.check("create").allowed()' },
    ],
  })
  await fixture.client.create(configMaps, configMap('a'), inDefault)
})

test('a policy whose expressions do not compile is refused', async () => {
  await using fixture = await start()
  const wrong = fixture.add('Validating', 'wrong', {
    variables: [{ name: 'a', expression: 'object.spec' }],
    validations: [
      { expression: 'variables.b == 1' },
      { expression: 'variables.a' },
      { expression: '1 + 1' },
      { expression: 'params.x' },
    ],
  })
  const { message = '' } = await refusal(wrong)
  assert.match(
    message,
    /spec.validations\[0\].expression: Invalid value: "variables.b == 1": compilation failed: ERROR: <input>:1:10: undefined field 'b'/,
  )
  assert.match(message, /spec.validations\[2\].expression: Invalid value: "1 \+ 1": must evaluate to bool/)
  assert.match(
    message,
    /spec.validations\[3\].expression: Invalid value: "params.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params'/,
  )
  assert.doesNotMatch(message, /validations\[1\]/)
})

test('bindings and evictions are shown as what they are', async () => {
  await using fixture = await start()
  const rule = (resources: readonly string[], operations: readonly string[]): object => ({
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations, resources }],
  })
  await fixture.client.create(builtInResource('v1', 'nodes'), {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1', other: 'x' } },
  } as unknown as KubernetesObject)
  const pods = builtInResource('v1', 'pods')
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  }
  await fixture.client
    .create(
      builtInResource('v1', 'serviceaccounts'),
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: 'default' },
      } as KubernetesObject,
      inDefault,
    )
    .catch(() => undefined)
  await fixture.client.create(pods, pod as unknown as KubernetesObject, inDefault)
  await fixture.add('Validating', 'binds', {
    matchConstraints: rule(['pods/binding'], ['CREATE']),
    validations: [
      {
        expression: 'object.target.name == "n1" && request.kind.kind == "Binding" && request.subResource == "binding"',
        message: 'only n1',
      },
    ],
  })
  await fixture.add('Validating', 'evicts', {
    matchConstraints: rule(['pods/eviction'], ['CREATE']),
    validations: [{ expression: 'request.kind.kind != "Eviction"', message: 'stays' }],
  })
  const bind = (name: string): Promise<unknown> =>
    fixture.client.createSubresource(pods, 'p', {
      ...inDefault,
      subresource: 'binding',
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name } },
    })
  assert.match((await refusal(bind('n2'))).message ?? '', /only n1$/)
  await bind('n1')
  const bound = await fixture.client.get(pods, 'p', inDefault)
  assert.deepEqual(bound.metadata.labels, { 'topology.kubernetes.io/zone': 'z1' })
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } }
  const evicted = await refusal(
    fixture.client.createSubresource(pods, 'p', { ...inDefault, subresource: 'eviction', body: eviction }),
  )
  assert.match(evicted.message ?? '', /stays$/)
})

test('a policy sees another version of what it names, unless it says exactly', async () => {
  await using fixture = await start()
  const rules = {
    resourceRules: [
      {
        apiGroups: ['autoscaling'],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['horizontalpodautoscalers'],
      },
    ],
  }
  const validations = [
    {
      expression: 'object.apiVersion != "autoscaling/v1" || object.spec.targetCPUUtilizationPercentage < 90',
      message: 'too hot',
    },
  ]
  await fixture.add('Validating', 'equivalent', { matchConstraints: rules, validations })
  await fixture.add('Mutating', 'shown', {
    matchConstraints: rules,
    reinvocationPolicy: 'Never',
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: 'Object{spec: Object.spec{minReplicas: 2}}' },
      },
    ],
  })
  const autoscalers = builtInResource('autoscaling/v2', 'horizontalpodautoscalers')
  const autoscaler = (averageUtilization: number): KubernetesObject =>
    ({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: `at-${averageUtilization}`, namespace: 'default' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        maxReplicas: 5,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }],
      },
    }) as unknown as KubernetesObject
  assert.match((await refusal(fixture.client.create(autoscalers, autoscaler(95), inDefault))).message ?? '', /too hot$/)
  const made = (await fixture.client.create(autoscalers, autoscaler(50), inDefault)) as unknown as { spec: JsonObject }
  assert.equal(made.spec['minReplicas'], 2)
  await fixture.client.delete(builtInResource(version, 'validatingadmissionpolicies'), 'equivalent')
  await fixture.add('Validating', 'exact', {
    matchConstraints: { ...rules, matchPolicy: 'Exact' },
    validations: [{ expression: 'false' }],
  })
  await fixture.client.create(autoscalers, autoscaler(60), inDefault)
})

test('an expression may not cost more than its share', async () => {
  await using fixture = await start()
  const loop = 'lists.range(1000).all(a, lists.range(1000).all(b, a + b >= 0))'
  await fixture.add('Validating', 'costly', { validations: [{ expression: loop }] })
  const { message = '' } = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
  assert.match(message, /resulted in error: operation cancelled: actual cost limit exceeded$/)
})

test('a policy that may run again sees what it has made itself', async () => {
  await using fixture = await start()
  const expression = '[JSONPatch{op: "add", path: "/data/n", value: string(int(object.data.n) + 1)}]'
  const mutations = [{ patchType: 'JSONPatch', jsonPatch: { expression } }]
  await fixture.add('Mutating', 'counts', { reinvocationPolicy: 'IfNeeded', mutations })
  const made = await fixture.client.create(configMaps, configMap('a', { n: '0' }), inDefault)
  assert.deepEqual((made as unknown as { data: object }).data, { n: '2' })
})

test('an apply configuration merges into the object, and policies see what earlier ones did', async () => {
  await using fixture = await start()
  await fixture.add('Mutating', 'labels', {
    reinvocationPolicy: 'IfNeeded',
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression: 'Object{metadata: Object.metadata{labels: {"seen": string(size(object.data))}}}',
        },
      },
    ],
  })
  await fixture.add('Mutating', 'members', {
    reinvocationPolicy: 'Never',
    mutations: [
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression:
            '[JSONPatch{op: "test", path: "/data/a", value: "1"}, JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("x.y"), value: "2"}]',
        },
      },
    ],
  })
  const made = await fixture.client.create(
    configMaps,
    configMap('a', { a: '1' }, { labels: { own: 'yes' } }),
    inDefault,
  )
  assert.deepEqual((made as unknown as JsonObject)['data'], { a: '1', 'x.y': '2' })
  assert.deepEqual(made.metadata.labels, { own: 'yes', seen: '2' })
  const other = await fixture.client.create(configMaps, configMap('b', { a: '9' }), inDefault)
  assert.deepEqual((other as unknown as JsonObject)['data'], { a: '9' })
})

test('a mutation that cannot be made refuses the request', async () => {
  await using fixture = await start()
  const apply = (expression: string): object => ({
    reinvocationPolicy: 'Never',
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
  })
  await fixture.add('Mutating', 'wrong', apply('Object{metadata: Object.spec{labels: {"a": "b"}}}'))
  const status = await refusal(fixture.client.create(configMaps, configMap('a'), inDefault))
  assert.deepEqual([status.code, status.reason], [403, 'Invalid'])
  assert.equal(
    status.message,
    `policy 'wrong' with binding 'wrong' denied request: type mismatch: unexpected type name "Object.spec", expected "Object.metadata", which matches field name path from root Object type`,
  )
})
