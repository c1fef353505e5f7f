/** `WWW-Authenticate` as registries send it (RFC 9110, section 11.6.1). Pure. */

export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string
  /** Lower-case names. */
  readonly parameters: Readonly<Record<string, string>>
}

const headerLengthMax = 8192
const schemeStart = /^[\s,]*([A-Za-z][\w-]*)(?=\s|$)(?!\s*=)\s*/
const parameter = /^[\s,]*([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/

/** Every challenge of the header, in order; what cannot be read ends the list. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = []
  let rest = (header ?? '').slice(0, headerLengthMax)
  for (;;) {
    const named = parameter.exec(rest)
    const current = found.at(-1)
    if (named !== null && current !== undefined) {
      current.parameters[(named[1] ?? '').toLowerCase()] = named[2]?.replaceAll(/\\(.)/g, '$1') ?? named[3] ?? ''
      rest = rest.slice(named[0].length)
      continue
    }
    const scheme = schemeStart.exec(rest)
    if (scheme === null) return found
    found.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: {} })
    rest = rest.slice(scheme[0].length)
  }
}
