/**
 * What types and their fields mean, in words, read from the declarations of the JavaScript client: it is generated from
 * the API's own published documents, and keeps their descriptions as comments. Fields whose type has a name of its own
 * carry none there; they are shown with the words of their type.
 */

/** The words of one type. */
export interface TypeWords {
  readonly text: string | undefined
  /** By the field's name in JSON. */
  readonly field: (json: string) => string | undefined
}

/** Looks a type up by its name in the documents: `io.k8s.api.core.v1.PodSpec`. */
export type DescribeType = (name: string) => TypeWords | undefined

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/**
 * The names that a type may have as a class, the likelier last: `CoreV1Event`, `V1PodSpec`. Where two groups have a type
 * of one name, the group is put before it.
 */
export function classNamesOf(type: string): readonly string[] {
  const [group = '', version = '', name = ''] = type.split('.').slice(-3)
  const bare = `${capital(version)}${name}`
  return [`${capital(group)}${bare}`, bare]
}

const comment = /\/\*\*\n\s*\* (.*)\n\s*\*\/\n\s*(?:export declare class \w+|'([\w$]+)')/g

/** Reads a declaration file with one class. */
export function readDeclaration(source: string): TypeWords {
  const fields = new Map<string, string>()
  let text: string | undefined
  for (const [, words = '', field] of source.matchAll(comment)) {
    const plain = words.replaceAll("\\'", "'").replaceAll('\\"', '"')
    if (field === undefined) text = plain
    else fields.set(field, plain)
  }
  return { text, field: (json) => fields.get(json) ?? fields.get(propertyNameOf(json)) }
}

/** Names that are words of the language get an underscore; characters that cannot stand in a name become one. */
function propertyNameOf(json: string): string {
  const name = json.replace(/^\$/, '').replaceAll('-', '_')
  return name === 'default' || name === 'enum' || name === 'continue' || name === 'namespace' ? `_${name}` : name
}
