/**
 * Quotes, escapes and variables in the words of an instruction, as Dockerfile reference "Environment replacement"
 * describes them. No field splitting by values, no command substitution.
 */
import { expansionError } from './errors.ts'
import { goQuote } from '#base/data/go-quote.ts'
import { removePrefix, removeSuffix, replacePattern } from './shell-pattern.ts'

/** Variables by name; a name that is absent is unset. */
export type Variables = ReadonlyMap<string, string>

export interface ExpandOptions {
  readonly variables: Variables
  /** The escape character of the file: backslash or backtick. */
  readonly escape: string
}

/** Longest value that a pattern (`${v#p}`, `${v/p/w}`) is applied to. */
const patternValueMax = 4096
const nestingMax = 50

/** Expands a word to one string. Throws `invalid` (`failed to process "…": …`). */
export function expandWord(word: string, options: ExpandOptions): string {
  return new WordExpander(word, options).all().text
}

/** Expands and splits at unquoted blanks of the word itself; `$UNSET` alone gives no word. */
export function expandWords(word: string, options: ExpandOptions): string[] {
  return new WordExpander(word, options).all().words
}

class WordExpander {
  readonly #source: string
  readonly #chars: readonly string[]
  readonly #options: ExpandOptions
  readonly #words: string[] = []
  #at = 0
  #word = ''
  #inWord = false
  #depth = 0

  constructor(source: string, options: ExpandOptions) {
    this.#source = source
    this.#chars = Array.from(source)
    this.#options = options
  }

  all(): { text: string; words: string[] } {
    const text = this.#until(undefined)
    this.#endWord()
    return { text, words: this.#words }
  }

  /** Reads to `stop` (left out: the end), which is taken. */
  #until(stop: string | undefined): string {
    this.#depth += 1
    if (this.#depth > nestingMax) throw this.#fail('variables are nested too deeply')
    let text = ''
    for (;;) {
      const char = this.#peek()
      if (char === undefined) {
        if (stop !== undefined)
          throw this.#fail(
            stop === '}'
              ? "syntax error: missing '}'"
              : `unexpected end of statement while looking for matching ${stop}`,
          )
        break
      }
      if (char === stop) {
        this.#at += 1
        break
      }
      text += this.#piece(char)
    }
    this.#depth -= 1
    return text
  }

  #piece(char: string): string {
    if (char === "'") return this.#keep(this.#singleQuoted())
    if (char === '"') return this.#keep(this.#doubleQuoted())
    if (char === '$') return this.#keepSplit(this.#dollar())
    this.#at += 1
    if (char !== this.#options.escape) return this.#keepSplit(char)
    const escaped = this.#peek()
    if (escaped === undefined) return ''
    this.#at += 1
    return this.#keep(escaped)
  }

  /** Text that belongs to the current word whatever it holds. Inside a substitution words are not counted. */
  #keep(text: string): string {
    if (this.#depth > 1) return text
    this.#word += text
    this.#inWord = true
    return text
  }

  #keepSplit(text: string): string {
    if (this.#depth > 1) return text
    for (const char of text) {
      if (/[ \t\n\r\v\f]/.test(char)) this.#endWord()
      else {
        this.#word += char
        this.#inWord = true
      }
    }
    return text
  }

  #endWord(): void {
    if (this.#inWord) this.#words.push(this.#word)
    this.#word = ''
    this.#inWord = false
  }

  #singleQuoted(): string {
    const end = this.#chars.indexOf("'", this.#at + 1)
    if (end < 0) throw this.#fail('unexpected end of statement while looking for matching single-quote')
    const text = this.#chars.slice(this.#at + 1, end).join('')
    this.#at = end + 1
    return text
  }

  #doubleQuoted(): string {
    let text = ''
    this.#at += 1
    for (;;) {
      const char = this.#peek()
      if (char === undefined) throw this.#fail('unexpected end of statement while looking for matching double-quote')
      if (char === '$') {
        text += this.#dollar()
        continue
      }
      this.#at += 1
      if (char === '"') return text
      text += char === this.#options.escape ? this.#quotedEscape(char) : char
    }
  }

  #quotedEscape(escape: string): string {
    const next = this.#peek()
    if (next === undefined) throw this.#fail('unexpected end of statement while looking for matching double-quote')
    if (next !== '"' && next !== '$' && next !== escape) return escape
    this.#at += 1
    return next
  }

  #dollar(): string {
    this.#at += 1
    if (this.#peek() === '{') {
      this.#at += 1
      return this.#braced()
    }
    const name = this.#name()
    return name === '' ? '$' : (this.#options.variables.get(name) ?? '')
  }

  #braced(): string {
    const first = this.#peek()
    if (first === undefined) throw this.#fail("syntax error: missing '}'")
    if ('{}:'.includes(first)) throw this.#fail('syntax error: bad substitution')
    const name = this.#name()
    const operator = this.#peek()
    if (operator === undefined) throw this.#fail("missing ':' in substitution")
    this.#at += 1
    return this.#substitute(name, operator)
  }

  #substitute(name: string, operator: string): string {
    const value = this.#options.variables.get(name)
    if (operator === '}') return value ?? ''
    if (operator === ':') return this.#colonModifier(name, value)
    if ('-+?'.includes(operator)) return this.#modify({ name, operator, value, missing: value === undefined })
    if (operator === '#' || operator === '%') return this.#trim(operator, value ?? '')
    if (operator === '/') return this.#replace(value ?? '')
    throw this.#fail("missing ':' in substitution")
  }

  #colonModifier(name: string, value: string | undefined): string {
    const operator = this.#peek()
    if (operator === undefined) throw this.#fail("syntax error: missing '}'")
    this.#at += 1
    if (!'-+?'.includes(operator)) throw this.#fail(`unsupported modifier (${operator}) in substitution`)
    return this.#modify({ name, operator, value, missing: value === undefined || value === '' })
  }

  #modify({
    name,
    operator,
    value,
    missing,
  }: {
    name: string
    operator: string
    value: string | undefined
    missing: boolean
  }): string {
    const word = this.#until('}')
    if (operator === '+') return missing ? '' : word
    if (!missing) return value ?? ''
    if (operator === '-') return word
    throw this.#fail(`${name}: ${word === '' ? 'is not allowed to be unset' : word}`)
  }

  #trim(operator: string, value: string): string {
    const greedy = this.#peek() === operator
    if (greedy) this.#at += 1
    const pattern = this.#rawUntil('}')
    this.#checkPatternValue(value)
    return operator === '#' ? removePrefix(value, pattern, greedy) : removeSuffix(value, pattern, greedy)
  }

  #replace(value: string): string {
    const all = this.#peek() === '/'
    if (all) this.#at += 1
    const pattern = this.#rawUntil('/')
    const replacement = this.#until('}')
    this.#checkPatternValue(value)
    return replacePattern(value, { pattern, replacement, all })
  }

  /** A pattern: escapes are kept for the pattern, variables are expanded. */
  #rawUntil(stop: string): string {
    let text = ''
    for (;;) {
      const char = this.#peek()
      if (char === undefined)
        throw this.#fail(stop === '}' ? "syntax error: missing '}'" : "syntax error: missing '/' in replacement")
      if (char === '$') {
        text += this.#dollar()
        continue
      }
      this.#at += 1
      if (char === stop) return text
      if (char === this.#options.escape) {
        text += `\\${this.#peek() ?? ''}`
        this.#at += 1
      } else text += char === '\\' ? '\\\\' : char
    }
  }

  #checkPatternValue(value: string): void {
    if (value.length > patternValueMax)
      throw this.#fail(`the value is longer than ${patternValueMax} characters, too long for a pattern`)
  }

  /** A name: letters, digits, `_`; one digit; or one special parameter. Empty when there is none. */
  #name(): string {
    const first = this.#peek()
    if (first === undefined) return ''
    if (/[0-9@*#?!$-]/.test(first)) {
      this.#at += 1
      return first
    }
    let name = ''
    for (let char = this.#peek(); char !== undefined && /[A-Za-z0-9_]/.test(char); char = this.#peek()) {
      name += char
      this.#at += 1
    }
    return name
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #fail(why: string): Error {
    return expansionError(`failed to process ${goQuote(this.#source)}: ${why}`)
  }
}
