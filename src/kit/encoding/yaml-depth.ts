/** Whether YAML nests deeper than its parser should follow: it recurses, and finds out only after a second of work. */
import { Lexer } from 'yaml'

/** The token in front of the text of a scalar. */
const scalarMark = '\u001f'

/** True when collections stand in each other more than `max` times within one line or one flow collection. */
export function nestsDeeper(text: string, max: number): boolean {
  return mayNestDeeper(text, max) && countsDeeper(text, max)
}

/** A quick look: most texts do not have that many beginnings. */
function mayNestDeeper(text: string, max: number): boolean {
  let flow = 0
  let inLine = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\n') inLine = 0
    else if (char === '[' || char === '{') flow++
    else if ((char === '-' || char === '?') && ++inLine > max) return true
  }
  return flow > max
}

function countsDeeper(text: string, max: number): boolean {
  let flow = 0
  let inLine = 0
  let isScalar = false
  for (const token of new Lexer().lex(text)) {
    const isText = isScalar
    isScalar = token === scalarMark
    if (isText) continue
    if (token === '[' || token === '{') flow++
    else if (token === ']' || token === '}') flow--
    else if (token === '-' || token === '?') inLine++
    else if (token.includes('\n')) inLine = 0
    if (flow + inLine > max) return true
  }
  return false
}
