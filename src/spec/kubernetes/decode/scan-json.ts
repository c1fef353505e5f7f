/**
 * A quick look over JSON text before `JSON.parse`: how many members its objects have and how deep it nests. Together with
 * the parsed tree it tells whether a member was written twice without paying for a parser of our own.
 */

/** Upstream stops at 10,000 levels; ours is lower so that recursive readers keep to the stack. */
export const depthMax = 2_000

export interface JsonScan {
  /** Members written in all objects, duplicates included. */
  readonly memberCount: number
  /** Some number has a fraction, an exponent or more digits than a double holds exactly. */
  readonly oddNumbers: boolean
  readonly tooDeep: boolean
}

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Index just behind the closing quote of the string that starts at `start`, or the length when it is not closed. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && text.charCodeAt(end - 1) === backslash) {
    let slashes = 1
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end < 0 ? text.length : end + 1
}

/** A number of as many digits may be more than a double holds exactly. */
const oddDigits = 16

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function endOfDigits(text: string, start: number): number {
  let end = start + 1
  while (isDigit(text.charCodeAt(end))) end++
  return end
}

/** True for what follows the digits of a number that is no plain integer: `.`, `e`, `E`. */
function isFractionOrExponent(code: number): boolean {
  return code === 0x2e || (code | 0x20) === 0x65
}

/** Scans well-formed JSON; for other text the numbers mean nothing. */
export function scanJson(text: string): JsonScan {
  let memberCount = 0
  let depth = 0
  let deepest = 0
  let oddNumbers = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at) - 1
    else if (isDigit(code)) {
      const end = endOfDigits(text, at)
      if (end - at >= oddDigits || isFractionOrExponent(text.charCodeAt(end))) oddNumbers = true
      at = end - 1
    } else if (code === colon) memberCount++
    else if (code === openBrace || code === openBracket) deepest = Math.max(deepest, ++depth)
    else if (code === closeBrace || code === closeBracket) depth--
  }
  return { memberCount, oddNumbers, tooDeep: deepest > depthMax }
}

/** Members of all objects in a parsed tree. */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countMembers(item)
    return count
  }
  const object = value as Record<string, unknown>
  for (const key in object) {
    count++
    const item = object[key]
    if (typeof item === 'object') count += countMembers(item)
  }
  return count
}
