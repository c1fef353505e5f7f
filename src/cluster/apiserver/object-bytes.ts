/**
 * Stored and served bytes of objects. In the store an object is canonical JSON with an empty `resourceVersion`, which only
 * the commit decides; served bytes have it filled in. `kind`, `apiVersion` and `metadata` always come first.
 */
import type { ObjectMeta } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from './api-object.ts'

const unset = Buffer.from('"resourceVersion":""')
const metadataOrder = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const

function orderedMetadata(metadata: ObjectMeta): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const name of metadataOrder) {
    if (name === 'resourceVersion') out[name] = ''
    else if (metadata[name] !== undefined) out[name] = metadata[name]
  }
  return out
}

/** The bytes that the store keeps. */
export function storedBytes(object: ApiObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object
  return Buffer.from(JSON.stringify({ kind, apiVersion, metadata: orderedMetadata(metadata), ...rest }))
}

/** Stored bytes with their version: what clients are sent. */
export function servedBytes(stored: Uint8Array, revision: number): Buffer {
  const bytes = Buffer.isBuffer(stored) ? stored : Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  // Nothing before it can hold these characters unescaped, so the first match is metadata's own.
  const at = bytes.indexOf(unset)
  const text = String(revision)
  const cut = at + unset.length - 1
  // Memory of its own: a share of a slab would keep what was short-lived beside it.
  const out = Buffer.allocUnsafeSlow(bytes.length + text.length)
  bytes.copy(out, 0, 0, cut)
  out.write(text, cut, 'latin1')
  bytes.copy(out, cut + text.length, cut)
  return out
}
