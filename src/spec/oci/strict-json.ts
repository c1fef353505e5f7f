/**
 * JSON from strangers: bounded in size and depth, and refused when an object names a key twice, because two
 * readers that each keep another of the two values would disagree on what was signed or hashed.
 */

/** A text that is not acceptable JSON; the message says why. */
export class StrictJsonError extends Error {}

interface Scanner {
  readonly text: string
  readonly depthMax: number
  at: number
}

const depthMaxDefault = 64

/**
 * Parses a JSON document.
 * @param content UTF-8 bytes or text.
 * @throws StrictJsonError for malformed text, invalid UTF-8, duplicate keys or nesting beyond `depthMax` (64).
 */
export function parseStrictJson(content: Uint8Array | string, depthMax: number = depthMaxDefault): unknown {
  const text = typeof content === 'string' ? content : decodeUtf8(content)
  const scanner: Scanner = { text, depthMax, at: 0 }
  scanValue(scanner, 0)
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new StrictJsonError(error instanceof Error ? error.message : 'not JSON', { cause: error })
  }
}

/** An object's plain record view, or undefined for anything else (arrays and null too). */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function decodeUtf8(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch (error) {
    throw new StrictJsonError('not valid UTF-8', { cause: error })
  }
}

// The scan only finds structure: what it lets through is judged again by JSON.parse.
function scanValue(scanner: Scanner, depth: number): void {
  if (depth > scanner.depthMax) throw new StrictJsonError(`nested deeper than ${scanner.depthMax} levels`)
  skipSpace(scanner)
  const first = scanner.text[scanner.at]
  if (first === '{') scanObject(scanner, depth)
  else if (first === '[') scanList(scanner, depth)
  else if (first === '"') scanString(scanner)
  else scanScalar(scanner)
}

function scanObject(scanner: Scanner, depth: number): void {
  const keys = new Set<string>()
  scanner.at += 1
  skipSpace(scanner)
  while (scanner.text[scanner.at] === '"') {
    const key = scanString(scanner)
    if (keys.has(key)) throw new StrictJsonError(`key ${key} appears twice in one object`)
    keys.add(key)
    skipSpace(scanner)
    scanner.at += 1
    scanValue(scanner, depth + 1)
    if (!skipComma(scanner)) break
  }
  scanner.at += 1
}

function scanList(scanner: Scanner, depth: number): void {
  scanner.at += 1
  skipSpace(scanner)
  while (scanner.at < scanner.text.length && scanner.text[scanner.at] !== ']') {
    const before = scanner.at
    scanValue(scanner, depth + 1)
    if (!skipComma(scanner) || scanner.at === before) break
  }
  scanner.at += 1
}

function skipComma(scanner: Scanner): boolean {
  skipSpace(scanner)
  if (scanner.text[scanner.at] !== ',') return false
  scanner.at += 1
  skipSpace(scanner)
  return true
}

function scanString(scanner: Scanner): string {
  const start = scanner.at
  scanner.at += 1
  for (; scanner.at < scanner.text.length && scanner.text[scanner.at] !== '"'; scanner.at += 1) {
    if (scanner.text[scanner.at] === '\\') scanner.at += 1
  }
  scanner.at += 1
  const raw = scanner.text.slice(start, scanner.at)
  if (!raw.includes('\\')) return raw
  try {
    // Escapes must be resolved: "a" and "\u0061" are the same key.
    return JSON.stringify(JSON.parse(raw))
  } catch (error) {
    throw new StrictJsonError('malformed string', { cause: error })
  }
}

function scanScalar(scanner: Scanner): void {
  while (scanner.at < scanner.text.length && !',]} \t\r\n'.includes(scanner.text[scanner.at] ?? '')) scanner.at += 1
}

function skipSpace(scanner: Scanner): void {
  while (' \t\r\n'.includes(scanner.text[scanner.at] ?? 'x')) scanner.at += 1
}
