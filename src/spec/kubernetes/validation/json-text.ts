/** What Go's JSON decoder says of text that is no JSON object. */

const literalNames: Readonly<Record<string, string>> = { n: 'null', t: 'true', f: 'false' }

function describe(character: string): string {
  if (character === "'") return String.raw`'\''`
  return character === '"' ? `'"'` : `'${JSON.stringify(character).slice(1, -1)}'`
}

function literalProblem(text: string): string | undefined {
  const name = literalNames[text[0] ?? '']
  if (name === undefined) return undefined
  for (let index = 1; index < name.length; index++) {
    const [found, wanted] = [text[index], name[index] ?? '']
    if (found === undefined) return 'unexpected end of JSON input'
    if (found !== wanted) return `invalid character ${describe(found)} in literal ${name} (expecting '${wanted}')`
  }
  return undefined
}

const goTypes: Readonly<Record<string, string>> = { string: 'string', number: 'number', boolean: 'bool' }

/** Upstream's message for text that does not parse to an object, undefined for one that does (or is null). */
export function jsonSyntaxProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined
    const type = Array.isArray(value) ? 'array' : goTypes[typeof value]
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`
  } catch {
    const trimmed = text.trimStart()
    if (trimmed === '') return 'unexpected end of JSON input'
    const literal = literalProblem(trimmed)
    if (literal !== undefined) return literal
    if (/^[{["\d-]/.test(trimmed)) return 'unexpected end of JSON input'
    return `invalid character ${describe(trimmed[0] ?? '')} looking for beginning of value`
  }
}
