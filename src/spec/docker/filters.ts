/** The `filters` query parameter: `{"key":{"value":true}}`, or `{"key":["value"]}` from older clients. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

const keysMax = 64
const valuesMax = 1024

function invalid(text: string, cause?: unknown): GantryError {
  return new GantryError('DOCKER_FILTERS', 'invalid', `Invalid filter '${text}'`, {
    cause,
    remedy: 'Send a JSON map of key to map of value to true.',
  })
}

function valuesOf(value: unknown, text: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.slice(0, valuesMax)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(text)
  return Object.entries(value)
    .filter(([, on]) => on === true)
    .map(([key]) => key)
    .slice(0, valuesMax)
}

/** @throws GantryError invalid when the text is no such JSON. Empty text is no filter. */
export function parseFilters(text: string): Readonly<Record<string, readonly string[]>> {
  if (text === '') return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw invalid(text, error)
  }
  if (parsed === null) return {}
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw invalid(text)
  const rows = Object.entries(parsed).slice(0, keysMax)
  return Object.fromEntries(rows.map(([key, value]) => [key, valuesOf(value, text)]))
}

/** A boolean filter (`dangling`, `is-task`): undefined when not given. @throws GantryError when it is neither or both. */
export function booleanFilter(filters: Readonly<Record<string, readonly string[]>>, key: string): boolean | undefined {
  const values = filters[key]
  if (values === undefined || values.length === 0) return undefined
  const meanings = new Set(
    values.map((value) => (/^(1|true|t)$/i.test(value) ? true : /^(0|false|f)$/i.test(value) ? false : undefined)),
  )
  const [meaning] = meanings
  if (meanings.size !== 1 || meaning === undefined) {
    throw new GantryError('DOCKER_FILTERS', 'invalid', `Invalid filter '${key}=[${values.join(' ')}]'`, {
      remedy: 'See the API reference for the filters.',
    })
  }
  return meaning
}
