import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireReader } from '../protobuf/wire-reader.ts'
import { builtInKinds } from '../schema/kinds.ts'
import { openApiV2, openApiV3 } from './documents.ts'
import { gnosticDocument } from './gnostic.ts'
import { groupWord } from './operations.ts'

type Json = Readonly<Record<string, unknown>>
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((here, key) => (here as Json | undefined)?.[key], value)

/** Every `$ref` in a document. */
function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = (value as Json)['$ref']
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(references)]
}

test('every reference of every document leads somewhere', () => {
  for (const version of builtInKinds.served()) {
    const document = openApiV3(version)
    const schemas = at(document, 'components', 'schemas') as Json
    for (const reference of references(document))
      assert.ok(Object.hasOwn(schemas, reference.replace('#/components/schemas/', '')), reference)
  }
  const definitions = at(openApiV2(), 'definitions') as Json
  for (const reference of references(openApiV2()))
    assert.ok(Object.hasOwn(definitions, reference.replace('#/definitions/', '')), reference)
})

test('operations have names of their own', () => {
  const paths = Object.values(at(openApiV2(), 'paths') as Json)
  const ids = paths.flatMap((item) =>
    Object.values(item as Json).flatMap((operation) =>
      (operation as Json)['operationId'] === undefined ? [] : [(operation as Json)['operationId']],
    ),
  )
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(
    ids.includes('listCoreV1PodForAllNamespaces') &&
      ids.includes('patchAppsV1NamespacedDeploymentScale') &&
      ids.includes('connectCoreV1GetNamespacedPodExec'),
  )
  assert.equal(groupWord('rbac.authorization.k8s.io'), 'rbacAuthorization')
})

test('schemas carry what patches and kubectl read', () => {
  const schemas = at(openApiV3({ group: '', version: 'v1' }), 'components', 'schemas')
  assert.deepEqual(at(schemas, 'io.k8s.api.core.v1.ServiceSpec', 'properties', 'ports'), {
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.ServicePort' },
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'port',
    'x-kubernetes-patch-strategy': 'merge',
  })
  assert.deepEqual(at(schemas, 'io.k8s.api.core.v1.ContainerPort'), {
    type: 'object',
    properties: {
      containerPort: { type: 'integer', format: 'int32', default: 0 },
      hostIP: { type: 'string' },
      hostPort: { type: 'integer', format: 'int32' },
      name: { type: 'string' },
      protocol: {
        description: 'Possible enum values:\n - `"SCTP"`\n - `"TCP"`\n - `"UDP"`',
        type: 'string',
        enum: ['SCTP', 'TCP', 'UDP'],
        default: 'TCP',
      },
    },
    required: ['containerPort'],
  })
  assert.deepEqual(at(schemas, 'io.k8s.api.core.v1.Pod', 'x-kubernetes-group-version-kind'), [
    { group: '', kind: 'Pod', version: 'v1' },
  ])
  assert.deepEqual(at(schemas, 'io.k8s.apimachinery.pkg.api.resource.Quantity'), {
    oneOf: [{ type: 'string' }, { type: 'number' }],
  })
})

test('writes say that they validate fields', () => {
  const post = at(
    openApiV3({ group: 'apps', version: 'v1' }),
    'paths',
    '/apis/apps/v1/namespaces/{namespace}/deployments',
    'post',
  ) as Json
  assert.ok((post['parameters'] as readonly Json[]).some((parameter) => parameter['name'] === 'fieldValidation'))
})

const widgets = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  resource: 'widgets',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  type: 'com.example.v1.Widget',
  listType: undefined,
  subresources: [],
  builtIn: false,
}

test('custom resources appear beside the built-in ones', () => {
  const { type } = widgets
  const resource = { ...widgets, verbs: ['get', 'list', 'patch', 'watch'], listType: `${type}List` }
  const schemas = { [type]: { type: 'object' }, [`${type}List`]: { type: 'object' } }
  const document = openApiV3(resource, { extra: { resources: [resource], schemas } })
  const pathOf = (suffix: string): string => `/apis/example.com/v1/${suffix}`
  assert.deepEqual(
    Object.keys(at(document, 'paths') as object).toSorted(),
    ['namespaces/{namespace}/widgets', 'namespaces/{namespace}/widgets/{name}', 'widgets'].map(pathOf),
  )
  const patch = at(document, 'paths', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}', 'patch')
  assert.deepEqual(Object.keys(at(patch, 'requestBody', 'content') as object), [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
  ])
  const list = at(document, 'paths', pathOf('widgets'), 'get', 'responses', '200', 'content')
  assert.deepEqual(Object.keys(list as object), ['application/json', 'application/yaml'])
})

test('a document of custom resources alone says so, and nothing of watch events and bearers', () => {
  const schemas = { [widgets.type]: { type: 'object' } }
  const custom = openApiV3(widgets, { extra: { resources: [widgets], schemas }, serverVersion: '1.36' })
  const builtIn = openApiV3({ group: 'apps', version: 'v1' }, { serverVersion: '1.36' })
  const event = 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent'
  assert.deepEqual(at(custom, 'info'), { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' })
  assert.deepEqual(at(builtIn, 'info'), { title: 'Kubernetes', version: '1.36' })
  for (const [document, isSaid] of [
    [custom, false],
    [builtIn, true],
  ] as const) {
    assert.equal(at(document, 'components', 'schemas', event) !== undefined, isSaid)
    assert.equal(at(document, 'components', 'securitySchemes') !== undefined, isSaid)
  }
})

test('the protobuf form holds the same paths and definitions', () => {
  const document = openApiV2()
  const names = { paths: [] as string[], definitions: [] as string[] }
  const readNames = (reader: WireReader, field: number, into: string[]): void => {
    while (reader.next()) {
      if (reader.field !== field) {
        reader.skip()
        continue
      }
      const named = reader.message()
      while (named.next()) {
        if (named.field === 1) into.push(named.text())
        else named.skip()
      }
    }
  }
  const reader = new WireReader(gnosticDocument(document))
  while (reader.next()) {
    if (reader.field === 8) readNames(reader.message(), 2, names.paths)
    else if (reader.field === 9) readNames(reader.message(), 1, names.definitions)
    else reader.skip()
  }
  assert.deepEqual(names.paths, Object.keys(document['paths'] as object))
  assert.deepEqual(names.definitions, Object.keys(document['definitions'] as object))
})
