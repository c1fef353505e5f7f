/** Field selectors as text: `spec.nodeName=a,status.phase!=Running` (apimachinery fields, v1.36). */
import { GantryError } from '#base/errors/gantry-error.ts'

export interface FieldTerm {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** A selector that clients cannot mean; 400 for the server. */
export function fieldSelectorError(message: string): GantryError {
  return new GantryError('KUBERNETES_FIELD_SELECTOR', 'invalid', message, {
    remedy: 'Select by fields that the kind supports, for instance metadata.name.',
  })
}

/** Splits at commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const out: string[] = []
  let start = 0
  let escaped = false
  for (let at = 0; at < text.length; at++) {
    if (escaped) escaped = false
    else if (text[at] === '\\') escaped = true
    else if (text[at] === ',') {
      out.push(text.slice(start, at))
      start = at + 1
    }
  }
  out.push(text.slice(start))
  return out
}

function splitTerm(term: string): { left: string; operator: FieldTerm['operator']; right: string } | undefined {
  for (let at = 0; at < term.length; at++) {
    const [mark] = /^(?:!=|==|=)/.exec(term.slice(at, at + 2)) ?? []
    if (mark !== undefined)
      return { left: term.slice(0, at), operator: mark === '!=' ? '!=' : '=', right: term.slice(at + mark.length) }
  }
  return undefined
}

/** A value without its escapes: only `\\`, `\,` and `\=` are escapes, and `,` and `=` must be escaped. */
function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === ',' || char === '=')
      throw fieldSelectorError(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`)
    if (char !== '\\') {
      out += char
      continue
    }
    const next = text[++at] ?? ''
    if (!['\\', ',', '='].includes(next))
      throw fieldSelectorError(`invalid field selector: invalid escape sequence: \\${next}`)
    out += next
  }
  return out
}

/** The terms of a selector, none for empty text. Throws `KUBERNETES_FIELD_SELECTOR` with upstream's sentence. */
export function parseFieldSelector(text: string): readonly FieldTerm[] {
  const terms: FieldTerm[] = []
  for (const part of splitTerms(text)) {
    if (part === '') continue
    const split = splitTerm(part)
    if (split === undefined) throw fieldSelectorError(`invalid selector: '${text}'; can't understand '${part}'`)
    terms.push({ field: split.left, operator: split.operator, value: unescapeValue(split.right) })
  }
  return terms
}

/** True when the fields satisfy every term; a field that is not there is the empty text. */
export function matchesFields(terms: readonly FieldTerm[], fields: Readonly<Record<string, string>>): boolean {
  return terms.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='))
}
