import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesFields, parseFieldSelector } from './parse-field-selector.ts'
import { customSelectableFields, fieldValues, selectableFieldsOf, supportedTerms } from './selectable-fields.ts'

test('terms are equal, unequal and escaped', () => {
  assert.deepEqual(parseFieldSelector(String.raw`a=b,c!=d,e==f\,g,h=`), [
    { field: 'a', operator: '=', value: 'b' },
    { field: 'c', operator: '!=', value: 'd' },
    { field: 'e', operator: '=', value: 'f,g' },
    { field: 'h', operator: '=', value: '' },
  ])
  assert.deepEqual(parseFieldSelector(''), [])
})

const bad: readonly (readonly [text: string, message: string])[] = [
  ['bad', "invalid selector: 'bad'; can't understand 'bad'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  [String.raw`a=\x`, String.raw`invalid field selector: invalid escape sequence: \x`],
]
for (const [text, message] of bad)
  test(`refused: ${message}`, () => assert.throws(() => parseFieldSelector(text), { message, kind: 'invalid' }))

const unsupported: readonly (readonly [group: string, kind: string, label: string, message: string])[] = [
  ['', 'ConfigMap', 'data.k', '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ['', 'Pod', 'spec.nope', 'field label not supported: spec.nope'],
  ['batch', 'Job', 'x', 'field label "x" not supported for Job'],
]
for (const [group, kind, label, message] of unsupported) {
  test(`${kind}: ${message}`, () =>
    assert.throws(() => supportedTerms(parseFieldSelector(`${label}=1`), selectableFieldsOf(group, kind)), { message }))
}

test('pods are selected by node, phase, host network and address', () => {
  const fields = selectableFieldsOf('', 'Pod')
  const values = fieldValues(
    {
      metadata: { name: 'p', namespace: 'n' },
      spec: { nodeName: 'a' },
      status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] },
    },
    fields,
  )
  const matches = (text: string): boolean => matchesFields(supportedTerms(parseFieldSelector(text), fields), values)
  assert.ok(matches('spec.host=a,status.phase=Running,spec.hostNetwork=false,status.podIP=10.0.0.1'))
  assert.ok(!matches('spec.nodeName!=a'))
})

test('an event is the same under both groups', () => {
  const core = { involvedObject: { name: 'p' }, source: { component: 'kubelet' }, reason: 'R' }
  assert.equal(fieldValues(core, selectableFieldsOf('', 'Event'))['source'], 'kubelet')
  assert.equal(fieldValues(core, selectableFieldsOf('events.k8s.io', 'Event'))['regarding.name'], 'p')
})

test('custom resources have the fields their version declares', () => {
  const fields = customSelectableFields(['.spec.color'], true)
  assert.equal(fieldValues({ spec: { color: 'red' } }, fields)['spec.color'], 'red')
  assert.throws(() => supportedTerms(parseFieldSelector('spec.size=5'), fields), {
    message: 'field label not supported: spec.size',
  })
})
