import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject } from '../objects/objects.ts'
import { typeOfKind } from '../schema/kinds.ts'
import { sampleValue, seededNumbers } from '../schema/sample-object.contract.ts'
import type { SchemaType } from '../schema/type-rows.ts'
import { decodeTree, type DecodeOptions } from './decode-object.ts'

const kinds: readonly (readonly [string, string])[] = [
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'Node'],
  ['apps/v1', 'Deployment'],
  ['batch/v1', 'CronJob'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
]
const rounds = 150

/** A tree as patches leave it: some of it is the old object's own, some of it is new and not canonical. */
function mixed(known: unknown, other: unknown, next: () => number): unknown {
  const draw = next()
  if (draw < 0.4) return known
  if (draw < 0.5) return other
  if (Array.isArray(known)) {
    const items: readonly unknown[] = Array.isArray(other) ? other : []
    const out = known.map((item: unknown, index) => mixed(item, items[index], next))
    return next() < 0.2 ? out.toReversed() : out
  }
  if (!isJsonObject(known)) return next() < 0.5 ? known : other
  const members = isJsonObject(other) ? other : {}
  const keys = new Set([...Object.keys(known), ...Object.keys(members)])
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const key of keys) out[key] = mixed(known[key], members[key], next)
  if (next() < 0.05) out['unknownMember'] = 1
  return out
}

function outcomeOf(tree: unknown, type: SchemaType, options: DecodeOptions = {}): string {
  try {
    return JSON.stringify(decodeTree(tree, type, { wording: 'tree', ...options }))
  } catch (error) {
    return String(error)
  }
}

test('a tree made of a canonical object decodes the same whether that object is known or not', () => {
  for (const [apiVersion, kind] of kinds) {
    const type = typeOfKind(apiVersion, kind)
    assert.ok(type)
    for (let seed = 1; seed <= rounds; seed++) {
      const next = seededNumbers(seed)
      const known: Readonly<Record<string, unknown>> = decodeTree(sampleValue(type, next), type).value
      const tree: object = { ...(mixed(known, sampleValue(type, next), next) as object) }
      assert.equal(outcomeOf(tree, type, { known }), outcomeOf(tree, type), `${kind} of seed ${seed}`)
    }
  }
})

test('what the tree shares with the known object is not copied', () => {
  const type = typeOfKind('v1', 'Pod')
  assert.ok(type)
  const known = decodeTree({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] } }, type).value
  const { value } = decodeTree({ ...known, status: { phase: 'Running' } }, type, { known })
  assert.equal(value['spec'], known['spec'])
  assert.deepEqual(value['status'], { phase: 'Running' })
})

test('a tree that nobody else has decodes the same, canonical or not', () => {
  for (const [apiVersion, kind] of kinds) {
    const type = typeOfKind(apiVersion, kind)
    assert.ok(type)
    for (let seed = 1; seed <= rounds; seed++) {
      const next = seededNumbers(seed)
      const canonical: Readonly<Record<string, unknown>> = decodeTree(sampleValue(type, next), type).value
      const text: string = JSON.stringify(mixed(canonical, sampleValue(type, next), next))
      const expected = outcomeOf(JSON.parse(text), type)
      assert.equal(outcomeOf(JSON.parse(text), type, { owned: true }), expected, `${kind} of seed ${seed}`)
    }
  }
})

test('a canonical tree that nobody else has is the answer, and one that somebody has is copied', () => {
  const type = typeOfKind('v1', 'ConfigMap')
  assert.ok(type)
  const tree = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'c', labels: { a: '1' } },
    data: { key: 'text' },
  }
  assert.equal(decodeTree(tree, type, { owned: true }).value, tree)
  const { value } = decodeTree(tree, type)
  assert.notEqual(value['metadata'], tree.metadata)
  assert.notEqual(value['data'], tree.data)
})
