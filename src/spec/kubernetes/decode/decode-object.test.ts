import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typeOfKind } from '../schema/kinds.ts'
import { bodyFailureMessage, strictDecodingMessage } from './decode-error.ts'
import { decodeJson, decodeTree, untypedStrictErrors } from './decode-object.ts'
import { parseJson } from './parse-json.ts'

function decode(text: string, apiVersion = 'v1', kind = 'Pod'): ReturnType<typeof decodeJson> {
  const type = typeOfKind(apiVersion, kind)
  assert.ok(type)
  return decodeJson(text, type)
}
const pod = (spec: string): string => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":${spec}}`

test('members come out in upstream order with zero values left out or shown as Go does', () => {
  const { value } = decode(
    '{"spec":{"containers":[{"image":"i","ports":[],"name":"c","stdin":false}],"replicas":null},"kind":"Pod","apiVersion":"v1","metadata":{"labels":{},"creationTimestamp":null,"name":"p"}}',
  )
  assert.equal(
    JSON.stringify(value),
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{}}]},"status":{}}',
  )
})

const strictCases: readonly (readonly [text: string, expected: string])[] = [
  [
    pod('{"containers":[{"name":"c","imagee":"x"}],"unknownField":1}'),
    'strict decoding error: unknown field "spec.containers[0].imagee", unknown field "spec.unknownField"',
  ],
  [pod('{"nodeName":"a","nodeName":"b","containers":[]}'), 'strict decoding error: duplicate field "spec.nodeName"'],
  [pod('{"containers":null,"Containers":[]}'), 'strict decoding error: unknown field "spec.Containers"'],
  [
    '{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"1","a":"2"},"nope":1}}',
    'strict decoding error: duplicate field "metadata.labels.a", unknown field "metadata.nope"',
  ],
]
for (const [text, expected] of strictCases) {
  test(`strict validation says: ${expected}`, () =>
    assert.equal(strictDecodingMessage(decode(text).strictErrors), expected))
}

const wrongTypes: readonly (readonly [spec: string, expected: string])[] = [
  [
    '{"volumes":[{"emptyDir":1}]}',
    'json: cannot unmarshal number into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource',
  ],
  [
    '{"hostNetwork":1,"containers":[{"livenessProbe":{"httpGet":{"port":true}}}]}',
    'json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32',
  ],
  [
    '{"containers":[{"ports":[{"containerPort":"eighty"}]}]}',
    'json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    '{"containers":"x"}',
    'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  ['{"hostNetwork":"yes"}', 'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool'],
  [
    '{"containers":[{"ports":[{"containerPort":1.5}]}]}',
    'json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    '{"containers":[{"ports":[{"containerPort":3000000000}]}]}',
    'json: cannot unmarshal number 3000000000 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    '{"nodeSelector":{"a":1}}',
    'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string',
  ],
  [
    '{"containers":[1]}',
    'json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container',
  ],
  [
    '{"containers":[{"resources":{"requests":{"memory":"1XX"}}}]}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
]
for (const [spec, expected] of wrongTypes) {
  test(`a wrong value is refused: ${expected}`, () => assert.throws(() => decode(pod(spec)), { message: expected }))
}

const syntax: readonly (readonly [text: string, expected: string])[] = [
  ['apiVersion', "invalid character 'a' looking for beginning of value"],
  ['{"kind":"Conf\n', String.raw`invalid character '\n' in string literal`],
  ['{"a":1', 'unexpected end of JSON input'],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['nul!', "invalid character '!' in literal null (expecting 'l')"],
  ['[01]', "invalid character '1' after array element"],
  [String.raw`["\x"]`, "invalid character 'x' in string escape code"],
  ['['.repeat(20_000), 'exceeded max depth'],
  [`${'{"a":'.repeat(9000)}1.5${'}'.repeat(9000)}`, 'exceeded max depth'],
]
for (const [text, expected] of syntax) {
  test(`a syntax error reads: ${expected}`, () =>
    assert.throws(() => parseJson(text), { message: expected, code: 'KUBERNETES_JSON_SYNTAX' }))
}

test('a member called __proto__ stays a member', () => {
  const { value } = decode(
    '{"apiVersion":"v1","kind":"ConfigMap","data":{"__proto__":"x","b":"1","b":"2"}}',
    'v1',
    'ConfigMap',
  )
  const data = value['data'] as object
  assert.equal(Object.hasOwn(data, '__proto__'), true)
  assert.equal(Object.getPrototypeOf(data), Object.prototype)
})

test('the secret of the walk: bad base64 names its byte', () => {
  assert.throws(() => decode('{"data":{"a":"not base64!"}}', 'v1', 'Secret'), {
    message: 'illegal base64 data at input byte 3',
  })
  assert.throws(() => decode('{"data":{"a":"aGk"}}', 'v1', 'Secret'), {
    message: 'illegal base64 data at input byte 0',
  })
  const secret = typeOfKind('v1', 'Secret')
  assert.ok(secret)
  assert.throws(() => decodeTree({ data: { a: 'aGk' } }, secret, { wording: 'tree' }), {
    message: 'error decoding from json: illegal base64 data at input byte 0',
  })
  assert.deepEqual(decode('{"data":{"a":"aG\\nk="}}', 'v1', 'Secret').value['data'], { a: 'aGk=' })
})

test('a schema with a boolean in place of additionalProperties survives', () => {
  const text =
    '{"spec":{"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","additionalProperties":false,"default":null,"properties":{"a":{"maximum":1.5,"bogus":1}}}}}]}}'
  const { value, strictErrors } = decode(text, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition')
  assert.deepEqual(strictErrors, ['unknown field "spec.versions[0].schema.openAPIV3Schema.properties.a.bogus"'])
  assert.match(JSON.stringify(value), /"additionalProperties":false/)
  assert.match(JSON.stringify(value), /"maximum":1.5/)
})

test('duplicates of an untyped body are found at any depth', () => {
  const { value, notes } = parseJson('{"spec":{"a":[{"b":1,"b":2}]}}')
  assert.deepEqual(untypedStrictErrors(value, notes), ['duplicate field "spec.a[0].b"'])
})

test('decoding does not change the tree it is given and gives the same object twice', () => {
  const tree = JSON.parse(pod('{"containers":[{"name":"c","resources":{"limits":{"cpu":"1000m"}}}]}')) as object
  const before = JSON.stringify(tree)
  const type = typeOfKind('v1', 'Pod')
  assert.ok(type)
  const once = decodeTree(tree, type).value
  assert.equal(JSON.stringify(tree), before)
  assert.equal(JSON.stringify(decodeTree(once, type).value), JSON.stringify(once))
})

test('a body that says nothing useful is quoted, one that says its kind is named', () => {
  const failure = new Error(
    "couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of value",
  )
  assert.equal(
    bodyFailureMessage({
      error: failure,
      body: Buffer.from('apiVersion: v1\nkind: ConfigMap\nmetadata'),
      expectedKind: 'ConfigMap',
      found: undefined,
    }),
    `the object provided is unrecognized (must be of type ConfigMap): ${failure.message} (61706956657273696f6e3a2076310a6b696e643a20436f6e6669674d6170 ...)`,
  )
  assert.equal(
    bodyFailureMessage({
      error: new Error('x'),
      body: Buffer.from('{}'),
      expectedKind: 'Pod',
      found: { version: 'v1', kind: 'Pod' },
    }),
    'Pod in version "v1" cannot be handled as a Pod: x',
  )
})

test('an object patched as a tree is refused in the words of the tree converter', () => {
  const type = typeOfKind('apps/v1', 'Deployment')
  assert.ok(type)
  for (const [tree, message] of [
    [{ spec: { replicas: 'x' } }, 'unrecognized type: int32'],
    [{ spec: { replicas: 1.5 } }, 'cannot convert float64 to int32'],
    [{ spec: { paused: 1 } }, 'unrecognized type: bool'],
    [{ metadata: { name: 1 } }, 'cannot convert int64 to string'],
    [{ metadata: { name: true } }, 'unrecognized type: string'],
    [{ spec: { strategy: { type: 1 } } }, 'cannot convert int64 to v1.DeploymentStrategyType'],
    [{ spec: { strategy: { type: [] } } }, 'unrecognized type: string'],
    [{ spec: { template: { spec: { containers: 'x' } } } }, 'cannot restore slice from string'],
    [{ metadata: { labels: 5 } }, 'cannot restore map from int64'],
    [{ spec: 'x' }, 'cannot restore struct from: string'],
    [{ spec: [] }, 'cannot restore struct from: slice'],
    [{ metadata: { creationTimestamp: 1 } }, 'json: cannot unmarshal number into Go value of type string'],
    [
      { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
      'json: cannot unmarshal bool into Go value of type int32',
    ],
  ] as const)
    assert.throws(() => decodeTree(tree, type, { wording: 'tree' }), { message }, JSON.stringify(tree))
})
