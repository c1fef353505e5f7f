/** From what a user typed to an image: reference, id, unique id prefix, or name@digest. */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { familiarReference, formatReference, parseReference, withDefaultTag } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { ImageIndex } from './image-index.ts'
import type { ImageRecord } from './record-types.ts'

const hexPattern = /^[0-9a-f]+$/
const wholeHex = /^[0-9a-f]{64}$/

/** The image, or undefined. Throws `invalid` for what can be neither a reference nor an id. */
export function findImage(index: ImageIndex, refOrId: string): ImageRecord | undefined {
  const bare = refOrId.startsWith('sha256:') ? refOrId.slice(7) : refOrId
  if (wholeHex.test(bare)) return index.get(`sha256:${bare}`)
  if (!refOrId.startsWith('sha256:')) {
    const byName = index.byReference(lookupKey(parseReference(refOrId)))
    if (byName !== undefined) return index.get(byName)
  }
  const matches = hexPattern.test(bare) ? index.byPrefix(bare) : []
  const [only] = matches
  return matches.length === 1 && only !== undefined ? index.get(only) : undefined
}

/** The image; throws `not-found` with the text that makes clients pull. */
export function resolveImage(index: ImageIndex, refOrId: string): ImageRecord {
  const record = findImage(index, refOrId)
  if (record === undefined) throw noSuchImage(refOrId)
  return record
}

/** Docker's words for a missing image: the reference with its tag, an id as given. */
export function noSuchImage(refOrId: string): GantryError {
  return new GantryError('IMAGE_MISSING', 'not-found', `No such image: ${shownName(refOrId)}`, {
    remedy: 'Pull, load or build the image.',
  })
}

/** True when the text names the image by its id or a beginning of it. */
export function isIdPrefix(id: Digest, text: string): boolean {
  return id.startsWith(text) || id.slice('sha256:'.length).startsWith(text)
}

/** With tag and digest only the digest counts: the tag may have moved. */
export function lookupKey(reference: Reference): string {
  const { tag: _tag, ...rest } = reference
  return formatReference(reference.digest === undefined ? withDefaultTag(reference) : rest)
}

function shownName(refOrId: string): string {
  if (isDigest(refOrId)) return refOrId
  if (wholeHex.test(refOrId)) return `sha256:${refOrId}`
  if (refOrId.startsWith('sha256:')) return refOrId
  return familiarReference(withDefaultTag(parseReference(refOrId)))
}
