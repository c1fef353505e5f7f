/**
 * The small validator behind configuration, flags and API bodies. A schema is a plain value; its type is inferred,
 * every problem of a document is found at once and named with its path. Nothing is coerced.
 */

/** One thing wrong with a document. `path` is empty for the document itself, else like `listeners[0].port`. */
export interface Problem {
  readonly path: string
  readonly message: string
}

/** Where a check is in the document, and what it found so far. */
export interface CheckContext {
  readonly path: string
  readonly problems: Problem[]
  readonly depth: number
}

/** Checks values of type T. */
export interface Schema<T> {
  /** In words, for messages and generated documentation: `string`, `integer from 1 to 65535`. */
  readonly expects: string
  /** The value, or undefined after reporting what is wrong; an absent member is undefined too. */
  check(value: unknown, context: CheckContext): T | undefined
  /** How an object treats the absence of this member; required unless told. */
  readonly absence?: { readonly default: T } | 'optional'
  /** The members, for objects: what generated documentation walks. */
  readonly members?: Readonly<Record<string, Schema<unknown>>>
}

/** The type of a schema's values. */
export type Infer<S> = S extends Schema<infer T> ? T : never

/** A member that may be left out. */
export interface OptionalSchema<T> extends Schema<T> {
  readonly absence: 'optional'
}

/** Members by name. */
export type Members = Readonly<Record<string, Schema<unknown>>>

/** The object type of some members: optional ones may be left out. */
export type ObjectOf<M extends Members> = {
  readonly [K in keyof M as M[K] extends OptionalSchema<unknown> ? never : K]: Infer<M[K]>
} & {
  readonly [K in keyof M as M[K] extends OptionalSchema<unknown> ? K : never]?: Infer<M[K]>
}

/** Documents nested deeper are refused rather than followed. */
const depthMax = 100

/** Problems reported of one document at most: a hostile one has millions. */
const problemsMax = 100

/** Reports a problem at the context's path; returns undefined for the caller to return. */
export function report(context: CheckContext, message: string): undefined {
  if (context.problems.length < problemsMax) context.problems.push({ path: context.path, message })
  return undefined
}

/** The context of a member or an item. */
export function into(context: CheckContext, key: string | number): CheckContext {
  const step =
    typeof key === 'number' ? `[${key}]` : /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  const path = context.path === '' && step.startsWith('.') ? step.slice(1) : context.path + step
  return { path, problems: context.problems, depth: context.depth + 1 }
}

/** True, after a report, when the document is nested too deep. */
export function isTooDeep(context: CheckContext): boolean {
  if (context.depth <= depthMax) return false
  report(context, `nested deeper than ${depthMax} levels`)
  return true
}

/** What a value is, in words for messages. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a ${typeof value}`
}
