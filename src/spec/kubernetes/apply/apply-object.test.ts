import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GantryError } from '#base/errors/gantry-error.ts'
import { decodeTree } from '../decode/decode-object.ts'
import { zeroStruct } from '../decode/zero-value.ts'
import { typeOfKind } from '../schema/kinds.ts'
import { applyObject } from './apply-object.ts'
import { extractFields } from './merge-values.ts'
import { differenceOf, equalSets, type FieldSet, intersectionOf, isEmptySet, unionSets } from './field-set.ts'
import { builtInMergeTypes } from './merge-type.ts'
import { structuralMergeType } from './structural-merge-type.ts'
import { type ApiObject, type FieldContext, trackUpdate } from './track-update.ts'

const deploymentType = typeOfKind('apps/v1', 'Deployment')
assert.ok(deploymentType?.struct)
const struct = deploymentType.struct
const context: FieldContext = {
  type: builtInMergeTypes.of(deploymentType),
  apiVersion: 'apps/v1',
  subresource: '',
  now: '2026-01-01T00:00:00Z',
  emptyObject: zeroStruct(struct),
}
const later: FieldContext = { ...context, now: '2026-01-01T00:00:09Z' }
const canonical = (object: ApiObject): ApiObject => decodeTree(object, deploymentType).value

interface Parts {
  readonly replicas?: number
  readonly containers?: readonly ApiObject[]
  readonly labels?: ApiObject
}
function deployment({ replicas, containers, labels }: Parts): ApiObject {
  const template = containers === undefined ? {} : { template: { spec: { containers } } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', ...(labels === undefined ? {} : { labels }) },
    spec: { ...(replicas === undefined ? {} : { replicas }), ...template },
  }
}
const apply = (live: ApiObject | undefined, patch: ApiObject, manager: string): ApiObject =>
  canonical(applyObject({ live, patch, manager, force: false }, later))
const force = (live: ApiObject, patch: ApiObject, manager: string): ApiObject =>
  canonical(applyObject({ live, patch, manager, force: true }, later))
const managersOf = (object: ApiObject): readonly ApiObject[] =>
  ((object['metadata'] as ApiObject)['managedFields'] ?? []) as readonly ApiObject[]
const fieldsOf = (object: ApiObject, manager: string): unknown =>
  managersOf(object).find((entry) => entry['manager'] === manager)?.['fieldsV1']
const specOf = (object: ApiObject): ApiObject => object['spec'] as ApiObject
const conflictText = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof GantryError && error.kind === 'conflict')
    return error.message
  }
  return 'no conflict'
}

test('a create is tracked as upstream tracks it', () => {
  const wanted = canonical({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', uid: 'x', labels: { app: 'd' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'd' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        metadata: { labels: { app: 'd' } },
        spec: {
          containers: [
            {
              name: 'c',
              image: 'i',
              ports: [
                { containerPort: 443, protocol: 'TCP' },
                { containerPort: 80, protocol: 'TCP' },
              ],
            },
          ],
          securityContext: {},
        },
      },
    },
  })
  const tracked = trackUpdate(undefined, wanted, { manager: 'kubectl-create', context })
  assert.equal(
    JSON.stringify(managersOf(tracked)),
    JSON.stringify([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: context.now,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"c"}': {
                    '.': {},
                    'f:image': {},
                    'f:name': {},
                    'f:ports': {
                      '.': {},
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                      'k:{"containerPort":443,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                    },
                    'f:resources': {},
                  },
                },
                'f:securityContext': {},
              },
            },
          },
        },
      },
    ]),
  )
})

test('applied fields are owned, abandoned ones removed, others kept', () => {
  const first = apply(undefined, deployment({ replicas: 3, labels: { a: '1', b: '2' } }), 'm1')
  assert.deepEqual(fieldsOf(first, 'm1'), {
    'f:metadata': { 'f:labels': { 'f:a': {}, 'f:b': {} } },
    'f:spec': { 'f:replicas': {} },
  })
  const second = apply(first, deployment({ labels: { a: '1' } }), 'm1')
  assert.deepEqual((second['metadata'] as ApiObject)['labels'], { a: '1' })
  assert.equal(specOf(second)['replicas'], undefined)
})

test('a conflict names manager and field; force takes over; equal values are shared', () => {
  const live = apply(undefined, deployment({ replicas: 3, containers: [{ name: 'one', image: 'a' }] }), 'm1')
  assert.equal(
    conflictText(() => apply(live, deployment({ replicas: 4 }), 'm2')),
    'Apply failed with 1 conflict: conflict with "m1": .spec.replicas',
  )
  assert.equal(
    conflictText(() => apply(live, deployment({ replicas: 4, containers: [{ name: 'one', image: 'b' }] }), 'm2')),
    'Apply failed with 2 conflicts: conflicts with "m1":\n- .spec.replicas\n- .spec.template.spec.containers[name="one"].image',
  )
  const forced = force(live, deployment({ replicas: 4 }), 'm2')
  assert.equal(specOf(forced)['replicas'], 4)
  assert.equal(JSON.stringify(fieldsOf(forced, 'm1')).includes('replicas'), false)
  const shared = apply(live, deployment({ replicas: 3 }), 'm2')
  assert.deepEqual(fieldsOf(shared, 'm2'), { 'f:spec': { 'f:replicas': {} } })
  const left = apply(shared, deployment({ containers: [{ name: 'one', image: 'a' }] }), 'm1')
  assert.equal(specOf(left)['replicas'], 3, 'the other owner keeps the field alive')
})

test('updates of ordinary writers are named with their version in conflicts', () => {
  const created = trackUpdate(undefined, canonical(deployment({ replicas: 1 })), { manager: 'kubectl', context })
  assert.equal(
    conflictText(() => apply(created, deployment({ replicas: 2 }), 'm1')),
    'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
  )
})

test('applying the same again changes nothing, not even times', () => {
  const live = apply(undefined, deployment({ replicas: 3, containers: [{ name: 'c', image: 'i' }] }), 'm1')
  assert.equal(
    applyObject(
      {
        live,
        patch: deployment({ replicas: 3, containers: [{ name: 'c', image: 'i' }] }),
        manager: 'm1',
        force: false,
      },
      later,
    ),
    live,
  )
})

test('an applier that changes nothing has applied at no time', () => {
  const live = apply(undefined, deployment({ replicas: 3 }), 'm1')
  const shared = apply(live, deployment({ replicas: 3 }), 'm2')
  const times = managersOf(shared).map(({ manager, time }) => [manager, time === undefined])
  assert.deepEqual(times, [
    ['m2', true],
    ['m1', false],
  ])
  assert.deepEqual(apply(shared, deployment({ replicas: 3 }), 'm2'), shared)
})

test('an update that changes nothing leaves entries and times alone', () => {
  const live = apply(undefined, deployment({ replicas: 3 }), 'm1')
  const stored = { ...live, metadata: { ...(live['metadata'] as ApiObject), uid: 'u' } }
  assert.deepEqual(
    trackUpdate(stored, stored, { manager: 'kubectl-edit', context: { ...later, now: '2027-01-01T00:00:00Z' } }),
    stored,
  )
})

test('an update takes changed fields over and drops removed ones from every set', () => {
  const live = apply(undefined, deployment({ replicas: 3, labels: { a: '1', b: '1' } }), 'm1')
  const stored = { ...live, metadata: { ...(live['metadata'] as ApiObject), uid: 'u' } }
  const { labels: _, ...metadata } = stored.metadata as ApiObject
  const wanted = canonical({ ...stored, metadata: { ...metadata, labels: { a: '2' } } })
  const updated = trackUpdate(stored, wanted, { manager: 'edit', context: later })
  assert.deepEqual(fieldsOf(updated, 'm1'), { 'f:spec': { 'f:replicas': {} } })
  assert.deepEqual(fieldsOf(updated, 'edit'), { 'f:metadata': { 'f:labels': { 'f:a': {} } } })
})

test('an empty entry resets the book-keeping', () => {
  const live = apply(undefined, deployment({ replicas: 3 }), 'm1')
  const stored = { ...live, metadata: { ...(live['metadata'] as ApiObject), uid: 'u' } }
  const wanted = { ...stored, metadata: { ...(stored.metadata as ApiObject), managedFields: [{}] } }
  assert.equal(
    (trackUpdate(stored, wanted, { manager: 'x', context })['metadata'] as ApiObject)['managedFields'],
    undefined,
  )
})

test('an object nobody tracked belongs to before-first-apply', () => {
  const live = canonical({ ...deployment({ replicas: 2 }), metadata: { name: 'd', uid: 'u' } })
  assert.equal(
    conflictText(() => apply(live, deployment({ replicas: 5 }), 'm1')),
    'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
  )
})

test('kubectl takes over what its client-side apply had set', () => {
  const last = deployment({ replicas: 2, labels: { a: '1' } })
  const annotated = {
    ...last,
    metadata: {
      name: 'd',
      labels: { a: '1' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(last) },
    },
  }
  const live = trackUpdate(undefined, canonical(annotated), { manager: 'kubectl-client-side-apply', context })
  const stored = { ...live, metadata: { ...(live['metadata'] as ApiObject), uid: 'u' } }
  const applied = apply(stored, deployment({ replicas: 9 }), 'kubectl')
  assert.equal(specOf(applied)['replicas'], 9)
  const annotations = (applied['metadata'] as ApiObject)['annotations'] as ApiObject
  assert.match(String(annotations['kubectl.kubernetes.io/last-applied-configuration']), /"replicas":9/)
  assert.match(
    conflictText(() => apply(stored, deployment({ replicas: 9 }), 'other')),
    /kubectl-client-side-apply/,
  )
})

test('an apply by kubectl that changes nothing else still brings its annotation up to date', () => {
  const name = 'kubectl.kubernetes.io/last-applied-configuration'
  const live = canonical({
    ...deployment({ replicas: 1 }),
    metadata: { name: 'd', annotations: { [name]: '{"old":true}' } },
  })
  const applied = apply(live, deployment({ replicas: 1 }), 'kubectl')
  const text = ((applied['metadata'] as ApiObject)['annotations'] as ApiObject)[name]
  assert.equal(text, '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1}}\n')
  assert.deepEqual(apply(live, deployment({ replicas: 1 }), 'other')['metadata']?.['annotations' as never], {
    [name]: '{"old":true}',
  })
})

test('list items keep the order of the configuration with foreign ones in between', () => {
  const item = (name: string): ApiObject => ({ name, image: 'i' })
  const live = apply(undefined, deployment({ containers: [item('a'), item('x'), item('b')] }), 'm0')
  const merged = force(live, deployment({ containers: [item('n'), item('b'), item('a')] }), 'm1')
  const containers = ((specOf(merged)['template'] as ApiObject)['spec'] as ApiObject)[
    'containers'
  ] as readonly ApiObject[]
  assert.deepEqual(
    containers.map((container) => container['name']),
    ['x', 'n', 'b', 'a'],
  )
})

const refused: readonly (readonly [patch: ApiObject, message: RegExp])[] = [
  [{ ...deployment({}), apiVersion: 'v1' }, /^Incorrect version specified in apply patch/],
  [{ ...deployment({}), metadata: { name: 'd', managedFields: [] } }, /^metadata.managedFields must be nil$/],
  [
    { ...deployment({}), spec: { nope: 1 } },
    /failed to create typed patch object \(\/d; apps\/v1, Kind=Deployment\): \.spec\.nope: field not declared in schema$/,
  ],
  [
    deployment({ containers: [{ name: 'a' }, { name: 'a' }] }),
    /\.spec\.template\.spec\.containers: duplicate entries for key \[name="a"\]$/,
  ],
  [
    deployment({ containers: [{ image: 'a' }, { image: 'b' }] }),
    /\.spec\.template\.spec\.containers: duplicate entries for key \[name=""\]$/,
  ],
  [{ ...deployment({}), spec: { replicas: 'x' } }, /\.spec\.replicas: expected numeric \(int or float\), got string$/],
]
for (const [patch, message] of refused)
  test(`an apply is refused: ${message.source}`, () => assert.throws(() => apply(undefined, patch, 'm'), { message }))

test('custom resources merge by their structural schema', () => {
  const type = structuralMergeType({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          parts: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['id'],
            items: { type: 'object', properties: { id: { type: 'string' }, num: { type: 'integer' } } },
          },
          tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
          whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'string' } } },
        },
      },
    },
  })
  const custom: FieldContext = { ...context, type, apiVersion: 'e.com/v1', emptyObject: {} }
  const widget = (spec: object): ApiObject => ({
    apiVersion: 'e.com/v1',
    kind: 'Widget',
    metadata: { name: 'w' },
    spec,
  })
  const live = applyObject(
    {
      live: undefined,
      patch: widget({ parts: [{ id: 'a', num: 1 }], tags: ['x'], whole: { a: '1' } }),
      manager: 'm1',
      force: false,
    },
    custom,
  )
  assert.deepEqual(fieldsOf(live, 'm1'), {
    'f:spec': {
      'f:parts': { 'k:{"id":"a"}': { '.': {}, 'f:id': {}, 'f:num': {} } },
      'f:tags': { 'v:"x"': {} },
      'f:whole': {},
    },
  })
  const more = applyObject(
    { live, patch: widget({ parts: [{ id: 'b' }], tags: ['y'] }), manager: 'm2', force: false },
    custom,
  )
  assert.deepEqual(more['spec'], { parts: [{ id: 'a', num: 1 }, { id: 'b' }], tags: ['x', 'y'], whole: { a: '1' } })
  assert.equal(
    conflictText(() =>
      applyObject({ live, patch: widget({ parts: [{ id: 'a', num: 2 }] }), manager: 'm2', force: false }, custom),
    ),
    'Apply failed with 1 conflict: conflict with "m1": .spec.parts[id="a"].num',
  )
})

test('the oldest update entries are folded together', () => {
  let object = canonical({ ...deployment({}), metadata: { name: 'd' } })
  object = trackUpdate(undefined, object, { manager: 'm', context })
  object = {
    ...object,
    metadata: {
      ...(object['metadata'] as ApiObject),
      uid: 'u',
      managedFields: [
        {
          manager: 'a',
          operation: 'Apply',
          apiVersion: 'apps/v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:paused': {} } },
        },
      ],
    },
  }
  for (let i = 0; i < 15; i++) {
    const labels = { ...((object['metadata'] as ApiObject)['labels'] as ApiObject | undefined), [`l${i}`]: 'x' }
    const wanted = { ...object, metadata: { ...(object['metadata'] as ApiObject), labels } }
    object = trackUpdate(object, wanted, {
      manager: `m${i}`,
      context: { ...context, now: `2026-01-01T00:00:${String(i).padStart(2, '0')}Z` },
    })
  }
  const updates = managersOf(object).filter((entry) => entry['operation'] === 'Update')
  assert.equal(updates.length, 10)
  assert.ok(updates.some((entry) => entry['manager'] === 'ancient-changes'))
})

const leaf = fc.constant<FieldSet>({})
const { set } = fc.letrec<{ set: FieldSet }>((tie) => ({
  set: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc
      .dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'v:"x"'), tie('set'))
      .map((children) => (Object.keys(children).length === 0 ? {} : children)),
    tie('set').map((node) => (Object.keys(node).length === 0 ? node : { '.': {}, ...node })),
  ),
}))
const root = set.map((node) => Object.fromEntries(Object.entries(node).filter(([element]) => element !== '.')))

test('field sets obey the laws of sets', () => {
  fc.assert(
    fc.property(root, root, root, (a, b, c) => {
      assert.ok(equalSets(unionSets(a, b), unionSets(b, a)))
      assert.ok(equalSets(unionSets(unionSets(a, b), c), unionSets(a, unionSets(b, c))))
      assert.ok(isEmptySet(differenceOf(a, a)))
      assert.ok(equalSets(unionSets(differenceOf(a, b), intersectionOf(a, b)), a))
      assert.ok(isEmptySet(intersectionOf(differenceOf(a, b), b)))
      assert.ok(equalSets(differenceOf(unionSets(a, b), b), differenceOf(a, b)))
    }),
    { numRuns: 500 },
  )
})

test('what a manager applied can be taken out of the object again', () => {
  const mine = deployment({ replicas: 3, containers: [{ name: 'c', image: 'i' }], labels: { a: '1' } })
  const first = apply(undefined, mine, 'm1')
  const both = apply(first, deployment({ containers: [{ name: 'd', image: 'j' }], labels: { b: '2' } }), 'm2')
  const { metadata, spec } = extractFields(both, fieldsOf(both, 'm1') as FieldSet, context.type) as ApiObject
  assert.deepEqual({ metadata, spec }, { metadata: { labels: { a: '1' } }, spec: mine['spec'] })
})
