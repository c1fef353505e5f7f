import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateCreate } from '../validate.ts'

const kind = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' }
const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
const badColumn = { additionalPrinterColumns: [{ name: 'n', type: 'blob', jsonPath: '.x' }] }

/** Where the problems of a definition with some versions are. */
function fieldsOf(...versions: readonly (typeof version)[]): readonly string[] {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: kind.kind,
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions,
    },
    status: { storedVersions: versions.map(({ name }) => name) },
  }
  return validateCreate(kind, definition as never).map(({ field }) => field)
}

test('problems of one version are told where parts in common stand, those of several at their versions', () => {
  const second = { ...version, name: 'v2', storage: false }
  assert.deepEqual(fieldsOf(version, second), [])
  assert.deepEqual(fieldsOf({ ...version, ...badColumn }), ['spec.additionalPrinterColumns[0].type'])
  assert.deepEqual(fieldsOf({ ...version, ...badColumn }, { ...second, ...badColumn }), [
    'spec.additionalPrinterColumns[0].type',
  ])
  assert.deepEqual(fieldsOf({ ...version, ...badColumn }, second), [
    'spec.versions[0].additionalPrinterColumns[0].type',
  ])
})

test('the name of the first version is that of the definition too', () => {
  assert.deepEqual(fieldsOf({ ...version, name: 'Bad_' }), ['spec.versions[0].name', 'spec.version'])
})
