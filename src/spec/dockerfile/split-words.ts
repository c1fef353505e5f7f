/** Cuts the rest of an instruction into words without interpreting them: quotes and escapes stay in. */

/** Words separated by blanks; quotes and escapes protect blanks and are kept. */
export function splitWords(rest: string, escape: string): string[] {
  const words: string[] = []
  const chars = Array.from(rest)
  let word = ''
  let quote: string | undefined
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? ''
    if (quote === undefined && /\s/.test(char)) {
      if (word !== '') words.push(word)
      word = ''
    } else if (char === escape && quote !== "'") {
      at += 1
      word += char + (chars[at] ?? '')
    } else {
      word += char
      quote = quoteAfter(char, quote)
    }
  }
  if (word !== '') words.push(word)
  return words
}

/** The quote that is open after a character. */
function quoteAfter(char: string, quote: string | undefined): string | undefined {
  if (quote !== undefined) return char === quote ? undefined : quote
  return char === '"' || char === "'" ? char : undefined
}

/** The `--flags` in front of an instruction's arguments, unquoted, and what follows them. A lone `--` ends them. */
export function splitFlags(rest: string, escape: string): { flags: string[]; rest: string } {
  const flags: string[] = []
  let left = rest
  for (;;) {
    const trimmed = left.trimStart()
    if (!trimmed.startsWith('--')) return { flags, rest: left.trim() }
    const { word, length } = readFlag(trimmed, escape)
    left = trimmed.slice(length)
    if (word === '--') return { flags, rest: left.trim() }
    flags.push(word)
  }
}

function readFlag(text: string, escape: string): { word: string; length: number } {
  let word = ''
  let quote: string | undefined
  let at = 0
  for (; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (quote === undefined && /\s/.test(char)) break
    if (char === escape && at + 1 < text.length) {
      at += 1
      word += text[at] ?? ''
    } else if (quote === undefined && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = undefined
    else word += char
  }
  return { word, length: at }
}
