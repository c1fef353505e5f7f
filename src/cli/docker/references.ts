/** Image references: `busybox` stands for `docker.io/library/busybox:latest` (distribution/reference). */
import { failure } from './exit.ts'

export interface Reference {
  /** Registry host. */
  readonly domain: string
  /** Repository within the registry. */
  readonly path: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

const domainPattern =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::\d+)?$|^\[[\da-fA-F:]+\](?::\d+)?$/
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[\da-fA-F]{32,}$/

/** Reads a reference. Throws `invalid reference format…` as the docker client does. */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text))
    throw failure(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`)
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const named = at < 0 ? text : text.slice(0, at)
  const colon = named.lastIndexOf(':')
  const tagged = colon > named.lastIndexOf('/')
  const tag = tagged ? named.slice(colon + 1) : undefined
  const { domain, path } = splitDomain(tagged ? named.slice(0, colon) : named)
  const remote = path.split(':')[0] ?? ''
  if (remote !== remote.toLowerCase())
    throw failure(`invalid reference format: repository name (${remote}) must be lowercase`)
  const reference = { domain, path, tag, digest }
  if (!isWellFormed(reference)) throw failure('invalid reference format')
  return reference
}

function isWellFormed({ domain, path, tag, digest }: Reference): boolean {
  if (!domainPattern.test(domain) || !pathPattern.test(path)) return false
  if (tag !== undefined && !tagPattern.test(tag)) return false
  return digest === undefined || digestPattern.test(digest)
}

function splitDomain(name: string): { readonly domain: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const isDomain = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const domain = isDomain ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io'
  const path = isDomain ? name.slice(slash + 1) : name
  return { domain, path: domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path }
}

/** The whole name, registry included, without tag. */
export function fullName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`
}

/** The name as people write it: without Docker Hub's host and `library/`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== 'docker.io') return fullName(reference)
  return reference.path.replace(/^library\/(?=[^/]+$)/, '')
}

/** A reference as people write it, tag or digest included; `latest` is filled in. */
export function familiarText(reference: Reference): string {
  const tag = reference.tag ?? (reference.digest === undefined ? 'latest' : undefined)
  return (
    familiarName(reference) +
    (tag === undefined ? '' : `:${tag}`) +
    (reference.digest === undefined ? '' : `@${reference.digest}`)
  )
}
