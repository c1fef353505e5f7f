/** Text (cel-spec's own functions and cel-go's strings library, version 2). Places count code points. */
import { listLengthMax, stringLengthMax } from '../cel-limits.ts'
import { declare, fail, type CelOverload } from '../cel-function.ts'
import { CelList, codePointCount, type CelValue } from '../cel-value.ts'
import { formatText } from './format-text.ts'

const text = (value: CelValue | undefined): string => value as string
const number = (value: CelValue | undefined): number => Number(value as bigint)
const outOfRange = (place: number): never => fail(`index out of range: ${place}`)

function charAt(points: readonly string[], place: number): string {
  if (place < 0 || place > points.length) return outOfRange(place)
  return points[place] ?? ''
}

function substring(points: readonly string[], start: number, end: number): string {
  if (start > end) return fail(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0 || start > points.length) return outOfRange(start)
  if (end < 0 || end > points.length) return outOfRange(end)
  return points.slice(start, end).join('')
}

/** UTF-16 place of a code point. */
function unitsBefore(whole: string, place: number): number {
  let units = 0
  for (let point = 0; point < place && units < whole.length; point += 1) {
    units += (whole.codePointAt(units) ?? 0) > 0xff_ff ? 2 : 1
  }
  return units
}

function indexOf(whole: string, part: string, from: number): bigint {
  if (part === '') return BigInt(from)
  if (from < 0) return outOfRange(from)
  const units = whole.indexOf(part, unitsBefore(whole, from))
  return units === -1 ? -1n : BigInt(codePointCount(whole.slice(0, units)))
}

function lastIndexOf(whole: string, part: string, from: number): bigint {
  if (part === '') return BigInt(from)
  if (from < 0) return outOfRange(from)
  if (from >= codePointCount(whole)) return -1n
  const units = whole.lastIndexOf(part, unitsBefore(whole, from))
  return units === -1 ? -1n : BigInt(codePointCount(whole.slice(0, units)))
}

function lastIndex(whole: string, part: string): bigint {
  const length = codePointCount(whole)
  if (part === '') return BigInt(length)
  return whole.length < part.length ? -1n : lastIndexOf(whole, part, length - 1)
}

/** Replaces up to so many occurrences; negative is all. An empty text stands before, between and after all characters. */
function replace(whole: string, [old, by]: readonly [string, string], count: number): string {
  const pieces = splitText(whole, old, old === '' && count < 0 ? -1 : count < 0 ? -1 : count + 1)
  const parts = old === '' ? ['', ...pieces, ...(count < 0 || count > pieces.length ? [''] : [])] : pieces
  const wanted = count < 0 ? parts : limitParts(parts, count + 1, old)
  const length = whole.length + by.length * (wanted.length - 1)
  if (length > stringLengthMax) return fail('string size limit exceeded')
  return wanted.join(by)
}

function limitParts(parts: readonly string[], most: number, separator: string): readonly string[] {
  if (parts.length <= most) return parts
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

/** Pieces between separators, at most so many; negative is all, none is an empty list. An empty separator splits characters. */
function splitText(whole: string, separator: string, most: number): readonly string[] {
  if (most === 0) return []
  const all = separator === '' ? Array.from(whole) : whole.split(separator)
  if (all.length > listLengthMax) return fail('list size limit exceeded')
  return most < 0 ? all : limitParts(all, most, separator)
}

function joinList(list: CelList, separator: string): string {
  const parts: string[] = []
  let length = 0
  for (const item of list) {
    if (typeof item !== 'string') return fail('join: invalid input')
    length += item.length + separator.length
    if (length > stringLengthMax) return fail('string size limit exceeded')
    parts.push(item)
  }
  return parts.join(separator)
}

/** Blanks as Go's unicode.IsSpace knows them. */
const blanks =
  /^[\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+|[\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+$/g

const escapes: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': String.raw`\\`,
  '"': String.raw`\"`,
}

function quote(whole: string): string {
  return `"${Array.from(whole.toWellFormed())
    .map((point) => escapes[point] ?? point)
    .join('')}"`
}

const lower = (whole: string): string => whole.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase())
const upper = (whole: string): string => whole.replaceAll(/[a-z]+/g, (part) => part.toUpperCase())

const standard: readonly CelOverload[] = [
  declare('.contains(string, string) bool', 'contains_string', ([whole, part]) => text(whole).includes(text(part))),
  declare('.startsWith(string, string) bool', 'starts_with_string', ([whole, part]) =>
    text(whole).startsWith(text(part)),
  ),
  declare('.endsWith(string, string) bool', 'ends_with_string', ([whole, part]) => text(whole).endsWith(text(part))),
]

const places: readonly CelOverload[] = [
  declare('.charAt(string, int) string', 'string_char_at_int', ([whole, place]) =>
    charAt(Array.from(text(whole)), number(place)),
  ),
  declare('.indexOf(string, string) int', 'string_index_of_string', ([whole, part]) =>
    indexOf(text(whole), text(part), 0),
  ),
  declare('.indexOf(string, string, int) int', 'string_index_of_string_int', ([whole, part, from]) =>
    indexOf(text(whole), text(part), number(from)),
  ),
  declare('.lastIndexOf(string, string) int', 'string_last_index_of_string', ([whole, part]) =>
    lastIndex(text(whole), text(part)),
  ),
  declare('.lastIndexOf(string, string, int) int', 'string_last_index_of_string_int', ([whole, part, from]) =>
    lastIndexOf(text(whole), text(part), number(from)),
  ),
  declare('.substring(string, int) string', 'string_substring_int', ([whole, start]) => {
    const points = Array.from(text(whole))
    const from = number(start)
    return from < 0 || from > points.length ? outOfRange(from) : points.slice(from).join('')
  }),
  declare('.substring(string, int, int) string', 'string_substring_int_int', ([whole, start, end]) =>
    substring(Array.from(text(whole)), number(start), number(end)),
  ),
]

const changes: readonly CelOverload[] = [
  declare('.lowerAscii(string) string', 'string_lower_ascii', ([whole]) => lower(text(whole))),
  declare('.upperAscii(string) string', 'string_upper_ascii', ([whole]) => upper(text(whole))),
  declare('.trim(string) string', 'string_trim', ([whole]) => text(whole).replaceAll(blanks, '')),
  declare('.replace(string, string, string) string', 'string_replace_string_string', ([whole, old, by]) =>
    replace(text(whole), [text(old), text(by)], -1),
  ),
  declare(
    '.replace(string, string, string, int) string',
    'string_replace_string_string_int',
    ([whole, old, by, count]) => replace(text(whole), [text(old), text(by)], number(count)),
  ),
  declare(
    '.split(string, string) list(string)',
    'string_split_string',
    ([whole, separator]) => new CelList(splitText(text(whole), text(separator), -1)),
  ),
  declare(
    '.split(string, string, int) list(string)',
    'string_split_string_int',
    ([whole, separator, most]) => new CelList(splitText(text(whole), text(separator), number(most))),
  ),
  declare('.join(list(string)) string', 'list_join', ([list]) => joinList(list as CelList, '')),
  declare('.join(list(string), string) string', 'list_join_string', ([list, separator]) =>
    joinList(list as CelList, text(separator)),
  ),
  declare('strings.quote(string) string', 'strings_quote', ([whole]) => quote(text(whole))),
  declare('.format(string, list(dyn)) string', 'string_format', ([pattern, args]) =>
    formatText(text(pattern), args as CelList),
  ),
]

export const stringFunctions: readonly CelOverload[] = [...standard, ...places, ...changes]
