/** Shell patterns of the `reference` filter, as Go's path.Match has them: `*` and `?` stop at slashes, `[a-z]`, `[^a]`, `\x`. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { familiarName, familiarReference } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'

/** Makes a matcher. Throws `invalid` for a malformed pattern. */
export function compilePattern(pattern: string): RegExp {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? ''
    if (character === '*') source += '[^/]*'
    else if (character === '?') source += '[^/]'
    else if (character === '[') {
      const { text, end } = characterClass(pattern, at)
      source += text
      at = end
    } else if (character === '\\') {
      at += 1
      if (at >= pattern.length) throw badPattern(pattern)
      source += quote(pattern[at] ?? '')
    } else source += quote(character)
  }
  // Runs of stars are one star: anything else could make the matcher try for ever.
  return new RegExp(`^${source.replace(/(?:\[\^\/\]\*)+/g, '[^/]*')}$`, 'su')
}

/** True when a reference matches a pattern, by its whole familiar form or by its name alone. */
export function matchesReference(pattern: RegExp, reference: Reference): boolean {
  return pattern.test(familiarReference(reference)) || pattern.test(familiarName(reference))
}

function characterClass(pattern: string, start: number): { text: string; end: number } {
  const negated = pattern[start + 1] === '^'
  let at = start + (negated ? 2 : 1)
  let body = ''
  for (; pattern[at] !== ']' || body === ''; at += 1) {
    if (pattern[at] === '\\') at += 1
    const character = pattern[at]
    if (character === undefined) throw badPattern(pattern)
    body += character === '-' && body !== '' ? '-' : quote(character)
  }
  if (body.endsWith('-')) throw badPattern(pattern)
  return { text: `[${negated ? '^/' : ''}${body}]`, end: at }
}

/** A character for a regular expression with the u flag, inside a class or outside of one. */
function quote(character: string): string {
  return /[A-Za-z0-9]/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

function badPattern(pattern: string): GantryError {
  return new GantryError('IMAGE_FILTER_INVALID', 'invalid', `syntax error in pattern: ${pattern}`, {
    remedy: 'Write a shell pattern such as busybox:1.*.',
  })
}
