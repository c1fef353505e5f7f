import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GantryError } from '#base/errors/gantry-error.ts'
import { decodeTree } from '../decode/decode-object.ts'
import { builtInKinds, groupVersionText, typeOfKind } from '../schema/kinds.ts'
import { sampleValue, seededNumbers } from '../schema/sample-object.contract.ts'
import { decodeObject, encodeObject, hasProtobuf, openEnvelope, sealEnvelope } from './envelope.ts'
import { createWatchFrameReader, encodeWatchFrame } from './watch-frames.ts'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('a small object has exactly the bytes upstream writes', () => {
  const bytes = encodeObject({
    kind: 'PriorityClass',
    apiVersion: 'scheduling.k8s.io/v1',
    metadata: { name: 'a' },
    value: -1,
  })
  const [magic, version, kind] = [
    '6b387300',
    Buffer.from('scheduling.k8s.io/v1').toString('hex'),
    Buffer.from('PriorityClass').toString('hex'),
  ]
  // ObjectMeta writes all of its plain members (field 7 is generation), pointers not; then value as ten bytes, globalDefault, description.
  const meta = '0a0161' + '1200' + '1a00' + '2200' + '2a00' + '3200' + '3800' + '4200'
  const raw = `0a${(meta.length / 2).toString(16).padStart(2, '0')}${meta}10ffffffffffffffffff0118002200`
  const typeMeta = `0a14${version}120d${kind}`
  assert.equal(
    hex(bytes),
    `${magic}0a${(typeMeta.length / 2).toString(16)}${typeMeta}12${(raw.length / 2).toString(16)}${raw}1a002200`,
  )
})

/** Protobuf cannot tell an empty list or map from none. */
function settle(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  if (entries.length === 0) return null
  return Array.isArray(value)
    ? value.map(settle)
    : Object.fromEntries(entries.map(([key, item]) => [key, settle(item)]))
}

test('objects of every kind survive JSON to protobuf and back', () => {
  // A watch event has no kind of its own and travels without an envelope.
  const kinds = builtInKinds.kinds.filter(
    (kind) => kind.kind !== 'WatchEvent' && hasProtobuf(groupVersionText(kind), kind.kind),
  )
  assert.ok(kinds.length > 150)
  for (const kind of kinds) {
    const apiVersion = groupVersionText(kind)
    const type = typeOfKind(apiVersion, kind.kind)
    assert.ok(type)
    for (let seed = 1; seed <= 12; seed++) {
      const sample = { ...(sampleValue(type, seededNumbers(seed)) as object), kind: kind.kind, apiVersion }
      const { value } = decodeTree(sample, type)
      const back = decodeObject(encodeObject(value))
      // The members of TypeMeta travel in the envelope; nested ones (list items) are not on the wire.
      assert.deepEqual(settle(decodeTree(back, type).value), settle(value), `${apiVersion} ${kind.kind} seed ${seed}`)
    }
  }
})

test('integers keep their value over the whole range of a double', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      const writer = new WireWriter()
      writer.integer(number)
      assert.equal(new WireReader(writer.finish()).integer(), number)
    }),
  )
})

test('unknown fields of every wire type are stepped over', () => {
  const bytes = encodeObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { k: 'v' } })
  const { raw } = openEnvelope(bytes)
  const extra = Buffer.from([
    0xf8, 0x06, 0x05, 0xfa, 0x06, 0x01, 0x41, 0xf9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xfd, 0x06, 1, 2, 3, 4,
  ])
  const grown = Buffer.concat([
    bytes.subarray(0, bytes.indexOf(raw) - 2),
    Buffer.from([0x12, raw.length + extra.length]),
    raw,
    extra,
  ])
  assert.deepEqual(decodeObject(grown)['data'], { k: 'v' })
})

test('cut and damaged bytes are refused as such, never read past their end', () => {
  const bytes = encodeObject({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'a', labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  const harmless = (input: Buffer): void => {
    try {
      decodeObject(input)
    } catch (error) {
      assert.ok(error instanceof GantryError, String(error))
    }
  }
  for (let length = 0; length < bytes.length; length++) harmless(bytes.subarray(0, length))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const copy = Buffer.from(bytes)
      copy[at] = byte
      harmless(copy)
    }),
    { numRuns: 2000 },
  )
  assert.throws(() => decodeObject(Buffer.from('{"kind":"Pod"}')), {
    message: /does not appear to be a protobuf message/,
  })
})

test('a schema nested beyond reason is refused', () => {
  let message: Buffer = Buffer.alloc(0)
  for (let i = 0; i < 1000; i++) {
    const writer = new WireWriter()
    writer.bytes(message)
    writer.close(29, 0)
    message = writer.finish()
  }
  const wrap = (field: number, inner: Uint8Array): Buffer => {
    const writer = new WireWriter()
    writer.bytes(inner)
    writer.close(field, 0)
    return writer.finish()
  }
  const version = wrap(7, wrap(4, wrap(1, message)))
  const body = wrap(2, wrap(2, version))
  const envelope = Buffer.concat([
    Buffer.from('k8s\0'),
    wrap(
      1,
      Buffer.concat([
        wrap(1, Buffer.from('apiextensions.k8s.io/v1')),
        wrap(2, Buffer.from('CustomResourceDefinition')),
      ]),
    ),
    body,
  ])
  assert.doesNotThrow(() => {
    try {
      decodeObject(envelope)
    } catch (error) {
      if (!(error instanceof GantryError)) throw error
    }
  })
})

test('watch frames come out of a stream cut anywhere', () => {
  const object = encodeObject({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'a' } })
  const stream = Buffer.concat([
    encodeWatchFrame({ type: 'ADDED', object }),
    encodeWatchFrame({ type: 'DELETED', object }),
  ])
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = createWatchFrameReader()
    const frames = [...reader.feed(stream.subarray(0, cut)), ...reader.feed(stream.subarray(cut))]
    assert.deepEqual(
      frames.map((frame) => frame.type),
      ['ADDED', 'DELETED'],
    )
    assert.equal((decodeObject(frames[1]?.object ?? object)['metadata'] as { name: string }).name, 'a')
  }
  assert.throws(() => createWatchFrameReader(100).feed(Buffer.from([0, 1, 0, 0, 0])), {
    message: /longer than maximum/,
  })
})

const failures: readonly (readonly [content: string, message: string])[] = [
  ['00', 'proto: ConfigMap: illegal tag 0 (wire type 0)'],
  ['0c', 'proto: ConfigMap: wiretype end group for non-group'],
  ['0a0100', 'proto: ObjectMeta: illegal tag 0 (wire type 0)'],
  ['08', 'proto: wrong wireType = 0 for field ObjectMeta'],
  ['2200', 'proto: wrong wireType = 2 for field Immutable'],
  ['0a05', 'unexpected EOF'],
  ['0affffffffffffffffff01', 'proto: negative length found during unmarshaling'],
  ['ffffffffffffffffffff01', 'proto: integer overflow'],
  ['fb7f', 'unexpected EOF'],
  ['fe7f', 'proto: illegal wireType 6'],
]
for (const [content, message] of failures) {
  test(`content ${content} is refused: ${message}`, () => {
    const body = sealEnvelope('v1', 'ConfigMap', Buffer.from(content, 'hex'))
    assert.throws(() => decodeObject(body), { message })
  })
}

test('groups that nobody knows are stepped over with what is in them', () => {
  const content = Buffer.from('fb3ffb3ffc3f0801fc3f12080a016112036d6f70', 'hex')
  assert.deepEqual(decodeObject(sealEnvelope('v1', 'ConfigMap', content))['data'], { a: 'mop' })
})

test('of a number that is too large for its member the lower half counts', () => {
  const content = Buffer.from('1206088080808010', 'hex')
  const { spec } = decodeObject(sealEnvelope('apps/v1', 'ReplicaSet', content)) as { spec: { replicas: number } }
  assert.equal(spec.replicas, 0)
})

for (const [bytes, message] of [
  ['6b387300', 'empty body'],
  ['6b38730008', 'proto: wrong wireType = 0 for field TypeMeta'],
  ['6b38730000', 'proto: Unknown: illegal tag 0 (wire type 0)'],
  ['6b3873000a020801', 'proto: wrong wireType = 0 for field APIVersion'],
] as const)
  test(`an envelope of ${bytes} is refused: ${message}`, () =>
    assert.throws(() => openEnvelope(Buffer.from(bytes, 'hex')), { message }))
