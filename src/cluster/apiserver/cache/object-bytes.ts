/**
 * Stored and served bytes of objects. In the store an object is canonical JSON with an empty `resourceVersion`, which only
 * the commit decides; served bytes have it filled in. `kind`, `apiVersion` and `metadata` always come first.
 */
import type { ObjectMeta } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from '../api-object.ts'

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

/** Metadata in the order in which it is served. @param version what stands as its version. */
export function inMetadataOrder(
  metadata: ObjectMeta,
  version: string | undefined = metadata.resourceVersion,
): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const name of metadataOrder) {
    const value = name === 'resourceVersion' ? version : metadata[name]
    if (value !== undefined) out[name] = value
  }
  return out
}

/** An object as it goes to the store. */
export interface StoredForm {
  readonly bytes: Buffer
  /** JSON of each member beside kind, version and metadata: equal texts are equal members. */
  readonly texts: ReadonlyMap<string, string>
}

/** The form that the store keeps, in memory of its own: a share of a slab would keep what was short-lived beside it. */
export function storedForm(object: ApiObject): StoredForm {
  const { kind, apiVersion, metadata, ...rest } = object
  const texts = new Map<string, string>()
  let text = JSON.stringify({ kind, apiVersion, metadata: inMetadataOrder(metadata, '') }).slice(0, -1)
  for (const name in rest) {
    // What is undefined has no text.
    const member = JSON.stringify(rest[name]) as string | undefined
    if (member === undefined) continue
    texts.set(name, member)
    text += `,${JSON.stringify(name)}:${member}`
  }
  text += '}'
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return { bytes, texts }
}

/** The bytes that the store keeps. */
export function storedBytes(object: ApiObject): Buffer {
  return storedForm(object).bytes
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
