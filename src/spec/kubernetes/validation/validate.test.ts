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
const clusterKinds = [
  'APIService',
  'MutatingAdmissionPolicy',
  'ValidatingAdmissionPolicy',
  'FlowSchema',
  'Node',
  'PersistentVolume',
  'Namespace',
  'StorageClass',
  'PriorityClass',
  'ClusterRole',
  'ServiceCIDR',
]

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

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
}

/** Validates the change of one object to another, both written as a client writes them. */
function updateTexts(before: Json, after: Json, subresource: string = ''): readonly string[] {
  const [old, now] = [prepared(before), prepared(after)]
  return validateUpdate(now.kind, now.object, old.object, { subresource }).map(fieldErrorText)
}

function withSpec(object: Json, spec: Json): Json {
  return { ...object, spec: { ...(object['spec'] as Json), ...spec } }
}

const mutableText =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

test('a pod keeps its spec, and the refusal shows what would have changed', () => {
  const [text = '', ...more] = updateTexts(pod, withSpec(pod, { nodeSelector: { a: 'b' } }))
  assert.deepEqual(more, [])
  const [head, range, ...lines] = text.split('\n')
  assert.equal(head, mutableText)
  assert.match(range ?? '', /^@@ -\d+,7 \+\d+,9 @@$/)
  assert.deepEqual(lines, [
    '  "TerminationGracePeriodSeconds": 30,',
    '  "ActiveDeadlineSeconds": null,',
    '  "DNSPolicy": "ClusterFirst",',
    '- "NodeSelector": null,',
    '+ "NodeSelector": {',
    '+  "a": "b"',
    '+ },',
    '  "ServiceAccountName": "",',
    '  "AutomountServiceAccountToken": null,',
    '  "NodeName": "",',
    '',
  ])
})

test('the image of a running container may change', () => {
  assert.deepEqual(
    updateTexts(pod, withSpec(pod, { containers: [{ name: 'c', image: 'j', imagePullPolicy: 'Always' }] })),
    [],
  )
})

test('containers are neither added nor removed', () => {
  const containers = [
    { name: 'c', image: 'i' },
    { name: 'd', image: 'i' },
  ]
  const wanted = 'spec.containers: Forbidden: pod updates may not add or remove containers'
  assert.deepEqual(updateTexts(pod, withSpec(pod, { containers })), [wanted])
})

test('tolerations are only added, and deadlines only lowered', () => {
  const tolerated = withSpec(pod, { tolerations: [{ key: 'a', operator: 'Exists' }], activeDeadlineSeconds: 5 })
  assert.deepEqual(updateTexts(pod, tolerated), [])
  assert.deepEqual(updateTexts(tolerated, withSpec(tolerated, { activeDeadlineSeconds: 6 })), [
    'spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value',
  ])
  assert.deepEqual(updateTexts(tolerated, withSpec(tolerated, { tolerations: [] })), [
    'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  ])
})

test('a resize changes cpu and memory and nothing else', () => {
  const sized = (cpu: string): Json =>
    withSpec(pod, { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] })
  assert.deepEqual(updateTexts(sized('1'), sized('2'), 'resize'), [])
  const named = withSpec(pod, { containers: [{ name: 'x', image: 'i', resources: { requests: { cpu: '1' } } }] })
  assert.deepEqual(updateTexts(sized('1'), named, 'resize'), [
    'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize',
  ])
})

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'base' },
  spec: { ports: [{ port: 80 }], clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ipFamilies: ['IPv4'] },
}

const serviceChanges: readonly (readonly [change: Json, wanted: readonly string[]])[] = [
  [
    { clusterIP: '10.96.200.200', clusterIPs: ['10.96.200.200'] },
    ['spec.clusterIPs[0]: Invalid value: ["10.96.200.200"]: may not change once set'],
  ],
  [
    { type: 'Nope' },
    ['spec.type: Unsupported value: "Nope": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  ],
  [
    { ports: [{ port: 81 }, { port: 82 }] },
    ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
  ],
  [
    { sessionAffinity: 'Nope' },
    ['spec.sessionAffinity: Unsupported value: "Nope": supported values: "ClientIP", "None"'],
  ],
  [
    { externalTrafficPolicy: 'Local' },
    ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  ],
]

for (const [change, wanted] of serviceChanges) {
  test(`a service refuses ${JSON.stringify(change)}`, () => {
    assert.deepEqual(updateTexts(service, withSpec(service, change)), wanted)
  })
}

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'dep' },
  spec: {
    selector: { matchLabels: { app: 'd' } },
    template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
}

const deploymentChanges: readonly (readonly [change: Json, wanted: readonly string[]])[] = [
  [{ replicas: -2 }, ['spec.replicas: Invalid value: -2: must be greater than or equal to 0']],
  [
    { strategy: { type: 'Nope', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } } },
    [
      'spec.strategy: Unsupported value: {"Type":"Nope","RollingUpdate":{"MaxUnavailable":"25%","MaxSurge":"25%"}}: supported values: "Recreate", "RollingUpdate"',
    ],
  ],
  [
    { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  [
    { minReadySeconds: 700 },
    ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
  ],
  [
    { selector: { matchLabels: { app: 'e' } } },
    [
      'spec.template.metadata.labels: Invalid value: {"app":"d"}: `selector` does not match template `labels`',
      'spec.selector: Invalid value: {"matchLabels":{"app":"e"}}: field is immutable',
    ],
  ],
]

for (const [change, wanted] of deploymentChanges) {
  test(`a deployment refuses ${JSON.stringify(change)}`, () => {
    assert.deepEqual(updateTexts(deployment, withSpec(deployment, change)), wanted)
  })
}

test('an immutable secret stays as it is', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'im' }, immutable: true, data: { a: 'Yg==' } }
  assert.deepEqual(updateTexts(secret, { ...secret, data: { a: 'Yw==' } }), [
    'data: Forbidden: field is immutable when `immutable` is set',
  ])
  assert.deepEqual(updateTexts(secret, { ...secret, immutable: false }), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
  ])
  assert.deepEqual(updateTexts(secret, { ...secret, type: 'kubernetes.io/tls' }), [
    'type: Invalid value: "kubernetes.io/tls": field is immutable',
    'data[tls.crt]: Required value',
    'data[tls.key]: Required value',
  ])
})

test('finalizers may not be added while an object is being deleted', () => {
  const metadata = { name: 'fin', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/hold'] }
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata }
  const more = { ...map, metadata: { ...metadata, finalizers: ['example.com/hold', 'example.com/more'] } }
  assert.deepEqual(updateTexts(map, more), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}',
  ])
})

test('a node keeps the ranges and the provider that it has', () => {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'], providerID: 'fake://1' },
  }
  assert.deepEqual(updateTexts(node, withSpec(node, { podCIDR: '10.9.0.0/24', podCIDRs: ['10.9.0.0/24'] })), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ])
  assert.deepEqual(updateTexts(node, withSpec(node, { providerID: 'fake://2' })), [
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ])
})

test('the whole message is one line for one error and a list for several', () => {
  const of = { group: 'apps', kind: 'Deployment', name: 'x' }
  const one = { reason: 'FieldValueRequired', message: 'Required value', field: 'a' } as const
  const two = { ...one, field: 'b' }
  assert.equal(invalidMessage(of, [one, one]), 'Deployment.apps "x" is invalid: a: Required value')
  assert.equal(invalidMessage(of, [one, two]), 'Deployment.apps "x" is invalid: [a: Required value, b: Required value]')
})

/** What is wrong with a question, as clients send it: without metadata. */
function reviewTexts(kind: string, spec: Json, metadata: Json = {}): readonly string[] {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind, metadata, spec } as unknown as KubernetesObject
  return validateCreate({ group: 'authorization.k8s.io', version: 'v1', kind }, review).map(fieldErrorText)
}

test('a review that asks nothing is refused', () => {
  assert.deepEqual(reviewTexts('SubjectAccessReview', {}), [
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ])
})

test('a review has no metadata, and asks about its own namespace', () => {
  const resourceAttributes = { namespace: 'b' }
  assert.deepEqual(reviewTexts('SelfSubjectAccessReview', { resourceAttributes }, { name: 'x' }), [
    'metadata: Invalid value: {"name":"x"}: must be empty',
  ])
  assert.deepEqual(reviewTexts('LocalSubjectAccessReview', { user: 'u', resourceAttributes }, { namespace: 'a' }), [
    'spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace',
  ])
})

test('selectors of a review name requirements that can be met, operators of newer servers aside', () => {
  const labelSelector = {
    requirements: [
      { key: 'a', operator: 'In' },
      { key: 'b', operator: 'Newer', values: ['-'] },
    ],
  }
  const fieldSelector = { rawSelector: 'a=b', requirements: [{ key: '', operator: 'Exists', values: ['c'] }] }
  assert.deepEqual(reviewTexts('SelfSubjectAccessReview', { resourceAttributes: { labelSelector, fieldSelector } }), [
    'spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
    'spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified',
    "spec.resourceAttributes.fieldSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    "spec.resourceAttributes.labelSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    "spec.resourceAttributes.labelSelector.requirements[1].values[0]: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ])
  const resourceAttributes = { labelSelector: {} }
  assert.deepEqual(reviewTexts('SelfSubjectAccessReview', { resourceAttributes }), [
    'spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required',
  ])
})

test('a custom resource is held to the rules of metadata', () => {
  const kind = { group: 'example.com', version: 'v1', kind: 'Widget' }
  const metadata = { name: 'Bad_', namespace: 'default', finalizers: ['whatever'] }
  const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata } as unknown as KubernetesObject
  assert.deepEqual(
    validateCreate(kind, object).map(({ field }) => field),
    ['metadata.name'],
  )
})

test('a signing request says what it wants, from whom and why', () => {
  const spec = { request: 'bm9wZQ==', signerName: 'bad', usages: [] }
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'e', namespace: '' },
    spec,
  }
  assert.deepEqual(createTexts(object), [
    'spec.request: Invalid value: "bm9wZQ==": PEM block type must be CERTIFICATE REQUEST',
    'spec.usages: Required value',
    'spec.signerName: Invalid value: "bad": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
  ])
  const wanting = (request: object): readonly string[] =>
    createTexts({ ...object, spec: { signerName: 'a.b/c', usages: ['any'], ...request } })
  const what = 'PEM block type must be CERTIFICATE REQUEST'
  assert.deepEqual(wanting({ request: '' }), [`spec.request: Invalid value: "": ${what}`])
  assert.deepEqual(wanting({}), [`spec.request: Invalid value: null: ${what}`])
})

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com', namespace: '' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
  status: { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] },
}

function withColor(color: Json): Json {
  const spec = { type: 'object', properties: { color } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
  const version = { name: 'v1', served: true, storage: true, schema, selectableFields: [{ jsonPath: '.spec.color' }] }
  return withSpec(definition, { versions: [version] })
}

test('a definition is held to its names, versions and schema', () => {
  assert.deepEqual(createTexts(definition), [])
  assert.deepEqual(createTexts(withColor({ type: 'strange' })), [
    'spec.validation.openAPIV3Schema.properties[spec].properties[color].type: Unsupported value: "strange": supported values: "array", "boolean", "integer", "number", "object", "string"',
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.color": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
  ])
  assert.deepEqual(createTexts({ ...definition, metadata: { name: 'other.example.com', namespace: '' } }), [
    'metadata.name: Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group',
  ])
})

test('an established definition keeps its scope and its names', () => {
  assert.deepEqual(updateTexts(definition, withSpec(definition, { scope: 'Cluster' })), [
    'spec.scope: Invalid value: "Cluster": field is immutable',
  ])
  const names = { ...definition.spec.names, plural: 'gadgets' }
  assert.deepEqual(updateTexts(definition, withSpec(definition, { names })), [
    'spec.names.plural: Invalid value: "gadgets": field is immutable',
  ])
})

test('a definition has one storage version, and the refusal prints all of them without what they have in common', () => {
  const [version] = definition.spec.versions
  const other = { ...version, name: 'v2', schema: { openAPIV3Schema: { type: 'object', description: 'other' } } }
  const refused = (...versions: readonly object[]): string =>
    createTexts(withSpec(definition, { versions: versions.map((one) => ({ ...one, storage: false })) }))[0] ?? ''
  const head =
    'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":'
  for (const [text, schema] of [
    [refused(version as object), 'null,"Subresources":null'],
    [
      refused(version as object, other),
      '{"OpenAPIV3Schema":{"ID":"","Schema":"","Ref":null,"Description":"","Type":"object"',
    ],
  ] as const)
    assert.equal(text.slice(0, head.length + schema.length), `${head}${schema}`)
})

test('rules of a schema must compile', () => {
  const object = withColor({ type: 'string', 'x-kubernetes-validations': [{ rule: 'self <= 1' }] })
  const [text = ''] = createTexts(object)
  const head =
    'spec.validation.openAPIV3Schema.properties[spec].properties[color].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self \\u003c= 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:6: found no matching overload'
  assert.equal(text.slice(0, head.length), head)
})

test('a policy binding says what happens, once', () => {
  const spec = { policyName: 'p', validationActions: ['Deny', 'Warn', 'Warn'] }
  const object = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'b', namespace: '' },
    spec,
  }
  assert.deepEqual(createTexts(object), [
    'spec.validationActions[2]: Duplicate value: "Warn"',
    'spec.validationActions: Invalid value: ["Deny","Warn","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  ])
})
