/** `--chmod`: permissions in octal or symbolic form. */

/** A change of permission bits; give it the bits of a file and whether it is a directory. */
export type ModeChange = (mode: number, isDirectory: boolean) => number

const allBits = 0o7777
const classBits: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007 }

/** Compiles a mode (`0755`, `u=rwX,go-w`); undefined when malformed. Symbolic forms follow chmod(1), without a umask. */
export function parseModeChange(text: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8)
    return mode > allBits ? undefined : () => mode
  }
  const clauses: ModeChange[] = []
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause)
    if (match === null) return undefined
    for (const [, operator, permissions] of (match[2] ?? '').matchAll(/([-+=])([rwxXstugo]*)/g)) {
      clauses.push(clauseChange({ who: match[1] ?? '', operator: operator ?? '', permissions: permissions ?? '' }))
    }
  }
  return (mode, isDirectory) => clauses.reduce((bits, change) => change(bits, isDirectory), mode)
}

function clauseChange({
  who,
  operator,
  permissions,
}: {
  who: string
  operator: string
  permissions: string
}): ModeChange {
  const everyone = who === '' || who.includes('a')
  const mask = everyone ? allBits : Array.from(who).reduce((bits, one) => bits | (classBits[one] ?? 0), 0)
  return (mode, isDirectory) => {
    const bits = permissionBits(permissions, mode, isDirectory) & mask
    if (operator === '+') return mode | bits
    if (operator === '-') return mode & ~bits
    // chmod(1) leaves a directory's set-id bits alone unless they are named.
    const kept = isDirectory && !permissions.includes('s') ? mode & 0o6000 : 0
    return (mode & ~mask) | bits | (kept & mask)
  }
}

function permissionBits(permissions: string, mode: number, isDirectory: boolean): number {
  const searchable = isDirectory || (mode & 0o111) !== 0
  const bitsOf: Readonly<Record<string, number>> = {
    r: 0o444,
    w: 0o222,
    x: 0o111,
    X: searchable ? 0o111 : 0,
    s: 0o6000,
    t: 0o1000,
    u: spread((mode >> 6) & 7),
    g: spread((mode >> 3) & 7),
    o: spread(mode & 7),
  }
  return Array.from(permissions).reduce((bits, one) => bits | (bitsOf[one] ?? 0), 0)
}

function spread(triple: number): number {
  return (triple << 6) | (triple << 3) | triple
}
