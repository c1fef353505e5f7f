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

/** The bytes that the store keeps, in memory of their own: a share of a slab would keep what was short-lived beside it. */
export function storedBytes(object: ApiObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object
  const text = JSON.stringify({ kind, apiVersion, metadata: orderedMetadata(metadata), ...rest })
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

/** What goes around an object in an answer; ASCII. */
export interface Around {
  readonly before?: string
  readonly after?: string
}

/** Stored bytes with their version: what clients are sent. Made anew each time, since keeping both would take twice the memory. */
export function servedBytes(stored: Buffer, revision: number, { before = '', after = '' }: Around = {}): Buffer {
  const cut = versionAt(stored)
  const version = String(revision)
  const out = Buffer.allocUnsafe(before.length + stored.length + version.length + after.length)
  let at = out.write(before, 'latin1')
  at += stored.copy(out, at, 0, cut)
  at += out.write(version, at, 'latin1')
  at += stored.copy(out, at, cut)
  out.write(after, at, 'latin1')
  return out
}

/** Where in stored bytes the version goes. */
export function versionAt(stored: Buffer): number {
  // Nothing before it can hold these characters unescaped, so the first match is metadata's own.
  return stored.indexOf(unset) + unset.length - 1
}
