/** Where in an object something is wrong, written as clients see it: `spec.containers[0].env[1].name`, `data[key]`. */

/** An immutable path; `undefined` names nothing and prints as upstream's nil path does. */
export class Path {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** A member; several names go down several levels. */
  child(...names: readonly string[]): Path {
    return new Path(names.reduce((text, name) => (text === '' ? name : `${text}.${name}`), this.#text))
  }

  /** A list element. */
  index(index: number): Path {
    return new Path(`${this.#text}[${index}]`)
  }

  /** A map entry. */
  key(key: string): Path {
    return new Path(`${this.#text}[${key}]`)
  }

  toString(): string {
    return this.#text
  }
}

/** The path of a member of the whole object, or of one further down. */
export function path(...names: readonly string[]): Path {
  return new Path(names.join('.'))
}
