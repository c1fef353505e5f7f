/** Regular expressions by RE2's rules, which no text can make slow (`matches`, and Kubernetes' `find` and `findAll`). */
import { RE2JS } from 're2js'
import { LruCache } from '#base/data/lru-cache.ts'
import { declare, fail, type CelOverload } from '../cel-function.ts'
import { CelList, type CelValue } from '../cel-value.ts'

/** Why a pattern is none, or undefined. */
export function patternProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function compiled(pattern: string, prefix: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    return fail(`${prefix}${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Patterns compiled before; a table belongs to one compiled expression. */
export class PatternCache {
  readonly #patterns = new LruCache<string, RE2JS>({ capacity: 16 })

  get(pattern: string, prefix: string): RE2JS {
    const known = this.#patterns.get(pattern)
    if (known !== undefined) return known
    const fresh = compiled(pattern, prefix)
    this.#patterns.set(pattern, fresh)
    return fresh
  }
}

function findAll(whole: string, pattern: RE2JS, most: number): CelList {
  const found: string[] = []
  const matcher = pattern.matcher(whole)
  while ((most < 0 || found.length < most) && matcher.find()) found.push(matcher.group() ?? '')
  return new CelList(found)
}

const text = (value: CelValue | undefined): string => value as string

export const regexFunctions: readonly CelOverload[] = [
  ...['matches(string, string) bool', '.matches(string, string) bool'].map((signature) =>
    declare(signature, 'matches_string', ([whole, pattern], { patterns }) =>
      patterns.get(text(pattern), '').matcher(text(whole)).find(),
    ),
  ),
  declare('.find(string, string) string', 'string_find_string', ([whole, pattern], { patterns }) => {
    const matcher = patterns.get(text(pattern), 'Illegal regex: ').matcher(text(whole))
    return matcher.find() ? (matcher.group() ?? '') : ''
  }),
  declare('.findAll(string, string) list(string)', 'string_find_all_string', ([whole, pattern], { patterns }) =>
    findAll(text(whole), patterns.get(text(pattern), 'Illegal regex: '), -1),
  ),
  declare(
    '.findAll(string, string, int) list(string)',
    'string_find_all_string_int',
    ([whole, pattern, most], { patterns }) =>
      findAll(text(whole), patterns.get(text(pattern), 'Illegal regex: '), Number(most)),
  ),
]
