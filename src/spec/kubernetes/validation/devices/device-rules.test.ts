import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTree } from '../../decode/decode-object.ts'
import { Defaulter } from '../../defaults/apply-defaults.ts'
import type { KubernetesObject } from '../../objects/objects.ts'
import { builtInKinds, parseGroupVersion } from '../../schema/kinds.ts'
import { typeOfKind } from '../../schema/kinds.ts'
import { fieldErrorText } from '../field-errors.ts'
import { validateCreate, validateUpdate } from '../validate.ts'
import { decidedDevices } from './decided-devices.table.ts'

type Json = Readonly<Record<string, unknown>>
const apiVersion = 'resource.k8s.io/v1'
const defaulter = new Defaulter()

function prepared(object: Json): KubernetesObject {
  const kind = String(object['kind'])
  const type = typeOfKind(apiVersion, kind)
  assert.ok(type, kind)
  const namespace = builtInKinds.findKind(apiVersion, kind)?.namespaced === true ? { namespace: 'default' } : {}
  const metadata = { resourceVersion: '1', uid: 'u', ...namespace, ...(object['metadata'] as Json) }
  const { value } = decodeTree({ ...object, metadata }, type)
  return defaulter.apply(value, type, { now: '2026-01-01T00:00:00Z' }) as unknown as KubernetesObject
}

function createTexts(object: Json): readonly string[] {
  const kind = { ...parseGroupVersion(apiVersion), kind: String(object['kind']) }
  return validateCreate(kind, prepared(object)).map(fieldErrorText)
}

for (const [object, messages] of decidedDevices) {
  const said = messages.length === 0 ? 'takes' : 'refuses'
  test(`the server ${said} ${JSON.stringify(object).slice(0, 200)}`, () => {
    assert.deepEqual(createTexts(object), messages)
  })
}

const slice = (spec: Json): Json => ({
  apiVersion,
  kind: 'ResourceSlice',
  metadata: { name: 's' },
  spec: { driver: 'd', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n', ...spec },
})
const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index))

test('lists and texts that are too long are told as such and looked at no further', () => {
  const devices = many(129, (index) => ({ name: `d${index}` }))
  assert.deepEqual(createTexts(slice({ devices })), ['spec.devices: Too many: 129: must have at most 128 items'])
  const tainted = many(65, (index) => ({ name: `d${index}`, taints: [{ key: 'a', effect: 'NoSchedule' }] }))
  assert.deepEqual(createTexts(slice({ devices: tainted })), ['spec.devices: Too many: 65: must have at most 64 items'])
  const key = `a.b/${'x'.repeat(120)}`
  const texts = createTexts(slice({ devices: [{ name: 'd', attributes: { [key]: {} } }] }))
  assert.match(texts.at(-1) ?? '', /^spec\.devices\[0\]\.attributes\[a\.b\/x+\.\.\.x+\]: Invalid value: ""/)
  assert.ok(texts.includes('spec.devices[0].attributes: Too long: may not be more than 32 bytes'))
  const big = { opaque: { driver: 'd', parameters: { a: 'x'.repeat(10_240) } } }
  const deviceClass = { apiVersion, kind: 'DeviceClass', metadata: { name: 'c' }, spec: { config: [big] } }
  assert.deepEqual(createTexts(deviceClass), [
    'spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
  ])
})

const request = { name: 'r', exactly: { deviceClassName: 'x' } }
const other = { name: 'f', firstAvailable: [{ name: 's', deviceClassName: 'x' }] }
const result = { request: 'r', driver: 'd', pool: 'p', device: 'a' }
const allocation = { devices: { results: [result] } }
const claim = (status: Json, metadata: Json = {}): Json => ({
  apiVersion,
  kind: 'ResourceClaim',
  metadata: { name: 'c', ...metadata },
  spec: { devices: { requests: [request, other] } },
  status,
})
const kind = { ...parseGroupVersion(apiVersion), kind: 'ResourceClaim' }

function statusTexts(before: Json, after: Json, metadata: Json = {}): readonly string[] {
  const [old, now] = [prepared(claim(before, metadata)), prepared(claim(after, metadata))]
  return validateUpdate(kind, now, old, { subresource: 'status' }).map(fieldErrorText)
}

const id = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
const pod = { resource: 'pods', name: 'a', uid: 'b' }
const reference =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
const normal =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
const results = (...list: readonly Json[]): Json => ({
  allocation: { devices: { results: list.map((one) => ({ ...result, ...one })) } },
})
const shares = [id.toUpperCase(), `{${id}}`, `xrn:uuid:${id}`, `[${id}]`, id.replace('6', 'z'), 'x']
const at = 'status.allocation.devices.results'

const statusRows: readonly (readonly [title: string, before: Json, after: Json, messages: readonly string[]])[] = [
  ['an allocation of both ways to name a request', {}, results({}, { request: 'f/s' }), []],
  [
    'results of requests that there are not',
    {},
    results({ request: 'x' }, { request: 'f/t' }),
    [`${at}[0].request: Invalid value: "x": ${reference}`, `${at}[1].request: Invalid value: "f/t": ${reference}`],
  ],
  [
    'shares that are no plain UUID',
    {},
    results(...shares.map((shareID) => ({ shareID }))),
    [
      `${at}[0].shareID: Invalid value: "${shares[0]}": ${normal}`,
      `${at}[1].shareID: Invalid value: "${shares[1]}": ${normal}`,
      `${at}[2].shareID: Invalid value: "${shares[2]}": error validating uid: invalid urn prefix: "xrn:uuid:"`,
      `${at}[3].shareID: Invalid value: "${shares[3]}": error validating uid: invalid bracketed UUID format`,
      `${at}[4].shareID: Invalid value: "${shares[4]}": error validating uid: invalid UUID format`,
      `${at}[5].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1`,
    ],
  ],
  [
    'a reservation of what is not allocated',
    {},
    { reservedFor: [pod] },
    ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
  ],
  [
    'a report of a device that is not allocated',
    {},
    { allocation, devices: [{ driver: 'd', pool: 'p', device: 'b', shareID: id }] },
    [
      `status.devices[0]: Invalid value: {"Driver":"d","Pool":"p","Device":"b","ShareID":"${id}"}: must be an allocated device in the claim`,
    ],
  ],
  [
    'addresses of a device',
    {},
    {
      allocation,
      devices: [
        { driver: 'd', pool: 'p', device: 'a', networkData: { ips: ['1.2.3.4', '2001:DB8::1/64', '10.0.0.1/24'] } },
      ],
    },
    [
      'status.devices[0].networkData.ips[0]: Invalid value: "1.2.3.4": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
      'status.devices[0].networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")',
    ],
  ],
  [
    'another allocation',
    { allocation },
    results({ device: 'b' }),
    [
      'status.allocation: Invalid value: {"Devices":{"Results":[{"Request":"r","Driver":"d","Pool":"p","Device":"b","AdminAccess":null,"Tolerations":null,"BindingConditions":null,"BindingFailureConditions":null,"ShareID":null,"ConsumedCapacity":null}],"Config":null},"NodeSelector":null,"AllocationTimestamp":null}: field is immutable',
    ],
  ],
  ['no allocation any more', { allocation }, {}, []],
]

for (const [title, before, after, messages] of statusRows) {
  test(`the status of a claim: ${title}`, () => {
    assert.deepEqual(statusTexts(before, after), messages)
  })
}

test('a claim that is being deleted is reserved for nobody new', () => {
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.b/c'] }
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
  const before = { allocation, reservedFor: [pod] }
  assert.deepEqual(statusTexts(before, { allocation, reservedFor: [pod, { ...pod, uid: 'c' }] }, deleted), [
    `status.reservedFor: Forbidden: ${text}`,
  ])
  assert.deepEqual(statusTexts(before, before, deleted), [])
})

test('what a claim asks for never changes', () => {
  const old = prepared(claim({}))
  const now = prepared({ ...claim({}), spec: { devices: { requests: [request] } } })
  const [text = '', ...others] = validateUpdate(kind, now, old).map(fieldErrorText)
  assert.match(text, /^spec: Invalid value: \{"Devices":\{"Requests":\[\{"Name":"r",.*\}: field is immutable$/)
  assert.deepEqual(others, [])
})

test('a slice stays with its driver, pool and node, and old taints are not looked at again', () => {
  const of = { ...parseGroupVersion(apiVersion), kind: 'ResourceSlice' }
  const devices = [{ name: 'a', taints: [{ key: 'a b', effect: 'NoSchedule' }] }]
  const old = prepared(slice({ devices }))
  const texts = (next: Json): readonly string[] => validateUpdate(of, prepared(next), old).map(fieldErrorText)
  assert.deepEqual(texts(slice({ devices })), [])
  assert.deepEqual(texts(slice({ driver: 'e', nodeName: 'm' })), [
    'spec.driver: Invalid value: "e": field is immutable',
    'spec.nodeName: Invalid value: "m": field is immutable',
  ])
})
