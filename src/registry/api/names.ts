/** Names in request paths: repositories, tags, digests (distribution spec v1.1, "Pulling manifests"). */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { isTag } from '#spec/oci/reference.ts'
import { RegistryError } from '../errors.ts'

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const namePattern = new RegExp(`^${component}(?:/${component})*$`)
const nameLengthMax = 255

/** A repository name, or throws NAME_INVALID. */
export function checkName(name: string | undefined): string {
  // The length is judged first: it bounds the work of the pattern.
  if (name === undefined || name.length > nameLengthMax || !namePattern.test(name))
    throw new RegistryError('NAME_INVALID', { detail: { name } })
  return name
}

/** A digest, or throws DIGEST_INVALID. */
export function checkDigest(text: string | undefined): Digest {
  if (text === undefined || !isDigest(text))
    throw new RegistryError('DIGEST_INVALID', { message: 'invalid digest', detail: { digest: text ?? '' } })
  return text
}

/** What a manifest path names. Throws TAG_INVALID or DIGEST_INVALID. */
export function checkReference(text: string | undefined): { readonly digest: Digest } | { readonly tag: string } {
  if (text?.includes(':') === true) return { digest: checkDigest(text) }
  if (text === undefined || !isTag(text))
    throw new RegistryError('TAG_INVALID', { message: 'invalid tag name', detail: { tag: text } })
  return { tag: text }
}
