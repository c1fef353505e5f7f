/** Schemas of lists, maps, objects and alternatives. */
import { closestMatch } from './closest-match.ts'
import {
  type CheckContext,
  type Members,
  type ObjectOf,
  type Schema,
  into,
  isTooDeep,
  nameOf,
  report,
} from './schema.ts'

/** A list; at most `lengthMax` items (100,000 unless told). */
export function array<T>(
  item: Schema<T>,
  rules: { readonly lengthMin?: number; readonly lengthMax?: number } = {},
): Schema<readonly T[]> {
  const { lengthMin = 0, lengthMax = 100_000 } = rules
  return {
    expects: `list of ${item.expects}`,
    check: (value, context) => {
      if (!Array.isArray(value)) return report(context, `expected a list, got ${nameOf(value)}`)
      if (value.length < lengthMin)
        return report(context, `must have at least ${lengthMin} item${lengthMin === 1 ? '' : 's'}`)
      if (value.length > lengthMax) return report(context, `must have at most ${lengthMax} items`)
      if (isTooDeep(context)) return undefined
      return value.map((entry: unknown, index) => item.check(entry, into(context, index)) as T)
    },
  }
}

/** Any keys with values of one kind. */
export function record<T>(
  item: Schema<T>,
  rules: { readonly key?: RegExp; readonly sizeMax?: number } = {},
): Schema<Readonly<Record<string, T>>> {
  const { key, sizeMax = 100_000 } = rules
  return {
    expects: `map to ${item.expects}`,
    check: (value, context) => {
      if (!isPlainObject(value)) return report(context, `expected an object, got ${nameOf(value)}`)
      if (isTooDeep(context)) return undefined
      const entries = Object.entries(value)
      if (entries.length > sizeMax) return report(context, `must have at most ${sizeMax} members`)
      for (const [name] of entries)
        if (key?.test(name) === false) report(into(context, name), `is no valid name (${key.source})`)
      return Object.fromEntries(entries.map(([name, entry]) => [name, item.check(entry, into(context, name)) as T]))
    },
  }
}

/** What happens to members that an object schema does not name. */
export type UnknownMembers = 'reject' | 'drop' | 'keep'

/** An object with named members; unknown ones are refused with the closest known name, dropped, or kept. */
export function object<M extends Members>(members: M, unknownMembers: UnknownMembers = 'reject'): Schema<ObjectOf<M>> {
  const names = Object.keys(members)
  return {
    expects: 'object',
    members,
    check: (value, context) => {
      if (!isPlainObject(value)) return report(context, `expected an object, got ${nameOf(value)}`)
      if (isTooDeep(context)) return undefined
      const result: Record<string, unknown> = {}
      for (const name of names) checkMember(members[name] as Schema<unknown>, { name, value, result, context })
      if (unknownMembers !== 'drop') {
        for (const name of Object.keys(value)) {
          if (Object.hasOwn(members, name)) continue
          if (unknownMembers === 'keep')
            Object.defineProperty(result, name, {
              value: value[name],
              enumerable: true,
              writable: true,
              configurable: true,
            })
          else reportUnknown(name, names, context)
        }
      }
      return result as ObjectOf<M>
    },
  }
}

interface MemberCheck {
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>
  readonly result: Record<string, unknown>
  readonly context: CheckContext
}

function checkMember(schema: Schema<unknown>, { name, value, result, context }: MemberCheck): void {
  const member = Object.hasOwn(value, name) ? value[name] : undefined
  if (member !== undefined) {
    result[name] = schema.check(member, into(context, name))
    return
  }
  if (schema.absence === undefined) report(into(context, name), `is missing (expected ${schema.expects})`)
  else if (schema.absence !== 'optional') result[name] = schema.absence.default
}

function reportUnknown(name: string, names: readonly string[], context: CheckContext): void {
  const closest = closestMatch(name, names)
  const hint = closest === undefined ? `known are ${names.join(', ')}` : `did you mean ${closest}?`
  report(into(context, name), `is not known; ${hint}`)
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
