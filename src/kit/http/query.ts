/** The query of a request target: repeated keys, Docker's booleans, whole numbers. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** A parsed query. Keys are case-sensitive; a key without `=` has the value ''. */
export interface Query {
  /** The first value of a key, or undefined. */
  get(key: string): string | undefined
  /** Every value of a key, in order. */
  all(key: string): readonly string[]
  has(key: string): boolean
  keys(): readonly string[]
  /** Docker's reading of a flag: '', 0, no, false, none (any case) are false, anything else is true; `absent` without the key. */
  flag(key: string, absent?: boolean): boolean
  /**
   * A decimal whole number, or `absent` when the key is missing or empty.
   * @throws GantryError HTTP_QUERY_INVALID for anything else.
   */
  integer(key: string, absent: number): number
}

/** The part of a request target before `?`. */
export function pathOf(target: string): string {
  const at = target.indexOf('?')
  return at === -1 ? target : target.slice(0, at)
}

/** Parses the query of a request target (`/path?a=1&a=2`). Broken percent-encoding is kept as it stands; at most 1000 pairs count. */
export function parseQuery(target: string): Query {
  const at = target.indexOf('?')
  return at === -1 ? emptyQuery : createQuery(readPairs(target.slice(at + 1)))
}

/** Docker's reading of a boolean in a query or form value (moby httputils.BoolValue). */
export function isDockerTrue(value: string): boolean {
  const word = value.trim().toLowerCase()
  return !(word === '' || word === '0' || word === 'no' || word === 'false' || word === 'none')
}

const pairsMax = 1000

function readPairs(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  let count = 0
  for (const pair of text.split('&', pairsMax)) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const key = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    const list = values.get(key)
    if (list === undefined) values.set(key, [value])
    else list.push(value)
    if (++count >= pairsMax) break
  }
  return values
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch (error) {
    if (error instanceof URIError) return spaced
    throw error
  }
}

function createQuery(values: Map<string, string[]>): Query {
  const get = (key: string): string | undefined => values.get(key)?.[0]
  return {
    get,
    all: (key) => values.get(key) ?? [],
    has: (key) => values.has(key),
    keys: () => [...values.keys()],
    flag: (key, absent = false) => {
      const value = get(key)
      return value === undefined ? absent : isDockerTrue(value)
    },
    integer: (key, absent) => {
      const value = get(key)
      if (value === undefined || value === '') return absent
      const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN
      if (!Number.isSafeInteger(number)) {
        throw new GantryError(
          'HTTP_QUERY_INVALID',
          'invalid',
          `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
          {
            remedy: `Give ${key} as a decimal whole number.`,
          },
        )
      }
      return number
    },
  }
}

const emptyQuery: Query = createQuery(new Map())
