/** Field paths of rules and selectable fields: `.spec.color`, `.labels['a.b']` (apiextensions cel.ValidFieldPath, v1.36). */
import type { SchemaNode } from './schema-node.ts'

const step = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y
const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** The path as field errors print it (`spec.color`), undefined when the schema has no such field. */
export function fieldPathOf(node: SchemaNode, text: string): string | undefined {
  let at: SchemaNode | undefined = node
  let out = ''
  step.lastIndex = 0
  while (step.lastIndex < text.length) {
    const match = step.exec(text)
    if (match === null || at === undefined) return undefined
    const name = match[1] ?? (match[2] ?? '').replaceAll(/\\(.)/g, (_, char: string) => escapes[char] ?? char)
    if (at.properties.size > 0) {
      at = at.properties.get(name)
      out = out === '' ? name : `${out}.${name}`
    } else {
      at = at.others?.schema
      out = `${out}[${name}]`
    }
    if (at === undefined) return undefined
  }
  return out
}
