/** The exec form: a JSON array of strings at the start of an instruction's arguments. */

/** What a text that may be in exec form turned out to be. */
export type JsonForm =
  | { readonly kind: 'array'; readonly items: readonly string[] }
  /** An array with something else than strings in it: an error of the file. */
  | { readonly kind: 'notStrings' }
  /** No JSON: the shell form. */
  | { readonly kind: 'text' }

/** Reads the first JSON value as Docker does: what follows a complete array is ignored. */
export function parseJsonForm(text: string): JsonForm {
  const trimmed = text.trimStart()
  if (!trimmed.startsWith('[')) return { kind: 'text' }
  const end = arrayEnd(trimmed)
  if (end === undefined) return { kind: 'text' }
  let value: unknown
  try {
    value = JSON.parse(trimmed.slice(0, end))
  } catch {
    return { kind: 'text' }
  }
  if (!Array.isArray(value)) return { kind: 'text' }
  const items: string[] = []
  for (const item of value) {
    if (typeof item !== 'string') return { kind: 'notStrings' }
    items.push(item)
  }
  return { kind: 'array', items }
}

/** Position after the bracket that closes the array at the start. */
function arrayEnd(text: string): number | undefined {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (quoted) {
      if (char === '\\') at += 1
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '[' || char === '{') depth += 1
    else if (char === ']' || char === '}') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return undefined
}
