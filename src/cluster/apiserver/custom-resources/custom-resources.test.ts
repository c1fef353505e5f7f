import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customResourceDefinitions, ingresses } from '#clients/kubernetes/resources.table.ts'
import { statusOf } from '#clients/kubernetes/status-error.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'
import { definedApi, versionOf, whenDefinition, widget, widgetDefinition, widgets } from './defined-api.contract.ts'

/** The message of a call's failure. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    return statusOf(error)?.message ?? String(error)
  }
  return 'no failure'
}

test('a definition is established at once and its objects are served with defaults, pruned', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  assert.deepEqual(
    definition.status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    [
      ['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'],
      ['Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'],
    ],
  )
  const made = await client.create(widgets, widget('a', { color: 'red', nope: 1 }))
  assert.deepEqual(made['spec'], { color: 'red', min: 1, size: 5 })
  assert.equal(made.metadata.generation, 1)
  assert.equal((await client.list(widgets, { namespace: 'default' })).items.length, 1)
})

test('a wrong object is refused with the words of its schema, and rules wait for the rest', async () => {
  const rule = { rule: 'self.min <= self.size', message: 'min must not be above size' }
  await using defined = await definedApi([widgetDefinition(versionOf({ 'x-kubernetes-validations': [rule] }))])
  const { client } = defined
  const create = (spec: object): Promise<string> => failure(client.create(widgets, widget('a', spec)))
  assert.equal(
    await create({ color: 'pink' }),
    'Widget.example.com "a" is invalid: [spec.color: Unsupported value: "pink": supported values: "red", "green", "blue", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
  )
  assert.equal(
    await create({ color: 'red', size: 99 }),
    'Widget.example.com "a" is invalid: spec.size: Invalid value: 99: spec.size in body should be less than or equal to 10',
  )
  assert.equal(
    await create({ color: 'red', min: 9 }),
    'Widget.example.com "a" is invalid: spec: Invalid value: min must not be above size',
  )
})

test('what was wrong before and did not change is not held against an update', async () => {
  await using defined = await definedApi()
  const { client } = defined
  await client.create(widgets, widget('a', { color: 'red', size: 9 }))
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  const [version] = widgetDefinition(
    versionOf({ properties: { color: { type: 'string' }, size: { type: 'integer', maximum: 3 } } }),
  ).spec.versions
  assert.ok(version)
  await client.update(customResourceDefinitions, { ...definition, spec: { ...definition.spec, versions: [version] } })
  const merge = (spec: object): Promise<string> =>
    failure(client.patch(widgets, 'a', { spec }, { type: 'merge', namespace: 'default' }))
  assert.equal(await merge({ color: 'blue' }), 'no failure')
  assert.equal(
    await merge({ size: 8 }),
    'Widget.example.com "a" is invalid: spec.size: Invalid value: 8: spec.size in body should be less than or equal to 3',
  )
})

test('status and spec are written apart, and generation counts what is not status', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const made = await client.create(widgets, widget('a', { color: 'red' }, { status: { ready: true } }))
  assert.equal(made['status'], undefined)
  const status = await client.updateStatus(widgets, {
    ...made,
    metadata: { ...made.metadata, labels: { kept: 'no' } },
    spec: { color: 'blue' },
    status: { replicas: 2 },
  })
  assert.deepEqual(
    [status['status'], status['spec'], status.metadata.labels],
    [{ replicas: 2 }, made['spec'], undefined],
  )
  assert.equal(status.metadata.generation, 1)
  const changed = await client.update(widgets, { ...status, spec: { color: 'red', size: 3 }, status: { replicas: 9 } })
  assert.deepEqual([changed['status'], changed.metadata.generation], [{ replicas: 2 }, 2])
})

test('the scale subresource reads and sets the number that the definition names', async () => {
  await using defined = await definedApi()
  const { client } = defined
  await client.create(widgets, widget('a', { color: 'red', replicas: 3 }))
  const place = { namespace: 'default', subresource: 'scale' }
  const scale = await client.getSubresource<{ metadata: object; spec: object; status: object }>(widgets, 'a', place)
  assert.deepEqual([scale.spec, scale.status], [{ replicas: 3 }, { replicas: 0 }])
  await client.updateSubresource(widgets, 'a', {
    ...place,
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: scale.metadata, spec: { replicas: 7 } },
  })
  const { spec, metadata } = await client.get(widgets, 'a', { namespace: 'default' })
  assert.deepEqual([(spec as { replicas?: number }).replicas, metadata.generation], [7, 2])
})

test('the scale of an object that belongs to no namespace is patched like any other', async () => {
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
  const named = widgetDefinition({ subresources: { scale } })
  const definition = { ...named, spec: { ...named.spec, scope: 'Cluster' as const } }
  await using defined = await definedApi([definition])
  const { client } = defined
  const own = { ...widgets, namespaced: false }
  // A namespace that the client wrote all the same is taken off.
  const made = await client.create(own, widget('a', { color: 'red', replicas: 3 }))
  assert.equal(made.metadata.namespace, undefined)
  const put = await client.update(
    own,
    widget('a', { color: 'blue', replicas: 3 }, { metadata: { ...made.metadata, namespace: 'default' } }),
  )
  assert.deepEqual([put['spec'], put.metadata.namespace], [{ color: 'blue', replicas: 3, min: 1, size: 5 }, undefined])
  const patch = { spec: { replicas: 10 } }
  const changed = await client.patch(own, 'a', patch, { type: 'merge', subresource: 'scale' })
  assert.deepEqual(changed['spec'], { replicas: 10 })
})

test('objects are selected by the fields that their version names', async () => {
  await using defined = await definedApi([widgetDefinition({ selectableFields: [{ jsonPath: '.spec.color' }] })])
  const { client } = defined
  await client.create(widgets, widget('a', { color: 'red' }))
  await client.create(widgets, widget('b', { color: 'blue' }))
  const names = async (fieldSelector: string): Promise<readonly (string | undefined)[]> =>
    (await client.list(widgets, { fieldSelector })).items.map(({ metadata }) => metadata.name)
  assert.deepEqual(await names('spec.color=blue'), ['b'])
  assert.equal(await failure(names('spec.size=5')), 'field label not supported: spec.size')
})

test('applied lists merge by the keys of the schema', async () => {
  const parts = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['id'],
    items: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, count: { type: 'integer' } } },
  }
  await using defined = await definedApi([
    widgetDefinition(versionOf({ properties: { color: { type: 'string' }, parts } })),
  ])
  const { client } = defined
  const apply = (fieldManager: string, list: object): Promise<unknown> =>
    client.apply(widgets, widget('a', { color: 'red', parts: list }), { fieldManager })
  await apply('one', [{ id: 'a', count: 1 }])
  await apply('two', [{ id: 'b', count: 2 }])
  const { spec } = await client.get(widgets, 'a', { namespace: 'default' })
  assert.deepEqual((spec as { parts: unknown }).parts, [
    { id: 'a', count: 1 },
    { id: 'b', count: 2 },
  ])
  assert.match(
    await failure(apply('two', [{ id: 'a', count: 9 }])),
    /conflict with "one".*\.spec\.parts\[id="a"\]\.count/s,
  )
  assert.match(
    await failure(client.patch(widgets, 'a', { spec: {} }, { type: 'strategic', namespace: 'default' })),
    /accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml/,
  )
})

test('versions of one definition show the same objects, and the stored version can change', async () => {
  const [first] = widgetDefinition().spec.versions
  assert.ok(first)
  const second = { ...first, name: 'v2', storage: false }
  await using defined = await definedApi([widgetDefinition({}, { versions: [first, second] })])
  const { client } = defined
  const later = { ...widgets, version: 'v2' }
  await client.create(later, { ...widget('a'), apiVersion: 'example.com/v2' })
  assert.equal((await client.get(widgets, 'a', { namespace: 'default' })).apiVersion, 'example.com/v1')
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  const versions = [
    { ...first, storage: false },
    { ...second, storage: true },
  ]
  const changed = await client.update(customResourceDefinitions, {
    ...definition,
    spec: { ...definition.spec, versions },
  })
  assert.deepEqual(changed.status?.storedVersions, ['v1', 'v2'])
  assert.equal((await client.get(later, 'a', { namespace: 'default' })).apiVersion, 'example.com/v2')
  const patched = await client.patch(widgets, 'a', { spec: { size: 3 } }, { type: 'merge', namespace: 'default' })
  assert.equal(patched.apiVersion, 'example.com/v1')
  const stored = defined.api.parts.cache.collection('example.com/widgets').get('default/a')
  assert.equal(stored?.value.apiVersion, 'example.com/v2')
})

test('two definitions cannot hold the same names', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const other = widgetDefinition(
    {},
    { names: { plural: 'gadgets', singular: 'gadget', kind: 'Widget', shortNames: ['wd'] } },
  )
  await client.create(customResourceDefinitions, { ...other, metadata: { name: 'gadgets.example.com' } })
  await whenDefinition(client, 'gadgets.example.com', (now) => now?.status?.conditions?.length === 2)
  const now = await client.get(customResourceDefinitions, 'gadgets.example.com')
  assert.deepEqual(
    now.status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    [
      ['NamesAccepted', 'False', 'ListKindConflict', '"WidgetList" is already in use'],
      ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ],
  )
  await client.delete(customResourceDefinitions, 'widgets.example.com')
  await whenDefinition(
    client,
    'gadgets.example.com',
    (later) => later?.status?.conditions?.every(({ status }) => status === 'True') === true,
  )
})

test('a deleted definition takes its objects along and lets finalizers have their time', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const held = widget(
    'held',
    { color: 'red' },
    { metadata: { name: 'held', namespace: 'default', finalizers: ['example.com/hold'] } },
  )
  await client.create(widgets, widget('free'))
  await client.create(widgets, held)
  await client.delete(customResourceDefinitions, 'widgets.example.com')
  await whenDefinition(
    client,
    'widgets.example.com',
    (now) => now?.status?.conditions?.some(({ reason }) => reason === 'InstanceDeletionInProgress') === true,
  )
  assert.equal(
    await failure(client.create(widgets, widget('late'))),
    'widgets.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
  )
  assert.deepEqual(
    (await client.list(widgets)).items.map(({ metadata }) => metadata.name),
    ['held'],
  )
  await client.patch(widgets, 'held', { metadata: { finalizers: null } }, { type: 'merge', namespace: 'default' })
  await whenDefinition(client, 'widgets.example.com', (now) => now === undefined)
  assert.equal(await failure(client.list(widgets)), 'the server could not find the requested resource')
})

test('a definition that comes back with another scope is served with that scope', async () => {
  await using defined = await definedApi()
  const { client } = defined
  await client.create(widgets, widget('one'))
  await client.delete(customResourceDefinitions, 'widgets.example.com')
  await whenDefinition(client, 'widgets.example.com', (now) => now === undefined)
  await client.create(customResourceDefinitions, widgetDefinition({}, { scope: 'Cluster' }))
  await whenDefinition(client, 'widgets.example.com', (now) => isConditionTrue(now?.status?.conditions, 'Established'))
  const created = await client.create(
    { ...widgets, namespaced: false },
    widget('one', { color: 'red' }, { metadata: { name: 'one' } }),
  )
  assert.equal(created.metadata.namespace, undefined)
})

test('watches of a resource end when it is served differently', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const seen: string[] = []
  const watching = (async () => {
    for await (const { type } of client.watch(widgets, { resourceVersion: '0' })) seen.push(type)
  })()
  await client.create(widgets, widget('a'))
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  const versions = definition.spec.versions.map((version) => ({ ...version, deprecated: true }))
  await client.update(customResourceDefinitions, { ...definition, spec: { ...definition.spec, versions } })
  await watching
  assert.deepEqual(seen, ['ADDED'])
})

test('objects that were stored before a default was there show it', async () => {
  await using defined = await definedApi([widgetDefinition(versionOf({ properties: { color: { type: 'string' } } }))])
  const { client } = defined
  await client.create(widgets, widget('a'))
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  const properties = { color: { type: 'string' }, shape: { type: 'string', default: 'round' } }
  const { versions } = widgetDefinition(versionOf({ properties })).spec
  await client.update(customResourceDefinitions, { ...definition, spec: { ...definition.spec, versions } })
  assert.deepEqual((await client.get(widgets, 'a', { namespace: 'default' })).spec, { color: 'red', shape: 'round' })
})

test('other kinds, other versions and unreadable metadata are refused as upstream refuses them', async () => {
  await using defined = await definedApi()
  const { client } = defined
  const create = (object: object): Promise<string> =>
    failure(client.create(widgets, object as ReturnType<typeof widget>))
  assert.equal(
    await create({ ...widget('a'), kind: 'Gadget' }),
    'Widget.example.com "a" is invalid: kind: Invalid value: "Gadget": must be Widget',
  )
  assert.equal(
    await create({ ...widget('a'), apiVersion: 'example.com/v9' }),
    'the API version in the data (example.com/v9) does not match the expected API version (example.com/v1)',
  )
  assert.match(
    await create({ ...widget('a'), metadata: { name: 'a', namespace: 'default', labels: { a: 1 } } }),
    /json: cannot unmarshal number into Go struct field ObjectMeta\.labels of type string$/,
  )
  assert.equal(await failure(client.update(widgets, widget('a'))), 'widgets.example.com "a" not found')
  await client.create(widgets, widget('a'))
  assert.equal(
    await failure(client.update(widgets, widget('a'))),
    'widgets.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  )
})

test('a definition cannot take over what is built in, nor take it along when it goes', async () => {
  const names = { plural: 'ingresses', singular: 'ingress', kind: 'Ingress' }
  const forged = {
    ...widgetDefinition({}, { group: 'networking.k8s.io', names }),
    metadata: { name: 'ingresses.networking.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved' } },
  }
  await using defined = await definedApi([forged as ReturnType<typeof widgetDefinition>])
  const { client } = defined
  const ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'a', namespace: 'default' },
    spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
  }
  await client.create(ingresses, ingress as never)
  await client.delete(customResourceDefinitions, 'ingresses.networking.k8s.io')
  await whenDefinition(client, 'ingresses.networking.k8s.io', (now) => now === undefined)
  assert.equal((await client.get(ingresses, 'a', { namespace: 'default' })).metadata.name, 'a')
})

test('a group of the community says whether somebody approved, and unknown formats are told', async () => {
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, a test' }
  const format = { properties: { color: { type: 'string', format: 'paint' } } }
  const definition = {
    ...widgetDefinition(versionOf(format), { group: 'tests.k8s.io' }),
    metadata: { name: 'widgets.tests.k8s.io', annotations },
  }
  await using defined = await definedApi([definition as ReturnType<typeof widgetDefinition>])
  const { status } = await defined.client.get(customResourceDefinitions, 'widgets.tests.k8s.io')
  assert.deepEqual(
    status?.conditions?.map(({ type, status: state, reason, message }) => [type, state, reason, message]).at(-1),
    ['KubernetesAPIApprovalPolicyConformant', 'False', 'UnapprovedAnnotation', 'not approved: "unapproved, a test"'],
  )
})

test('documents and discovery show what is served, as long as it is', async () => {
  await using defined = await definedApi([widgetDefinition({ selectableFields: [{ jsonPath: '.spec.color' }] })])
  const { client } = defined
  const read = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const reply = await client.raw({ method: 'GET', path })
    return { status: reply.status, text: Buffer.from(reply.body).toString() }
  }
  const listed = JSON.parse((await read('/apis/example.com/v1')).text) as { readonly resources: readonly object[] }
  assert.deepEqual(
    listed.resources.map((row) => [(row as { name: string }).name, (row as { verbs: readonly string[] }).verbs.length]),
    [
      ['widgets', 8],
      ['widgets/status', 3],
      ['widgets/scale', 3],
    ],
  )
  const v3 = JSON.parse((await read('/openapi/v3/apis/example.com/v1')).text) as {
    readonly paths: Readonly<Record<string, object>>
    readonly components: { readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
  }
  const schema = v3.components.schemas['com.example.v1.Widget']
  assert.deepEqual(schema?.['x-kubernetes-group-version-kind'], [
    { group: 'example.com', kind: 'Widget', version: 'v1' },
  ])
  assert.deepEqual(schema?.['x-kubernetes-selectable-fields'], [{ fieldPath: 'spec.color' }])
  assert.ok('/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/scale' in v3.paths)
  assert.match((await read('/openapi/v2')).text, /"com\.example\.v1\.WidgetList"/)
  const definition = await client.get(customResourceDefinitions, 'widgets.example.com')
  const versions = definition.spec.versions.map((version) => ({ ...version, served: false }))
  await client.update(customResourceDefinitions, { ...definition, spec: { ...definition.spec, versions } })
  assert.equal((await read('/apis/example.com/v1')).status, 404)
  assert.doesNotMatch((await read('/openapi/v2')).text, /WidgetList/)
})
