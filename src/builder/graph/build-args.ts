/** Build arguments: what the request gave, what the file declared, and which of them a stage may see. */
import type { ArgValue } from '#spec/dockerfile/instruction-types.ts'

/** Known without being declared; left out of the cache key and of the history unless declared. */
export const predefinedArgs: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
)

/** The arguments of one build. `enterStage` forgets what the stage before declared. */
export class BuildArgs {
  readonly #given: ReadonlyMap<string, string | null>
  readonly #global: Map<string, string | undefined>
  readonly #referenced = new Set<string>()
  #declared = new Map<string, string | undefined>()

  /** `defaults` are global values that a stage sees once it declares them (TARGETARCH and the like). */
  constructor(given: Readonly<Record<string, string | null>>, defaults: Readonly<Record<string, string>> = {}) {
    this.#given = new Map(Object.entries(given))
    this.#global = new Map(Object.entries(defaults))
  }

  enterStage(): void {
    this.#declared = new Map()
  }

  /** ARG before the first FROM. */
  declareGlobal(arg: ArgValue): void {
    this.#referenced.add(arg.key)
    this.#global.set(arg.key, arg.value)
  }

  /** ARG inside a stage. */
  declare(arg: ArgValue): void {
    this.#referenced.add(arg.key)
    this.#declared.set(arg.key, arg.value)
  }

  /** What FROM lines may use. */
  globals(): Map<string, string> {
    return this.#values(this.#global.keys(), this.#global)
  }

  /** What the current stage may use in words: declared arguments and predefined ones that were given. */
  visible(): Map<string, string> {
    const predefined = [...this.#given.keys()].filter((name) => predefinedArgs.has(name))
    return this.#values(new Set([...this.#declared.keys(), ...predefined]), this.#declared)
  }

  /** What RUN gets on top of an environment: `k=v`, sorted; ENV of the same name wins. */
  environment(env: readonly string[]): string[] {
    const taken = new Set(env.map((entry) => entry.split('=', 1)[0]))
    return [...this.visible()]
      .filter(([name]) => !taken.has(name))
      .map(([name, value]) => `${name}=${value}`)
      .toSorted()
  }

  /** The part of `environment` that counts for cache and history. */
  recorded(environment: readonly string[]): string[] {
    return environment.filter((entry) => {
      const name = entry.split('=', 1)[0] ?? ''
      return this.#declared.has(name) || !predefinedArgs.has(name)
    })
  }

  /** Given but never declared. */
  unused(): string[] {
    return [...this.#given.keys()].filter((name) => !this.#referenced.has(name) && !predefinedArgs.has(name)).toSorted()
  }

  #values(names: Iterable<string>, defaults: ReadonlyMap<string, string | undefined>): Map<string, string> {
    const values = new Map<string, string>()
    for (const name of names) {
      const value = this.#given.get(name) ?? defaults.get(name) ?? this.#global.get(name)
      if (value !== undefined) values.set(name, value)
    }
    return values
  }
}
