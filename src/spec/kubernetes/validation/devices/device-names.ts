/** Names in device allocation and lists of bounded length (resource/validation, v1.36). */
import { byteLength, each, matches } from '../checks.ts'
import { duplicate, invalid, required, tooLong, tooMany, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { cIdentifier, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../formats.ts'

type ItemCheck<T> = (item: T, at: Path) => readonly FieldError[]

/** Each item of a list that has a most; a longer one is only told to be too long. */
export function boundedList<T>(
  at: Path,
  list: readonly T[] | undefined,
  { most, check }: { readonly most: number; readonly check: ItemCheck<T> },
): FieldError[] {
  const count = list?.length ?? 0
  return count > most ? [tooMany(at, count, most)] : each(at, list, check)
}

interface SetRules<T> {
  readonly most: number
  readonly check: ItemCheck<T>
  readonly key: (item: T) => string
  /** How messages show the key, where that is not its text. */
  readonly show?: (item: T) => unknown
}

/** As `boundedList`, with every key once; repeated ones are told after what is wrong with the items. */
export function boundedSet<T>(at: Path, list: readonly T[] | undefined, rules: SetRules<T>): FieldError[] {
  const errors = boundedList(at, list, rules)
  if ((list?.length ?? 0) > rules.most) return errors
  const seen = new Set<string>()
  const repeated = each(at, list, (item, itemAt) => {
    const key = rules.key(item)
    if (seen.has(key)) return [duplicate(itemAt, rules.show?.(item) ?? key)]
    seen.add(key)
    return []
  })
  return [...errors, ...repeated]
}

/** Names of requests, devices and sets of counters. */
export function plainName(name: string | undefined, at: Path): FieldError[] {
  return matches(at, name ?? '', dnsLabel)
}

/** A key as labels have it; empty is not one. */
export function labelKey(key: string | undefined, at: Path): FieldError[] {
  return matches(at, key ?? '', qualifiedName)
}

/** A value as labels have it. */
export function valueOfLabel(value: string | undefined, at: Path): FieldError[] {
  return matches(at, value ?? '', labelValue)
}

/** The name of a pool: one or more subdomains with slashes between. */
export function poolName(name: string | undefined, at: Path): FieldError[] {
  if (name === undefined || name === '') return [required(at)]
  const long = byteLength(name) > 253 ? [tooLong(at, 253)] : []
  return [...long, ...name.split('/').flatMap((part) => matches(at, part, dnsSubdomain))]
}

function identifier(name: string, at: Path): FieldError[] {
  const long = byteLength(name) > 32 ? [tooLong(at, 32)] : []
  return [...long, ...matches(at, name, cIdentifier)]
}

/** The name of an attribute or capacity, with or without its domain. Upstream lets names with two slashes through. */
export function attributeName(name: string, at: Path): FieldError[] {
  const [first = '', second, ...rest] = name.split('/')
  if (rest.length > 0) return []
  if (second === undefined) return identifier(first, at)
  return [
    ...(first === '' ? [invalid(at, '', 'the domain must not be empty')] : csiDriverName(at, first)),
    ...(second === '' ? [invalid(at, '', 'the name must not be empty')] : identifier(second, at)),
  ]
}

/** The name of an attribute that must say its domain. */
export function fullAttributeName(name: string, at: Path): FieldError[] {
  const text = 'a fully qualified name must be a domain and a name separated by a slash'
  return [...attributeName(name, at), ...(name.includes('/') ? [] : [invalid(at, name, text)])]
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** What upstream's parser of UUIDs says of a text; it knows four ways to write one. */
function uuidProblem(text: string): string | undefined {
  const format = (isValid: boolean): string | undefined => (isValid ? undefined : 'invalid UUID format')
  switch (byteLength(text)) {
    case 36:
      return format(uuidPattern.test(text))
    case 45: {
      const prefix = text.slice(0, 9)
      if (prefix.toLowerCase() !== 'urn:uuid:') return `invalid urn prefix: ${JSON.stringify(prefix)}`
      return format(uuidPattern.test(text.slice(9)))
    }
    case 38:
      if (!text.startsWith('{') || !text.endsWith('}')) return 'invalid bracketed UUID format'
      return format(uuidPattern.test(text.slice(1, -1)))
    case 32:
      return format(/^[0-9a-f]{32}$/i.test(text))
    default:
      return `invalid UUID length: ${byteLength(text)}`
  }
}

/** The identity of a share of a device: a UUID in its usual form. */
export function shareId(id: string, at: Path): FieldError[] {
  const problem = uuidProblem(id)
  if (problem !== undefined) return [invalid(at, id, `error validating uid: ${problem}`)]
  if (byteLength(id) === 36 && id === id.toLowerCase()) return []
  const text =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
  return [invalid(at, id, text)]
}
