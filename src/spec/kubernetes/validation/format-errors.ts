/** Formats whose errors name more than the text itself: domain-prefixed paths and keys, fully qualified names, paths. */
import { byteLength, matches, joined } from './checks.ts'
import { invalid, required, tooLong, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'
import { dnsLabel, dnsSubdomain, patternText, qualifiedName } from './formats.ts'

const httpPath = String.raw`[A-Za-z0-9/\-._~%!$&'()*+,;=:]+`
const httpPathPattern = new RegExp(`^${httpPath}$`)

/** `acme.io/foo`: a subdomain, a slash and a path. */
export function domainPrefixedPath(at: Path, value: string): FieldError[] {
  if (value === '') return [required(at)]
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) {
    return [invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  }
  const [host, rest] = [value.slice(0, slash), value.slice(slash + 1)]
  const errors = matches(at, host, dnsSubdomain)
  if (!httpPathPattern.test(rest)) errors.push(invalid(at, rest, patternText('Invalid path', httpPath)))
  return errors
}

/** `acme.io/foo`: a label key with a prefix. */
export function domainPrefixedKey(at: Path, value: string): FieldError[] {
  if (value === '') return [required(at)]
  const errors = matches(at, value, qualifiedName)
  if (errors.length > 0 || value.includes('/')) return errors
  return [invalid(at, value, 'must be a domain-prefixed key (such as "acme.io/foo")')]
}

/** A subdomain of at least three segments (webhook names). */
export function fullyQualifiedName(at: Path, value: string | undefined): FieldError[] {
  if (value === undefined || value === '') return [required(at)]
  const problems = dnsSubdomain(value)
  if (problems.length > 0) return [invalid(at, value, problems.join(','))]
  if (value.split('.').length >= 3) return []
  return [invalid(at, value, 'should be a domain with at least three segments separated by dots')]
}

/** A domain name of at least two labels; a trailing dot is allowed. */
export function fullyQualifiedDomainName(at: Path, value: string): FieldError[] {
  if (value === '') return [required(at)]
  const name = value.endsWith('.') ? value.slice(0, -1) : value
  const problems = dnsSubdomain(name)
  if (problems.length > 0) return [invalid(at, name, problems.join(','))]
  const labels = name.split('.')
  if (labels.length < 2) return [invalid(at, name, 'should be a domain with at least two segments separated by dots')]
  return labels.flatMap((label) => {
    const wrong = dnsLabel(label)
    return wrong.length === 0 ? [] : [invalid(at, label, wrong.join(','))]
  })
}

/** A path without `..` as an element. */
export function noBacksteps(at: Path, value: string): FieldError[] {
  return value.split('/').includes('..') ? [invalid(at, value, "must not contain '..'")] : []
}

/** A relative path that stays below where it starts. */
export function localPath(at: Path, value: string): FieldError[] {
  const absolute = value.startsWith('/') ? [invalid(at, value, 'must be a relative path')] : []
  return joined(absolute, noBacksteps(at, value))
}

/** As `localPath`, and not starting with `..`, which atomic writers keep for themselves. */
export function localUnreservedPath(at: Path, value: string): FieldError[] {
  const reserved = value.startsWith('..') && !value.startsWith('../')
  return joined(localPath(at, value), reserved ? [invalid(at, value, "must not start with '..'")] : [])
}

/** The mode of a file: 0 to 0777. */
export function fileMode(at: Path, mode: number | undefined): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return []
  return [invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
}

/** The name of a CSI driver. */
export function csiDriverName(at: Path, value: string | undefined): FieldError[] {
  if (value === undefined || value === '') return [required(at)]
  const long = byteLength(value) > 63 ? [tooLong(at, 63)] : []
  return joined(
    long,
    dnsSubdomain(value.toLowerCase()).map((text) => invalid(at, value, text)),
  )
}
