/** Schemas of single values. */
import { parseGoDurationMs } from '#base/data/duration.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { type OptionalSchema, type Schema, nameOf, report } from './schema.ts'

export interface StringRules {
  readonly lengthMin?: number
  /** 65,536 unless told. */
  readonly lengthMax?: number
  readonly pattern?: RegExp
  /** What the pattern means, for messages. */
  readonly meaning?: string
}

/** Text. */
export function string(rules: StringRules = {}): Schema<string> {
  const { lengthMin = 0, lengthMax = 65_536, pattern } = rules
  const expects = rules.meaning ?? (lengthMin > 0 ? 'non-empty string' : 'string')
  return {
    expects,
    check: (value, context) => {
      if (typeof value !== 'string') return report(context, `expected ${expects}, got ${nameOf(value)}`)
      if (value.length < lengthMin)
        return report(context, lengthMin === 1 ? 'must not be empty' : `must have at least ${lengthMin} characters`)
      if (value.length > lengthMax) return report(context, `must have at most ${lengthMax} characters`)
      if (pattern !== undefined && !pattern.test(value))
        return report(context, `expected ${rules.meaning ?? `text matching ${pattern.source}`}, got ${nameOf(value)}`)
      return value
    },
  }
}

/** True or false. */
export function boolean(): Schema<boolean> {
  return {
    expects: 'true or false',
    check: (value, context) =>
      typeof value === 'boolean' ? value : report(context, `expected true or false, got ${nameOf(value)}`),
  }
}

export interface NumberRules {
  readonly min?: number
  readonly max?: number
}

/** A finite number. */
export function number(rules: NumberRules = {}): Schema<number> {
  return numeric('number', rules, (value) => Number.isFinite(value))
}

/** A whole number that a double holds exactly. */
export function integer(rules: NumberRules = {}): Schema<number> {
  return numeric('integer', rules, (value) => Number.isSafeInteger(value))
}

function numeric(name: string, rules: NumberRules, accepts: (value: number) => boolean): Schema<number> {
  const { min, max } = rules
  const range =
    min === undefined
      ? max === undefined
        ? ''
        : ` up to ${max}`
      : max === undefined
        ? ` from ${min}`
        : ` from ${min} to ${max}`
  const expects = `${name}${range}`
  return {
    expects,
    check: (value, context) => {
      const isGood =
        typeof value === 'number' && accepts(value) && value >= (min ?? -Infinity) && value <= (max ?? Infinity)
      return isGood ? value : report(context, `expected ${expects}, got ${nameOf(value)}`)
    },
  }
}

/** One of some words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words): Schema<Words[number]> {
  const expects = `one of ${words.join(', ')}`
  const isWord = (value: unknown): value is Words[number] => typeof value === 'string' && words.includes(value)
  return {
    expects,
    check: (value, context) => (isWord(value) ? value : report(context, `expected ${expects}, got ${nameOf(value)}`)),
  }
}

/** Exactly one value. */
export function literal<const T extends string | number | boolean | null>(wanted: T): Schema<T> {
  const expects = JSON.stringify(wanted)
  return {
    expects,
    check: (value, context) =>
      value === wanted ? wanted : report(context, `expected ${expects}, got ${nameOf(value)}`),
  }
}

/** Anything at all, unchecked. */
export function unknown(): Schema<unknown> {
  return { expects: 'anything', check: (value) => value }
}

/** A duration in Go's form (`1m30s`), as milliseconds; a plain number is milliseconds already. */
export function durationMs(rules: NumberRules = {}): Schema<number> {
  const range = number(rules)
  return {
    expects: 'duration such as 30s',
    check: (value, context) => {
      if (typeof value !== 'string' || /^\d+$/.test(value))
        return range.check(typeof value === 'string' ? Number(value) : value, context)
      try {
        return range.check(parseGoDurationMs(value), context)
      } catch (error) {
        return report(context, messageOf(error))
      }
    },
  }
}

/** A member that may be left out. */
export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  return { ...schema, absence: 'optional' }
}

/** A member with a value for when it is left out. */
export function withDefault<T>(schema: Schema<T>, value: T): Schema<T> {
  return { ...schema, absence: { default: value } }
}

/** The schema's values or null. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return {
    expects: `${schema.expects} or null`,
    check: (value, context) => (value === null ? null : schema.check(value, context)),
  }
}

/** A further condition; `problem` says what is wrong with a value, or undefined. */
export function refine<T>(schema: Schema<T>, problem: (value: T) => string | undefined): Schema<T> {
  return {
    ...schema,
    check: (value, context) => {
      const before = context.problems.length
      const checked = schema.check(value, context)
      if (checked === undefined || context.problems.length > before) return undefined
      const message = problem(checked)
      return message === undefined ? checked : report(context, message)
    },
  }
}
