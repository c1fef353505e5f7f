import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '#base/errors/gantry-error.ts'
import { typeOfKind } from '#spec/kubernetes/schema/kinds.ts'
import type { Expected } from '../wire/decode-body.ts'
import { withPatchedType } from './patched-type.ts'

const expected = (apiVersion: string, kind: string): Expected => ({
  apiVersion,
  kind,
  type: typeOfKind(apiVersion, kind),
})
const configMap = expected('v1', 'ConfigMap')
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } }

const refused: readonly (readonly [change: object, of: Expected, message: string])[] = [
  [{ kind: 'Pod' }, configMap, 'converting (v1.Pod) to (core.ConfigMap): unknown conversion'],
  [{ kind: 'PodList' }, configMap, 'converting (v1.PodList) to (core.ConfigMap): unknown conversion'],
  [{ kind: 'Status' }, configMap, 'converting (v1.Status) to (core.ConfigMap): unknown conversion'],
  [{ kind: 'Secret' }, configMap, 'illegal base64 data at input byte 0'],
  [
    { kind: 'configMap' },
    configMap,
    'no kind "configMap" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    { apiVersion: 'v2' },
    configMap,
    'no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    { kind: 'Secret' },
    expected('apiregistration.k8s.io/v1', 'APIService'),
    'no kind "Secret" is registered for version "v1" in scheme "pkg/apiserver/scheme/scheme.go:28"',
  ],
  [{ apiVersion: 'a/b/c' }, configMap, 'unexpected GroupVersion string: a/b/c'],
  [
    { kind: 5 },
    configMap,
    "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
  ],
]

for (const [change, of, message] of refused) {
  test(`a patch to ${JSON.stringify(change)} is refused for a ${of.kind}`, () => {
    try {
      withPatchedType({ ...object, ...change }, of, false)
      assert.fail('nothing was refused')
    } catch (error) {
      assert.equal(messageOf(error), message)
    }
  })
}

test('a strategic patch changes neither kind nor version', () => {
  const { tree, strictErrors } = withPatchedType({ ...object, apiVersion: 'a/b/c', kind: 'Pod' }, configMap, true)
  assert.deepEqual([tree, strictErrors], [object, []])
})

test('a kind that was taken out is that of the resource', () => {
  assert.deepEqual(withPatchedType({ ...object, kind: '' }, configMap, false).tree, object)
})

test('without a version nothing of the object is known', () => {
  assert.deepEqual(withPatchedType({ ...object, apiVersion: null }, configMap, false), {
    tree: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} },
    strictErrors: ['unknown field "data"', 'unknown field "metadata"'],
  })
})
