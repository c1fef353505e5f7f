/** The building blocks of table cells: column lists, ages, selectors and short forms (kubectl's server-side tables, v1.36). */
import { formatSelector, type LabelSelectorObject, selectorFromObject } from '#base/data/label-selector.ts'
import { parseTime } from '../decode/time-text.ts'

export type Json = Readonly<Record<string, unknown>>
export type Cell = string | number | boolean | null

/** One column of a `meta.k8s.io/v1` Table. Columns of priority 1 are for wide output. */
export interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** How one kind becomes rows; `nowSeconds` is seconds since 1970. */
export interface Printer {
  readonly columns: readonly Column[]
  readonly cells: (object: Json, nowSeconds: number) => readonly Cell[]
}

/**
 * Columns from a short list: `Name!|Desired#|Attached?|Containers*`. `!` name format, `#` integer, `?` boolean, `@` date,
 * `*` wide only.
 */
export function columns(list: string): readonly Column[] {
  return list.split('|').map((word) => {
    const marks = /[!#?@*]*$/.exec(word)?.[0] ?? ''
    const type = marks.includes('#')
      ? 'integer'
      : marks.includes('?')
        ? 'boolean'
        : marks.includes('@')
          ? 'date'
          : 'string'
    return {
      name: word.slice(0, word.length - marks.length),
      type,
      format: marks.includes('!') ? 'name' : '',
      description: '',
      priority: marks.includes('*') ? 1 : 0,
    }
  })
}

/** A member by its path. */
export function at(object: unknown, ...path: readonly (string | number)[]): unknown {
  let value = object
  for (const step of path)
    value =
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined
  return value
}

/** A member as text; `otherwise` for what is absent or empty. */
export function text(value: unknown, otherwise: string = ''): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : otherwise
}

export function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((item) => text(item)) : []
}

/** Members of an object, none when it is absent. */
export function size(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** The name of an object. */
export function nameOf(object: Json): string {
  return text(at(object, 'metadata', 'name'))
}

const minute = 60
const hour = 3600
const day = 86_400
const year = 365 * day

/** `5m30s`; the smaller part is left out when it is zero. */
function pair(big: number, small: number, units: string): string {
  return small === 0 ? `${big}${units[0] ?? ''}` : `${big}${units[0] ?? ''}${small}${units[1] ?? ''}`
}

/** A span as people read it: `90s`, `5m30s`, `3h20m`, `2d5h`, `400d`, `3y20d`. Less than a second short of now counts as now. */
export function humanSpan(seconds: number): string {
  if (seconds < -1) return '<invalid>'
  const s = Math.max(0, Math.floor(seconds))
  if (s < 2 * minute) return `${s}s`
  if (s < 10 * minute) return pair(Math.floor(s / minute), s % minute, 'ms')
  if (s < 3 * hour) return `${Math.floor(s / minute)}m`
  if (s < 8 * hour) return pair(Math.floor(s / hour), Math.floor(s / minute) % 60, 'hm')
  if (s < 2 * day) return `${Math.floor(s / hour)}h`
  if (s < 8 * day) return pair(Math.floor(s / day), Math.floor(s / hour) % 24, 'dh')
  if (s < 2 * year) return `${Math.floor(s / day)}d`
  return s < 8 * year ? pair(Math.floor(s / year), Math.floor(s / day) % 365, 'yd') : `${Math.floor(s / year)}y`
}

/** Seconds since 1970 of a written time, undefined when it is none. */
export function secondsOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return parseTime(value).seconds
  } catch {
    return undefined
  }
}

/** How long ago a time was; `<unknown>` when there is none. */
export function age(time: unknown, nowSeconds: number): string {
  const then = secondsOf(time)
  return then === undefined ? '<unknown>' : humanSpan(nowSeconds - then)
}

export function ageOf(object: Json, nowSeconds: number): string {
  return age(at(object, 'metadata', 'creationTimestamp'), nowSeconds)
}

/** `a=1,b=2`, keys ascending; `<none>` for no labels. */
export function labels(value: unknown): string {
  if (size(value) === 0) return '<none>'
  return Object.entries(value as object)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${key}=${text(item)}`)
    .join(',')
}

/** A label selector object in its text form. */
export function selector(value: unknown): string {
  try {
    return text(formatSelector(selectorFromObject((value ?? {}) as LabelSelectorObject)), '<none>')
  } catch {
    return '<error>'
  }
}

/** Names and images of a pod template's containers. */
export function containersOf(template: unknown): readonly [names: string, images: string] {
  const containers = list(at(template, 'spec', 'containers'))
  return [
    containers.map((item) => text(item['name'])).join(','),
    containers.map((item) => text(item['image'])).join(','),
  ]
}

/** The condition of a type. */
export function condition(object: Json, type: string): Json | undefined {
  return list(at(object, 'status', 'conditions')).find((item) => item['type'] === type)
}

/** The first `max` words joined by commas, then how many were left out. */
export function firstFew(words: readonly string[], max: number, none: string): string {
  if (words.length === 0) return none
  const shown = words.slice(0, max).join(',')
  return words.length > max ? `${shown} + ${words.length - max} more...` : shown
}

const modes: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

/** `RWO,ROX`: access modes in their short form and fixed order. */
export function accessModes(value: unknown): string {
  const held = new Set(texts(value))
  return modes
    .filter(([mode]) => held.has(mode))
    .map(([, short]) => short)
    .join(',')
}
