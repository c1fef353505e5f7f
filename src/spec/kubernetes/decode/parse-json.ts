/**
 * JSON text to a tree, with Go's wording for syntax errors, the members that were written twice, and the literal text of
 * numbers that a double does not carry. Ordinary text goes through `JSON.parse`; only text that needs it takes the slow way.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { countMembers, depthMax, scanJson } from './scan-json.ts'

/** What the tree itself cannot hold, by the object or array it happened in. */
export interface JsonNotes {
  /** Members written more than once. */
  readonly duplicates: ReadonlyMap<object, ReadonlySet<string>>
  /** Literal text of odd numbers by member name or index. */
  readonly numbers: ReadonlyMap<object, ReadonlyMap<string, string>>
}
export interface ParsedJson {
  readonly value: unknown
  /** Undefined when there is nothing to note. */
  readonly notes: JsonNotes | undefined
}

/** A syntax error in upstream's words, without any prefix. */
export function jsonSyntaxError(message: string): GantryError {
  return new GantryError('KUBERNETES_JSON_SYNTAX', 'invalid', message, { remedy: 'Send well-formed JSON.' })
}

/** Parses JSON text. Throws `KUBERNETES_JSON_SYNTAX` with Go's text (`invalid character 'a' looking for beginning of value`). */
export function parseJson(text: string): ParsedJson {
  const scan = scanJson(text)
  if (scan.tooDeep) throw jsonSyntaxError('exceeded max depth')
  if (scan.oddNumbers) return new JsonReader(text).read()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return new JsonReader(text).read()
  }
  if (countMembers(value) !== scan.memberCount) return new JsonReader(text).read()
  return { value, notes: undefined }
}

/** Sets a member even when it is called `__proto__`. */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}

function quoteChar(char: string): string {
  if (char === "'") return String.raw`'\''`
  if (char === '"') return `'"'`
  const escapes: Readonly<Record<string, string>> = {
    '\n': String.raw`\n`,
    '\r': String.raw`\r`,
    '\t': String.raw`\t`,
    '\\': '\\\\',
  }
  const known = escapes[char]
  if (known !== undefined) return `'${known}'`
  const code = char.codePointAt(0) ?? 0
  // Go reads bytes: a character of several bytes is named by its first one.
  if (code > 0x7e) return `'${String.fromCharCode(Buffer.from(char)[0] ?? 0)}'`
  return code < 0x20 || code === 0x7f ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${char}'`
}

const literals: Readonly<Record<string, readonly [string, unknown]>> = {
  t: ['true', true],
  f: ['false', false],
  n: ['null', null],
}
const escapeChars: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class JsonReader {
  readonly #text: string
  #at = 0
  #depth = 0
  readonly #duplicates = new Map<object, Set<string>>()
  readonly #numbers = new Map<object, Map<string, string>>()
  #odd: string | undefined

  constructor(text: string) {
    this.#text = text
  }

  read(): ParsedJson {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) this.#fail('after top-level value')
    const empty = this.#duplicates.size === 0 && this.#numbers.size === 0
    return { value, notes: empty ? undefined : { duplicates: this.#duplicates, numbers: this.#numbers } }
  }

  #fail(context: string): never {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0)
    if (this.#at >= this.#text.length) throw jsonSyntaxError('unexpected end of JSON input')
    throw jsonSyntaxError(`invalid character ${quoteChar(char)} ${context}`)
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #value(): unknown {
    this.#space()
    const char = this.#text[this.#at] ?? ''
    if (char === '{') return this.#nested(() => this.#object())
    if (char === '[') return this.#nested(() => this.#array())
    if (char === '"') return this.#string()
    if (char === '-' || (char >= '0' && char <= '9')) return this.#number()
    const literal = literals[char]
    if (literal === undefined) this.#fail('looking for beginning of value')
    return this.#literal(literal[0], literal[1])
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > depthMax) throw jsonSyntaxError('exceeded max depth')
    const value = read()
    this.#depth--
    return value
  }

  #literal(word: string, value: unknown): unknown {
    for (let i = 0; i < word.length; i++) {
      if (this.#text[this.#at] !== word[i]) this.#fail(`in literal ${word} (expecting '${word[i] ?? ''}')`)
      this.#at++
    }
    return value
  }

  #digits(context: string): void {
    if (!/\d/.test(this.#text[this.#at] ?? '')) this.#fail(context)
    while (/\d/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #number(): number {
    const start = this.#at
    if (this.#text[this.#at] === '-') this.#at++
    if (this.#text[this.#at] === '0') this.#at++
    else this.#digits('in numeric literal')
    if (this.#text[this.#at] === '.') {
      this.#at++
      this.#digits('after decimal point in numeric literal')
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++
      if (/[+-]/.test(this.#text[this.#at] ?? '')) this.#at++
      this.#digits('in exponent of numeric literal')
    }
    const literal = this.#text.slice(start, this.#at)
    const value = Number(literal)
    if (String(value) !== literal) this.#odd = literal
    return value
  }

  #string(): string {
    const start = ++this.#at
    let out = ''
    let from = start
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x22) break
      if (!(code >= 0x20)) this.#fail('in string literal')
      if (code !== 0x5c) {
        this.#at++
        continue
      }
      out += this.#text.slice(from, this.#at++) + this.#escape()
      from = this.#at
    }
    return out + this.#text.slice(from, this.#at++)
  }

  #escape(): string {
    const char = this.#text[this.#at] ?? ''
    const plain = escapeChars[char]
    if (plain === undefined && char !== 'u') this.#fail('in string escape code')
    this.#at++
    if (plain !== undefined) return plain
    const start = this.#at
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape')
      this.#at++
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16))
  }

  #note(container: object, key: string): void {
    if (this.#odd === undefined) return
    const known = this.#numbers.get(container) ?? new Map<string, string>()
    this.#numbers.set(container, known.set(key, this.#odd))
    this.#odd = undefined
  }

  #array(): unknown[] {
    this.#at++
    const out: unknown[] = []
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return out
    }
    for (;;) {
      out.push(this.#value())
      this.#note(out, String(out.length - 1))
      this.#space()
      const char = this.#text[this.#at]
      if (char === ']') break
      if (char !== ',') this.#fail('after array element')
      this.#at++
    }
    this.#at++
    return out
  }

  #object(): Record<string, unknown> {
    this.#at++
    const out: Record<string, unknown> = {}
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return out
    }
    for (;;) {
      this.#member(out)
      this.#space()
      const char = this.#text[this.#at]
      if (char === '}') break
      if (char !== ',') this.#fail('after object key:value pair')
      this.#at++
    }
    this.#at++
    return out
  }

  #member(out: Record<string, unknown>): void {
    this.#space()
    if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string')
    const key = this.#string()
    this.#space()
    if (this.#text[this.#at] !== ':') this.#fail('after object key')
    this.#at++
    if (Object.hasOwn(out, key)) this.#duplicates.set(out, (this.#duplicates.get(out) ?? new Set<string>()).add(key))
    setMember(out, key, this.#value())
    this.#note(out, key)
  }
}
