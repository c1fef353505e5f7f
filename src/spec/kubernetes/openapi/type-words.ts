/**
 * What types and their fields mean, in words, read from declarations that are generated from the API's own published
 * documents and keep its descriptions as comments: those of the JavaScript client, one class a file, and those of
 * kubernetes-types, one file for a group version.
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

const comment = /\/\*\*\n\s*\* (.*)\n\s*\*\/\n\s*(?:export declare class \w+|'([\w$]+)'\??: (\w+))/g

/** Reads a declaration file with one class. */
export function readDeclaration(source: string): TypeWords {
  const fields = new Map<string, string>()
  let text: string | undefined
  for (const [, words = '', field, type = ''] of source.matchAll(comment)) {
    const plain = words.replaceAll(/\\(['"\\])/g, '$1')
    if (field === undefined) text = plain
    // The generator writes what the type is where it should write what the field is.
    else if (!plain.startsWith(`${type} is `)) fields.set(field, plain)
  }
  return { text, field: (json) => fields.get(json) ?? fields.get(propertyNameOf(json)) }
}

const declared =
  /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(?:export (?:interface|declare type|type) (\w+)|(?:readonly )?"?([\w$.-]+)"?\??:)|^}/gm

/** Reads a declaration file with many interfaces and aliases; the words of each by its name. */
export function readInterfaces(source: string): ReadonlyMap<string, TypeWords> {
  const types = new Map<string, TypeWords>()
  let fields = new Map<string, string>()
  for (const [, comment = '', name, field] of source.matchAll(declared)) {
    const words = comment.replaceAll(/\n\s*\* ?/g, '\n').trim()
    if (name !== undefined) {
      const own = new Map<string, string>()
      fields = own
      types.set(name, { text: words, field: (json) => own.get(json) })
    } else if (field === undefined) fields = new Map()
    else fields.set(field, words)
  }
  return types
}

/** Names that are words of the language get an underscore; characters that cannot stand in a name become one. */
function propertyNameOf(json: string): string {
  const name = json.replace(/^\$/, '').replaceAll('-', '_')
  return name === 'default' || name === 'enum' || name === 'continue' || name === 'namespace' ? `_${name}` : name
}
