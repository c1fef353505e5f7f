/** Where in an object something is wrong, written as clients see it: `spec.containers[0].env[1].name`, `data[key]`. */

/**
 * An immutable path; `undefined` names nothing and prints as upstream's nil path does. Every check is handed one and hardly
 * any prints it, so that a path is the step from the one above until it is asked for its text.
 */
export class Path {
  readonly #above: Path | undefined
  readonly #step: string | number
  readonly #isMember: boolean

  /** @param step a member's name, or with `isMember` false the index or key of an entry. */
  constructor(step: string | number, above?: Path, isMember: boolean = true) {
    this.#step = step
    this.#above = above
    this.#isMember = isMember
  }

  /** A member; several names go down several levels. */
  child(...names: readonly string[]): Path {
    return names.length === 1 ? new Path(names[0] ?? '', this) : below(this, names)
  }

  /** A list element. */
  index(index: number): Path {
    return new Path(index, this, false)
  }

  /** A map entry. */
  key(key: string): Path {
    return new Path(key, this, false)
  }

  toString(): string {
    const above = this.#above?.toString() ?? ''
    if (!this.#isMember) return `${above}[${this.#step}]`
    return above === '' ? String(this.#step) : `${above}.${this.#step}`
  }
}

function below(above: Path, names: readonly string[]): Path {
  let at = above
  for (const name of names) at = new Path(name, at)
  return at
}

/** The path of a member of the whole object, or of one further down. */
export function path(...names: readonly string[]): Path {
  return new Path(names.join('.'))
}
