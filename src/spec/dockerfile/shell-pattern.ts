/** The patterns of `${v#p}`, `${v%p}` and `${v/p/w}`: `*` and `?`, with backslash to quote. */

/** Removes what a pattern matches at the start: the shortest match, or the longest when greedy. */
export function removePrefix(value: string, pattern: string, greedy: boolean): string {
  const ends = matchEnds(value, pattern, 0)
  const end = greedy ? ends.at(-1) : ends[0]
  return end === undefined ? value : value.slice(end)
}

/** Removes what a pattern matches at the end: the shortest match, or the longest when greedy. */
export function removeSuffix(value: string, pattern: string, greedy: boolean): string {
  const starts: number[] = []
  for (let start = 0; start <= value.length; start += 1) {
    if (matchEnds(value, pattern, start).at(-1) === value.length) starts.push(start)
  }
  const start = greedy ? starts[0] : starts.at(-1)
  return start === undefined ? value : value.slice(0, start)
}

/** Replaces the first (or every) longest match; an empty match is none. */
export function replacePattern(
  value: string,
  options: { readonly pattern: string; readonly replacement: string; readonly all: boolean },
): string {
  let result = ''
  let at = 0
  while (at < value.length) {
    const end = matchEnds(value, options.pattern, at).at(-1) ?? at
    if (end === at) {
      result += value[at] ?? ''
      at += 1
      continue
    }
    result += options.replacement
    at = end
    if (!options.all) break
  }
  return result + value.slice(at)
}

type Unit = { readonly kind: 'star' } | { readonly kind: 'any' } | { readonly kind: 'char'; readonly char: string }

function unitsOf(pattern: string): Unit[] {
  const units: Unit[] = []
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? ''
    if (char === '*') units.push({ kind: 'star' })
    else if (char === '?') units.push({ kind: 'any' })
    else if (char === '\\' && at + 1 < pattern.length) {
      at += 1
      units.push({ kind: 'char', char: pattern[at] ?? '' })
    } else units.push({ kind: 'char', char })
  }
  return units
}

/** Every position where a match from `start` can end, rising. Runs as a set of states: value × pattern steps. */
function matchEnds(value: string, pattern: string, start: number): number[] {
  const units = unitsOf(pattern)
  const ends: number[] = []
  let states = withStars(units, new Set([0]))
  for (let at = start; ; at += 1) {
    if (states.has(units.length)) ends.push(at)
    const char = value[at]
    if (char === undefined || states.size === 0) return ends
    const next = new Set<number>()
    for (const state of states) {
      const unit = units[state]
      if (unit?.kind === 'star') next.add(state)
      else if (unit !== undefined && takes(unit, char)) next.add(state + 1)
    }
    states = withStars(units, next)
  }
}

function takes(unit: Unit, char: string): boolean {
  return unit.kind === 'any' || (unit.kind === 'char' && unit.char === char)
}

function withStars(units: readonly Unit[], states: Set<number>): Set<number> {
  for (const state of states) if (units[state]?.kind === 'star') states.add(state + 1)
  return states
}
