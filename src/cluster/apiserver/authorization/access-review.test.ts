import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiObject } from '../api-object.ts'
import type { Access, Decision } from './access.ts'
import { decisionOf, reviewOf, reviewSpec } from './access-review.ts'
import { askedAccess } from './asked-access.ts'

const jane = { name: 'jane', groups: ['dev'], uid: 'u', extra: { scopes: ['a'] } }
const access: Access = {
  ...{ user: jane, verb: 'list', isResource: true, group: 'apps', version: 'v1', resource: 'deployments' },
  ...{ subresource: '', namespace: 'default', name: '', path: '/x' },
}

test('a question about a resource is sent with the terms of its selectors', () => {
  const rows: readonly [selectors: Partial<Access>, expected: object][] = [
    [{}, {}],
    [
      { fieldSelector: 'metadata.name=a,spec.nodeName!=b' },
      {
        fieldSelector: {
          requirements: [
            { key: 'metadata.name', operator: 'In', values: ['a'] },
            { key: 'spec.nodeName', operator: 'NotIn', values: ['b'] },
          ],
        },
      },
    ],
    [
      { labelSelector: 'z notin (b,a),a=1,!gone,there,n>3' },
      {
        labelSelector: {
          requirements: [
            { key: 'a', operator: 'In', values: ['1'] },
            { key: 'gone', operator: 'DoesNotExist' },
            { key: 'there', operator: 'Exists' },
            { key: 'z', operator: 'NotIn', values: ['a', 'b'] },
          ],
        },
      },
    ],
    [{ fieldSelector: 'broken', labelSelector: 'x y' }, {}],
  ]
  for (const [selectors, expected] of rows) {
    assert.deepEqual(reviewSpec({ ...access, ...selectors }), {
      resourceAttributes: {
        ...{ namespace: 'default', verb: 'list', group: 'apps', version: 'v1', resource: 'deployments' },
        ...expected,
      },
      user: 'jane',
      groups: ['dev'],
      extra: { scopes: ['a'] },
      uid: 'u',
    })
  }
})

test('a question about a path, and what nobody says is left out', () => {
  const user = { name: 'nobody', groups: [] }
  const spec = reviewSpec({ ...access, isResource: false, verb: 'get', user })
  assert.deepEqual(spec, { nonResourceAttributes: { path: '/x', verb: 'get' }, user: 'nobody' })
})

test('the older version calls the groups group', () => {
  const { spec } = reviewOf(reviewSpec(access), 'v1beta1') as { readonly spec: Readonly<Record<string, unknown>> }
  assert.deepEqual([spec['group'], spec['groups']], [['dev'], undefined])
})

test('an answer allows, forbids, or leaves it to others', () => {
  const both = 'webhook subject access review returned both allow and deny response'
  const rows: readonly [status: object | undefined, decision: Decision][] = [
    [
      { allowed: true, reason: 'r' },
      { allowed: true, reason: 'r' },
    ],
    [{ denied: true }, { allowed: false, denied: true, reason: '' }],
    [
      { allowed: true, denied: true },
      { allowed: false, denied: true, reason: '', error: both },
    ],
    [undefined, { allowed: false, reason: '' }],
  ]
  for (const [status, decision] of rows) assert.deepEqual(decisionOf({ status }, 'v1'), decision)
  assert.throws(() => decisionOf({ kind: 'Pod' }, 'v1'), /a Pod of/)
  assert.throws(() => decisionOf([], 'v1'), /no object/)
})

test('a review asks about what its selectors say, raw or in terms; what cannot be meant is told', () => {
  const ask = (resourceAttributes: object): ReturnType<typeof askedAccess> =>
    askedAccess(
      { metadata: {}, spec: { resourceAttributes: { verb: 'list', ...resourceAttributes } } } as unknown as ApiObject,
      jane,
    )
  const rows: readonly [attributes: object, selectors: readonly [string, string], problems: readonly string[]][] = [
    [{}, ['', ''], []],
    [{ fieldSelector: { rawSelector: 'a=b' }, labelSelector: { rawSelector: 'c' } }, ['a=b', 'c'], []],
    [{ fieldSelector: { requirements: [{ key: 'a', operator: 'In', values: ['x,=\\'] }] } }, ['a=x\\,\\=\\\\', ''], []],
    [
      {
        fieldSelector: {
          requirements: [
            { key: 'a', operator: 'NotIn', values: ['x'] },
            { key: 'b', operator: 'Exists' },
          ],
        },
      },
      ['a!=x', ''],
      ['spec.resourceAttributes.fieldSelector partially ignored due to parse error'],
    ],
    [
      { labelSelector: { rawSelector: 'a b' }, fieldSelector: { rawSelector: 'a' } },
      ['', ''],
      [
        'spec.resourceAttributes.fieldSelector ignored due to parse error',
        'spec.resourceAttributes.labelSelector ignored due to parse error',
      ],
    ],
    [
      {
        labelSelector: {
          requirements: [
            { key: 'k', operator: 'In', values: ['b', 'a'] },
            { key: 'e', operator: 'Exists' },
          ],
        },
      },
      ['', 'k in (a,b),e'],
      [],
    ],
  ]
  for (const [attributes, [fieldSelector, labelSelector], problems] of rows) {
    const asked = ask(attributes)
    assert.deepEqual([asked.access.fieldSelector, asked.access.labelSelector], [fieldSelector, labelSelector])
    assert.deepEqual(asked.problems, problems)
    assert.equal(asked.access.version, '*')
  }
})
