/**
 * Image references: the grammar of distribution (`[domain/]path[:tag][@digest]`), Docker's short forms of Docker Hub
 * names, and how the CLI words what is wrong with one.
 */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'

export interface Reference {
  /** Registry host with optional port: `docker.io`, `localhost:5000`. */
  readonly domain: string
  /** Repository within it: `library/busybox`. */
  readonly path: string
  readonly tag?: string
  readonly digest?: Digest
}

const repositoryLengthMax = 255
const hubDomain = 'docker.io'
const tagPattern = /^\w[\w.-]{0,127}$/
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const pathPattern = new RegExp(`^${component}(?:/${component})*$`)
const domainLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domainPattern = new RegExp(`^(?:${domainLabel}(?:\\.${domainLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const hexId = /^[0-9a-f]{64}$/

/**
 * Reads a name as users write it and completes it: `busybox` is `docker.io/library/busybox`. No tag is added.
 * Throws `invalid` with the CLI's words.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalidReference('invalid reference format')
  if (hexId.test(text))
    throw invalidReference(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`)
  const { domain, remainder } = splitDomain(text)
  const { path, tag, digest } = splitPath(remainder)
  if (path !== path.toLowerCase())
    throw invalidReference(`invalid reference format: repository name (${path}) must be lowercase`)
  if (![domainPattern.test(domain), pathPattern.test(path), tagPattern.test(tag ?? 'latest')].every(Boolean))
    throw invalidReference('invalid reference format')
  if (digest !== undefined && !isDigest(digest)) throw invalidReference(digestComplaint(digest))
  if (domain.length + 1 + path.length > repositoryLengthMax)
    throw invalidReference(`repository name must not be more than ${repositoryLengthMax} characters`)
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: digest as Digest }),
  }
}

/** True for what `parseReference` reads. */
export function isReference(text: string): boolean {
  try {
    parseReference(text)
    return true
  } catch {
    return false
  }
}

/** The reference with `:latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference
}

/** `docker.io/library/busybox`: the repository, complete. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`
}

/** The complete form: `docker.io/library/busybox:latest`. */
export function formatReference(reference: Reference): string {
  return repositoryOf(reference) + suffixOf(reference)
}

/** The repository as users read it: `busybox`, `user/app`, `localhost:5000/app`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== hubDomain) return repositoryOf(reference)
  return reference.path.startsWith('library/') && !reference.path.slice(8).includes('/')
    ? reference.path.slice(8)
    : reference.path
}

/** The reference as users read it: `busybox:latest`. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffixOf(reference)
}

/** Host to dial for a domain: Docker Hub's registry lives at another name. */
export function registryHostOf(reference: Reference): string {
  return reference.domain === hubDomain ? 'registry-1.docker.io' : reference.domain
}

/** True when text is a well-formed tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

function suffixOf(reference: Reference): string {
  return (
    (reference.tag === undefined ? '' : `:${reference.tag}`) +
    (reference.digest === undefined ? '' : `@${reference.digest}`)
  )
}

/** The part before the first slash is a host when it looks like one: a dot, a colon, `localhost`, or capitals. */
function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf('/')
  const first = slash < 0 ? '' : text.slice(0, slash)
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)
  let domain = isHost ? first : hubDomain
  let remainder = isHost ? text.slice(slash + 1) : text
  if (domain === 'index.docker.io') domain = hubDomain
  if (domain === hubDomain && !remainder.includes('/')) remainder = `library/${remainder}`
  return { domain, remainder }
}

function splitPath(text: string): { path: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const named = at < 0 ? text : text.slice(0, at)
  const colon = named.indexOf(':')
  return {
    path: colon < 0 ? named : named.slice(0, colon),
    tag: colon < 0 ? undefined : named.slice(colon + 1),
    digest,
  }
}

function digestComplaint(digest: string): string {
  const [algorithm, hex] = digest.split(':')
  if ((algorithm === 'sha256' || algorithm === 'sha512') && hex !== undefined && /^[0-9a-f]+$/.test(hex))
    return 'invalid checksum digest length'
  return /^[a-z0-9]+:[0-9a-f]{32,}$/.test(digest) ? 'unsupported digest algorithm' : 'invalid reference format'
}

function invalidReference(message: string): GantryError {
  return new GantryError('IMAGE_REFERENCE_INVALID', 'invalid', message, {
    remedy: 'Write [registry/]name[:tag], all lower case except the tag.',
  })
}
