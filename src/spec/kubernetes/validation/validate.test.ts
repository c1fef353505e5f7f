import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTree } from '../decode/decode-object.ts'
import { Defaulter } from '../defaults/apply-defaults.ts'
import type { KubernetesObject } from '../objects/objects.ts'
import { parseGroupVersion, typeOfKind } from '../schema/kinds.ts'
import { fieldErrorText, invalidMessage } from './field-errors.ts'
import { refusedObjects } from './refused-objects.table.ts'
import { validateCreate, validateUpdate, type KindName } from './validate.ts'

type Json = Readonly<Record<string, unknown>>
const defaulter = new Defaulter()
const clusterKinds = ['Node', 'PersistentVolume', 'Namespace', 'StorageClass', 'PriorityClass', 'ClusterRole']

/** An object as the server has it when it validates: decoded, defaulted, with a namespace and a version. */
function prepared(object: Json): { readonly kind: KindName; readonly object: KubernetesObject } {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string }
  const type = typeOfKind(apiVersion, kind)
  assert.ok(type, `${apiVersion} ${kind}`)
  const metadata = { resourceVersion: '1', uid: 'u', ...(object['metadata'] as Json) }
  const isCluster = clusterKinds.includes(kind) || kind.endsWith('Configuration')
  const placed = { ...object, metadata: { ...(isCluster ? {} : { namespace: 'default' }), ...metadata } }
  const now = '2026-01-01T00:00:00Z'
  const value = defaulter.apply(decodeTree(withStringData(placed), type).value, type, { now })
  return { kind: { ...parseGroupVersion(apiVersion), kind }, object: value as unknown as KubernetesObject }
}

function withStringData(object: Json): Json {
  const texts = object['stringData'] as Readonly<Record<string, string>> | undefined
  if (texts === undefined) return object
  const data = Object.entries(texts).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  const { stringData: _, ...rest } = object
  return { ...rest, data: Object.fromEntries(data) }
}

function createTexts(object: Json): readonly string[] {
  const { kind, object: value } = prepared(object)
  return validateCreate(kind, generated(value)).map(fieldErrorText)
}

/** What the server generates for jobs before it validates them. */
function generated(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Job') return object
  const spec = object.spec as { template: { metadata?: Json } }
  const own = {
    'controller-uid': 'u',
    'job-name': object.metadata.name,
    'batch.kubernetes.io/controller-uid': 'u',
    'batch.kubernetes.io/job-name': object.metadata.name,
  }
  const template = { ...spec.template, metadata: { ...spec.template.metadata, labels: own } }
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } }
  return { ...object, spec: { ...spec, template, selector } }
}

for (const [object, messages] of refusedObjects) {
  const spec = JSON.stringify(object).slice(0, 120)
  test(`the server refuses ${messages[0]?.slice(0, 60)} in ${spec}`, () => {
    assert.deepEqual(createTexts(object), messages)
  })
}

test('exports', () => {
  assert.ok(validateUpdate)
  assert.ok(invalidMessage)
})
