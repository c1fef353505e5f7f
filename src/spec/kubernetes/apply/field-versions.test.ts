import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { applyObject } from './apply-object.ts'
import type { FieldVersions } from './field-versions.ts'
import { structuralMergeType } from './structural-merge-type.ts'
import { type ApiObject, type FieldContext, trackUpdate } from './track-update.ts'

const text = { type: 'string' }
const items = (key: string): object => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
  items: { type: 'object', properties: { [key]: text, value: text } },
})
const typeOf = (spec: object): FieldContext['type'] =>
  structuralMergeType({ type: 'object', properties: { spec: { type: 'object', properties: spec } } })
/** v2 calls the color a tint, and the name of a part its id; v3 cannot be converted to, v4 lacks the label. */
const types = {
  'x/v1': typeOf({ color: text, parts: items('name'), label: text }),
  'x/v2': typeOf({ tint: text, parts: items('id'), label: text }),
  'x/v3': typeOf({ label: text }),
  'x/v4': typeOf({ color: text, parts: items('name') }),
}

function renamed(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [names[key] ?? key, renamed(item, names)]))
}

const versions: FieldVersions = {
  mayChange: true,
  find: (apiVersion) => {
    const type = types[apiVersion as keyof typeof types]
    return type === undefined ? undefined : { type }
  },
  convert: (object, apiVersion) => {
    if (apiVersion === 'x/v3') throw new GantryError('TEST', 'internal', 'v3 is out of order')
    const names: Readonly<Record<string, string>> =
      object['apiVersion'] === 'x/v2' ? { tint: 'color', id: 'name' } : { color: 'tint', name: 'id' }
    const isOther = (object['apiVersion'] === 'x/v2') !== (apiVersion === 'x/v2')
    return { ...object, apiVersion, spec: isOther ? renamed(object['spec'], names) : object['spec'] }
  },
}

function context(apiVersion: keyof typeof types, more: Partial<FieldContext> = {}): FieldContext {
  const emptyObject = { apiVersion, kind: 'X' }
  return {
    type: types[apiVersion],
    apiVersion,
    subresource: '',
    now: '2026-01-01T00:00:00Z',
    emptyObject,
    versions,
    ...more,
  }
}

function entry(manager: string, apiVersion: string, fields: object): ApiObject {
  return { manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': fields } }
}

function object(apiVersion: string, spec: object, managedFields: readonly object[] = []): ApiObject {
  return { apiVersion, kind: 'X', metadata: { uid: 'u', ...(managedFields.length > 0 ? { managedFields } : {}) }, spec }
}

function owners(of: ApiObject): readonly (readonly unknown[])[] {
  const { managedFields = [] } = of['metadata'] as { managedFields?: readonly ApiObject[] }
  return managedFields.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1])
}

function failureOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof GantryError)
    return error.message
  }
  return 'no failure'
}

const red = [entry('first', 'x/v1', { 'f:color': {}, 'f:label': {} })]
const live = (managers: readonly object[] = red): ApiObject => object('x/v2', { tint: 'red', label: 'l' }, managers)
const apply = (spec: object, force = false): ApiObject =>
  applyObject(
    { live: live(), patch: { apiVersion: 'x/v2', kind: 'X', metadata: {}, spec }, manager: 'second', force },
    context('x/v2'),
  )

test('who applied in another version is in conflict under that version’s name of the field', () => {
  assert.equal(
    failureOf(() => apply({ tint: 'blue' })),
    'Apply failed with 1 conflict: conflict with "first": .spec.color',
  )
})

test('what is taken by force goes from the other version’s set', () => {
  assert.deepEqual(owners(apply({ tint: 'blue' }, true)), [
    ['first', 'x/v1', { 'f:spec': { 'f:label': {} } }],
    ['second', 'x/v2', { 'f:spec': { 'f:tint': {} } }],
  ])
})

test('an update takes fields from managers of every version, and gives an entry to its own', () => {
  const wanted = object('x/v2', { tint: 'blue', label: 'l' }, red)
  const tracked = trackUpdate(live(), wanted, { manager: 'second', context: context('x/v2') })
  assert.deepEqual(owners(tracked), [
    ['first', 'x/v1', { 'f:spec': { 'f:label': {} } }],
    ['second', 'x/v2', { 'f:spec': { 'f:tint': {} } }],
  ])
})

test('an applier that comes in another version gives up what it no longer mentions', () => {
  const parts = [
    { id: 'a', value: '1' },
    { id: 'b', value: '2' },
  ]
  const shares = [
    entry('first', 'x/v1', {
      'f:color': {},
      'f:parts': {
        'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:value': {} },
        'k:{"name":"b"}': { '.': {}, 'f:name': {} },
      },
    }),
    entry('other', 'x/v1', { 'f:parts': { 'k:{"name":"b"}': { '.': {}, 'f:name': {}, 'f:value': {} } } }),
  ]
  const patch = { apiVersion: 'x/v2', kind: 'X', metadata: {}, spec: { label: 'new' } }
  const now = object('x/v2', { tint: 'red', parts }, shares)
  const next = applyObject({ live: now, patch, manager: 'first', force: false }, context('x/v2'))
  assert.equal((next['spec'] as ApiObject)['tint'], undefined)
  assert.deepEqual((next['spec'] as ApiObject)['parts'], [{ id: 'b', value: '2' }])
  assert.deepEqual(
    owners(next).map((owner) => owner.slice(0, 2)),
    [
      ['other', 'x/v1'],
      ['first', 'x/v2'],
    ],
  )
})

test('managers of versions that there are no more are forgotten', () => {
  const managers = [...red, entry('late', 'x/v9', { 'f:label': {} })]
  const wanted = object('x/v2', { tint: 'red', label: 'new' }, managers)
  const tracked = trackUpdate(live(managers), wanted, { manager: 'second', context: context('x/v2') })
  assert.deepEqual(owners(tracked), [
    ['first', 'x/v1', { 'f:spec': { 'f:color': {} } }],
    ['second', 'x/v2', { 'f:spec': { 'f:label': {} } }],
  ])
})

for (const [version, why] of [
  ['x/v3', 'v3 is out of order'],
  ['x/v4', '.spec.label: field not declared in schema'],
] as const) {
  test(`an object that cannot be had in ${version} loses all its managers by an update, and takes no apply`, () => {
    const managers = [...red, entry('odd', version, { 'f:color': {} })]
    const wanted = object('x/v2', { tint: 'blue', label: 'l' }, managers)
    const tracked = trackUpdate(live(managers), wanted, { manager: 'second', context: context('x/v2') })
    assert.deepEqual(owners(tracked), [])
    const patch = { apiVersion: 'x/v2', kind: 'X', metadata: {}, spec: {} }
    const request = { live: live(managers), patch, manager: 'second', force: true }
    assert.equal(
      failureOf(() => applyObject(request, context('x/v2'))),
      why,
    )
  })
}

test('a merge that does not fit the version of another manager says which step failed', () => {
  const managers = [entry('first', 'x/v4', { 'f:color': {} }), entry('second', 'x/v2', { 'f:tint': {} })]
  const patch = { apiVersion: 'x/v2', kind: 'X', metadata: {}, spec: { label: 'new' } }
  const request = { live: object('x/v2', { tint: 'red' }, managers), patch, manager: 'second', force: false }
  assert.equal(
    failureOf(() => applyObject(request, context('x/v2'))),
    'failed to prune fields: failed add back owned items: failed to convert merged object at version x/v4: .spec.label: field not declared in schema',
  )
})

test('what has become atomic is owned as a whole', () => {
  const atomic = { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: text }
  const managers = [entry('first', 'x/v1', { 'f:tags': { '.': {}, 'f:a': {} }, 'f:color': {} })]
  const now = (tags: object): ApiObject => object('x/v1', { color: 'red', tags }, managers)
  const type = typeOf({ color: text, tags: atomic })
  const tracked = (tags: object, label: object = {}): ApiObject =>
    trackUpdate(now({ a: '1' }), { ...now(tags), ...label }, { manager: 'second', context: context('x/v1', { type }) })
  assert.deepEqual(owners(tracked({ a: '1' })), [['first', 'x/v1', { 'f:spec': { 'f:color': {}, 'f:tags': {} } }]])
  assert.deepEqual(owners(tracked({ a: '1', b: '2' })), [
    ['first', 'x/v1', { 'f:spec': { 'f:color': {} } }],
    ['second', 'x/v1', { 'f:spec': { 'f:tags': {} } }],
  ])
})
