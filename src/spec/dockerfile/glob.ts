/**
 * Path patterns in the two dialects that builds meet: Go's filepath.Match (COPY sources) and the ignore file's
 * (`**` crosses directories). Both run as a set of states, so that no pattern takes more than pattern × path steps.
 */

type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'star' }
  /** `(.*\/)?`: any directories, or none. */
  | { readonly kind: 'directories' }
  /** `.*`: anything at all. */
  | { readonly kind: 'rest' }

/** A compiled pattern. */
export interface Glob {
  matches(path: string): boolean
}

/** Compiles a filepath.Match pattern; undefined when malformed ("syntax error in pattern"). */
export function compileGoGlob(pattern: string): Glob | undefined {
  const tokens = tokenize(pattern, false)
  return tokens === undefined ? undefined : { matches: (path) => run(tokens, path) }
}

/** Compiles a pattern of an ignore file; undefined when malformed. */
export function compileIgnoreGlob(pattern: string): Glob | undefined {
  const tokens = tokenize(pattern, true)
  return tokens === undefined ? undefined : { matches: (path) => run(tokens, path) }
}

/** True when a COPY source is a pattern and not a plain path. */
export function containsWildcards(path: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(path)
}

function tokenize(pattern: string, crossing: boolean): Token[] | undefined {
  const chars = Array.from(pattern)
  const tokens: Token[] = []
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? ''
    if (char === '*') {
      at += readStars(chars, { at, crossing }, tokens)
    } else if (char === '?') {
      tokens.push({ kind: 'any' })
    } else if (char === '[') {
      const found = readClass(chars, at)
      if (found === undefined) return undefined
      tokens.push(found.token)
      at = found.end
    } else if (char === '\\') {
      at += 1
      const escaped = chars[at]
      if (escaped === undefined) return undefined
      tokens.push({ kind: 'char', char: escaped })
    } else {
      tokens.push({ kind: 'char', char })
    }
  }
  return tokens
}

/** Reads a run of stars; gives how many more characters it took. */
function readStars(
  chars: readonly string[],
  { at, crossing }: { at: number; crossing: boolean },
  tokens: Token[],
): number {
  if (!crossing || chars[at + 1] !== '*') {
    if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' })
    return 0
  }
  let more = 1
  while (chars[at + more + 1] === '*') more += 1
  if (chars[at + more + 1] === '/') more += 1
  tokens.push({ kind: chars[at + more + 1] === undefined ? 'rest' : 'directories' })
  return more
}

function readClass(chars: readonly string[], start: number): { token: Token; end: number } | undefined {
  let at = start + 1
  const negated = chars[at] === '^'
  if (negated) at += 1
  const ranges: [string, string][] = []
  while (chars[at] !== ']' || ranges.length === 0) {
    const low = readClassChar(chars, at)
    if (low === undefined) return undefined
    at = low.next
    let high = low
    if (chars[at] === '-') {
      const end = readClassChar(chars, at + 1)
      if (end === undefined) return undefined
      high = end
      at = end.next
    }
    ranges.push([low.char, high.char])
  }
  return { token: { kind: 'class', negated, ranges }, end: at }
}

function readClassChar(chars: readonly string[], at: number): { char: string; next: number } | undefined {
  const char = chars[at]
  if (char === undefined || char === '-' || char === ']') return undefined
  if (char !== '\\') return { char, next: at + 1 }
  const escaped = chars[at + 1]
  return escaped === undefined ? undefined : { char: escaped, next: at + 2 }
}

/** State 2i: before token i. State 2i+1: inside the `directories` token i, not yet at its slash. */
function run(tokens: readonly Token[], path: string): boolean {
  let states = close(tokens, new Set([0]))
  for (const char of path) {
    const next = new Set<number>()
    for (const state of states) step({ tokens, state, char }, next)
    if (next.size === 0) return false
    states = close(tokens, next)
  }
  return states.has(tokens.length * 2)
}

/** Adds the states reachable without reading anything. */
function close(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const token = state % 2 === 0 ? tokens[state / 2] : undefined
    if (token?.kind === 'star' || token?.kind === 'directories' || token?.kind === 'rest') states.add(state + 2)
  }
  return states
}

function step(
  { tokens, state, char }: { tokens: readonly Token[]; state: number; char: string },
  next: Set<number>,
): void {
  const token = tokens[state >> 1]
  if (token === undefined) return
  const after = (state >> 1) * 2 + 2
  if (token.kind === 'directories') {
    next.add((state >> 1) * 2 + 1)
    if (char === '/') next.add(after)
  } else if (token.kind === 'rest') {
    next.add(state)
  } else if (token.kind === 'star') {
    if (char !== '/') next.add(state)
  } else if (takes(token, char)) {
    next.add(after)
  }
}

function takes(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char
  if (char === '/') return false
  if (token.kind !== 'class') return token.kind === 'any'
  return token.ranges.some(([low, high]) => low <= char && char <= high) !== token.negated
}
