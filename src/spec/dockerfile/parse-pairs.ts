/** The arguments of ENV, LABEL and ARG. */
import { failedToParse } from './errors.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { ArgValue, KeyValue } from './instruction-types.ts'
import { splitWords } from './split-words.ts'

/** `k=v …`, or the legacy form `k the rest`. Throws `invalid` when a value is missing. */
export function parsePairs(keyword: string, rest: string, escape: string): KeyValue[] {
  const words = splitWords(rest, escape)
  const first = words[0]
  if (first === undefined) return []
  if (!first.includes('=')) {
    const match = /^(\S+)\s+([\s\S]+)$/.exec(rest)
    if (match === null) throw failedToParse(`${keyword.toUpperCase()} must have two arguments`)
    return [{ key: match[1] ?? '', value: match[2] ?? '' }]
  }
  return words.map((word) => {
    const equals = word.indexOf('=')
    if (equals < 0)
      throw failedToParse(`Syntax error - can't find = in ${goQuote(word)}. Must be of the form: name=value`)
    return { key: word.slice(0, equals), value: word.slice(equals + 1) }
  })
}

/** `name` and `name=default` words. */
export function parseArgs(rest: string, escape: string): ArgValue[] {
  return splitWords(rest, escape).map((word) => {
    const equals = word.indexOf('=')
    return equals < 0 ? { key: word, value: undefined } : { key: word.slice(0, equals), value: word.slice(equals + 1) }
  })
}
