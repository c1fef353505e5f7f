/** The flags of one call: what was given, else the defaults of the table. */
import { parseDuration, parseMemory } from '#cli/output/human-units.ts'
import type { FlagSpec } from './flag-types.ts'

export class Flags {
  private readonly given = new Map<string, string[]>()
  private readonly specs: readonly FlagSpec[]

  constructor(specs: readonly FlagSpec[]) {
    this.specs = specs
  }

  /** Records a value; `append` keeps the earlier ones. */
  put(name: string, value: string, append: boolean): void {
    const values = append ? (this.given.get(name) ?? []) : []
    this.given.set(name, [...values, value])
  }

  /** True when the flag stood on the command line, whatever its value. */
  has(name: string): boolean {
    return this.given.has(name)
  }

  bool(name: string): boolean {
    return this.text(name) === 'true'
  }

  text(name: string): string {
    return this.given.get(name)?.at(-1) ?? this.specs.find((spec) => spec.name === name)?.default ?? ''
  }

  list(name: string): readonly string[] {
    return this.given.get(name) ?? []
  }

  /** The whole number, or undefined when the flag was not given. */
  int(name: string): number | undefined {
    const text = this.text(name)
    return text === '' ? undefined : Number(text)
  }

  /** Bytes; undefined when not given. */
  bytes(name: string): number | undefined {
    const text = this.given.get(name)?.at(-1)
    if (text === undefined) return undefined
    return text === '-1' ? -1 : parseMemory(text)
  }

  /** Nanoseconds; undefined when not given. */
  durationNs(name: string): number | undefined {
    const text = this.given.get(name)?.at(-1)
    return text === undefined ? undefined : parseDuration(text)
  }
}
