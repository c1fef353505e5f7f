/**
 * What is said to a KMS plugin (kms/apis/v2) and stored with what its keys seal (kmsv2 EncryptedObject), as protobuf; pure.
 * A plugin is hostile until its answers have been checked.
 */
import { encodeFields, type Fields } from '#kit/grpc/encode-fields.ts'
import { WireReader } from '#spec/kubernetes/protobuf/wire-reader.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { fullyQualifiedDomainName } from '#spec/kubernetes/validation/format-errors.ts'

export type Annotations = ReadonlyMap<string, Uint8Array>

/** What a plugin says of itself. */
export interface KmsStatus {
  readonly version: string
  /** `ok`, or what is wrong. */
  readonly healthz: string
  readonly keyId: string
}

/** A secret as a plugin sealed it, and what it needs to open it again. */
export interface SealedSecret {
  readonly ciphertext: Uint8Array
  readonly keyId: string
  readonly annotations: Annotations
}

/** What `SealedSecret.ciphertext` is once it is open: a key, or a seed of keys. */
export const secretKinds = { key: 0, seed: 1 } as const

/** A stored value. */
export interface SealedObject extends SealedSecret {
  readonly kind: number
  readonly value: Uint8Array
}

const noBytes = Buffer.alloc(0)

export function decodeStatus(bytes: Uint8Array): KmsStatus {
  const reader = new WireReader(bytes)
  const status = { version: '', healthz: '', keyId: '' }
  while (reader.next()) {
    if (reader.field === 1) status.version = reader.text()
    else if (reader.field === 2) status.healthz = reader.text()
    else if (reader.field === 3) status.keyId = reader.text()
    else reader.skip()
  }
  return status
}

export function encodeEncrypt(uid: string, plaintext: Uint8Array): Buffer {
  return encodeFields([
    [1, plaintext],
    [2, uid],
  ])
}

/** EncryptResponse. */
export function decodeEncrypted(bytes: Uint8Array): SealedSecret {
  const reader = new WireReader(bytes)
  const annotations = new Map<string, Uint8Array>()
  let ciphertext: Uint8Array = noBytes
  let keyId = ''
  while (reader.next()) {
    if (reader.field === 1) ciphertext = reader.bytes()
    else if (reader.field === 2) keyId = reader.text()
    else if (reader.field === 3) readAnnotation(reader.message(), annotations)
    else reader.skip()
  }
  return { ciphertext, keyId, annotations }
}

export function encodeDecrypt(uid: string, { ciphertext, keyId, annotations }: SealedSecret): Buffer {
  return encodeFields([[1, ciphertext], [2, uid], [3, keyId], ...annotationFields(4, annotations)])
}

/** DecryptResponse. */
export function decodeDecrypted(bytes: Uint8Array): Uint8Array {
  const reader = new WireReader(bytes)
  let plaintext: Uint8Array = noBytes
  while (reader.next()) {
    if (reader.field === 1) plaintext = reader.bytes()
    else reader.skip()
  }
  return plaintext
}

export function encodeObject({ value, keyId, ciphertext, annotations, kind }: SealedObject): Buffer {
  return encodeFields([[1, value], [2, keyId], [3, ciphertext], ...annotationFields(4, annotations), [5, kind]])
}

/** @throws for bytes that are no such object, or one that is out of bounds. */
export function decodeObject(bytes: Uint8Array): SealedObject {
  const reader = new WireReader(bytes)
  const annotations = new Map<string, Uint8Array>()
  let value: Uint8Array = noBytes
  let ciphertext: Uint8Array = noBytes
  let keyId = ''
  let kind = 0
  while (reader.next()) {
    if (reader.field === 1) value = reader.bytes()
    else if (reader.field === 2) keyId = reader.text()
    else if (reader.field === 3) ciphertext = reader.bytes()
    else if (reader.field === 4) readAnnotation(reader.message(), annotations)
    else if (reader.field === 5) kind = reader.varint()
    else reader.skip()
  }
  const object = { value, ciphertext, keyId, annotations, kind }
  const problem = objectProblem(object)
  if (problem !== undefined) throw new Error(problem)
  return object
}

function annotationFields(field: number, annotations: Annotations): Fields {
  return [...annotations]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]): Fields[number] => [
      field,
      [
        [1, key],
        [2, value],
      ],
    ])
}

function readAnnotation(reader: WireReader, annotations: Map<string, Uint8Array>): void {
  let key = ''
  let value: Uint8Array = noBytes
  while (reader.next()) {
    if (reader.field === 1) key = reader.text()
    else if (reader.field === 2) value = reader.bytes()
    else reader.skip()
  }
  annotations.set(key, value)
}

const keyIdBytesMax = 1024
const secretBytesMax = 1024
const annotationsBytesMax = 32 * 1024

/** What is wrong with the name of a key; undefined when it is fine. */
export function keyIdProblem(keyId: string): string | undefined {
  const bytes = Buffer.byteLength(keyId)
  if (bytes === 0) return 'keyID is empty'
  return bytes > keyIdBytesMax ? `keyID is ${bytes} bytes, which exceeds the max size of ${keyIdBytesMax}` : undefined
}

/** What is wrong with what a plugin sealed; undefined when it is fine. */
export function secretProblem({ ciphertext, keyId, annotations }: SealedSecret): string | undefined {
  if (ciphertext.length === 0) return 'failed to validate encrypted DEK source: encrypted DEK source is empty'
  if (ciphertext.length > secretBytesMax)
    return `failed to validate encrypted DEK source: encrypted DEK source is ${ciphertext.length} bytes, which exceeds the max size of ${secretBytesMax}`
  const ofKey = keyIdProblem(keyId)
  if (ofKey !== undefined) return `failed to validate key id: ${ofKey}`
  const ofAnnotations = annotationsProblem(annotations)
  return ofAnnotations === undefined ? undefined : `failed to validate annotations: ${ofAnnotations}`
}

function objectProblem(object: SealedObject): string | undefined {
  if (object.kind !== secretKinds.key && object.kind !== secretKinds.seed)
    return `unknown encryptedDEKSourceType: ${object.kind}`
  return object.value.length === 0 ? 'encrypted data is empty' : secretProblem(object)
}

function annotationsProblem(annotations: Annotations): string | undefined {
  let bytes = 0
  for (const [key, value] of annotations) {
    const [error] = fullyQualifiedDomainName(path('annotations'), key)
    if (error !== undefined) return `annotations: ${error.message}`
    bytes += Buffer.byteLength(key) + value.length
  }
  if (bytes <= annotationsBytesMax) return undefined
  return `total size of annotations is ${bytes}, which exceeds the max size of ${annotationsBytesMax}`
}
