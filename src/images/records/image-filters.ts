/** The filters of image list and prune, decoded and judged (Engine API, GET /images/json and POST /images/prune). */
import { GantryError } from '#base/errors/gantry-error.ts'
import { readApiTime } from '#spec/docker/api-time.ts'
import { parseReference } from '#spec/oci/reference.ts'
import { createdMsOf } from './image-index.ts'
import { compilePattern, matchesReference } from './match-pattern.ts'
import type { ImageFilters, ImageRecord } from './record-types.ts'

export interface CompiledFilters {
  /** Undefined when not asked for. */
  readonly dangling: boolean | undefined
  readonly references: readonly RegExp[]
  /** Judges labels and times. */
  matches(record: ImageRecord): boolean
}

export interface FilterContext {
  readonly nowMs: number
  /** Finds the image that before and since name; throws when there is none. */
  readonly resolve: (refOrId: string) => ImageRecord
}

const listKeys = new Set(['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'])
const pruneKeys = new Set(['dangling', 'label', 'label!', 'until'])

/** Compiles filters. Throws `invalid` for unknown keys and malformed values. */
export function compileFilters(
  filters: ImageFilters,
  purpose: 'list' | 'prune',
  context: FilterContext,
): CompiledFilters {
  for (const key of Object.keys(filters)) {
    if (!(purpose === 'list' ? listKeys : pruneKeys).has(key)) throw invalidFilter(`Invalid filter '${key}'`)
  }
  const before = createdOf(filters['before'], context)
  const since = createdOf(filters['since'], context)
  const until = (filters['until'] ?? []).map((text) => parseUntil(text, context.nowMs))
  const labels = (filters['label'] ?? []).map(parseLabel)
  const notLabels = (filters['label!'] ?? []).map(parseLabel)
  return {
    dangling: parseDangling(filters['dangling']),
    references: (filters['reference'] ?? []).map(compilePattern),
    matches(record) {
      const created = createdMsOf(record.config)
      const has = record.config.config?.Labels ?? {}
      if (before !== undefined && created >= before) return false
      if (since !== undefined && created <= since) return false
      if (until.some((limit) => created > limit)) return false
      return labels.every((label) => hasLabel(has, label)) && !notLabels.some((label) => hasLabel(has, label))
    },
  }
}

/** The references that the reference filter lets through; all when there is no such filter. */
export function filterReferences(filters: CompiledFilters, references: readonly string[]): string[] {
  if (filters.references.length === 0) return [...references]
  return references.filter((text) =>
    filters.references.some((pattern) => matchesReference(pattern, parseReference(text))),
  )
}

function parseDangling(values: readonly string[] | undefined): boolean | undefined {
  if (values === undefined || values.length === 0) return undefined
  const parsed = new Set(
    values.map((value) =>
      ['1', 'true', 't'].includes(value.toLowerCase())
        ? true
        : ['0', 'false', 'f'].includes(value.toLowerCase())
          ? false
          : undefined,
    ),
  )
  const [only] = parsed
  if (parsed.size !== 1 || only === undefined) throw invalidFilter(`Invalid filter 'dangling=[${values.join(' ')}]'`)
  return only
}

function createdOf(values: readonly string[] | undefined, context: FilterContext): number | undefined {
  const [name] = values ?? []
  return name === undefined ? undefined : createdMsOf(context.resolve(name).config)
}

function parseLabel(text: string): { key: string; value: string | undefined } {
  const equals = text.indexOf('=')
  return equals < 0 ? { key: text, value: undefined } : { key: text.slice(0, equals), value: text.slice(equals + 1) }
}

function hasLabel(
  labels: Readonly<Record<string, string>>,
  wanted: { key: string; value: string | undefined },
): boolean {
  return Object.hasOwn(labels, wanted.key) && (wanted.value === undefined || labels[wanted.key] === wanted.value)
}

/** A Go duration back from now, seconds since 1970 (with fraction), or a date. */
function parseUntil(text: string, nowMs: number): number {
  const ms = readApiTime(text, nowMs)
  if (ms === undefined) throw invalidFilter(`failed to parse value as time or duration: "${text}"`)
  return ms
}

function invalidFilter(message: string): GantryError {
  return new GantryError('IMAGE_FILTER_INVALID', 'invalid', message, {
    remedy: 'Use before, since, dangling, label, reference or until.',
  })
}
