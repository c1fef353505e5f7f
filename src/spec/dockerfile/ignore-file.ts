/** `.dockerignore`: which paths of a build context stay out. Semantics of Docker's pattern matcher. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { compileIgnoreGlob } from './glob.ts'
import type { Glob } from './glob.ts'
import { cleanPath } from './clean-path.ts'
import { goQuote } from '#base/data/go-quote.ts'

interface IgnoreRule {
  readonly exclude: boolean
  readonly glob: Glob
}

/** The rules of one ignore file. */
export interface IgnoreMatcher {
  /** True when there is any `!` rule, so that an excluded directory may still hold wanted files. */
  readonly hasExceptions: boolean
  /** True when a path (relative, slashes, no leading one) or one of its parents is excluded; the last rule that matches decides. */
  excludes(path: string): boolean
}

/** Longest ignore file read, in bytes. */
export const ignoreFileBytesMax: number = 1024 * 1024

/** Patterns of an ignore file: comments, blank lines, slashes at the ends and `..` removed, `!` kept in front. */
export function parseIgnoreFile(text: string): string[] {
  const patterns: string[] = []
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    if (line.startsWith('#')) continue
    let pattern = line.trim()
    if (pattern === '') continue
    const inverted = pattern.startsWith('!')
    if (inverted) pattern = pattern.slice(1).trim()
    if (pattern !== '') {
      pattern = cleanPath(pattern)
      if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1)
    }
    patterns.push(inverted ? `!${pattern}` : pattern)
  }
  return patterns
}

/** Compiles patterns in order. Throws `invalid` for a lone `!` or a malformed pattern. */
export function createIgnoreMatcher(patterns: readonly string[]): IgnoreMatcher {
  const rules: IgnoreRule[] = patterns.map((pattern) => {
    if (pattern === '!') throw badPattern('illegal exclusion pattern: "!"')
    const exclude = !pattern.startsWith('!')
    const glob = compileIgnoreGlob(exclude ? pattern : pattern.slice(1))
    if (glob === undefined)
      throw badPattern(`failed to read .dockerignore: ${goQuote(pattern)}: syntax error in pattern`)
    return { exclude, glob }
  })
  return {
    hasExceptions: rules.some((rule) => !rule.exclude),
    excludes(path) {
      const candidates = withParents(path)
      let excluded = false
      for (const rule of rules) {
        if (rule.exclude !== excluded && candidates.some((candidate) => rule.glob.matches(candidate)))
          excluded = rule.exclude
      }
      return excluded
    },
  }
}

function withParents(path: string): string[] {
  const candidates = [path]
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    candidates.push(path.slice(0, slash))
  return candidates
}

function badPattern(message: string): GantryError {
  return new GantryError('DOCKERFILE_IGNORE_PATTERN', 'invalid', message, {
    remedy: 'Correct the pattern in the ignore file.',
  })
}
