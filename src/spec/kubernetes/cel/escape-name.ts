/** Names of JSON members as identifiers of CEL and back (k8s.io/apiserver/pkg/cel, escaping). */

const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const escapes: Readonly<Record<string, string>> = { __: 'underscores', '.': 'dot', '-': 'dash', '/': 'slash' }

/** The identifier by which expressions name a member, or undefined when no identifier can. */
export function escapeName(name: string): string | undefined {
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/.test(name)) return undefined
  if (reserved.has(name)) return `__${name}__`
  return name.replaceAll(/__|[.\-/]/g, (part) => `__${escapes[part]}__`)
}

const parts = new Map(Object.entries(escapes).map(([part, word]) => [word, part]))

/** The member that an identifier names, or undefined for an escape that is none. */
export function unescapeName(identifier: string): string | undefined {
  let isWell = true
  const name = identifier.replaceAll(/__([^_]+)__/g, (whole: string, word: string) => {
    const part = parts.get(word)
    if (part !== undefined) return part
    isWell &&= reserved.has(word) && whole === identifier
    return word
  })
  return isWell ? name : undefined
}
