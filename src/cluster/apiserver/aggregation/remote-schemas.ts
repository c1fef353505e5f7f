/** What aggregated servers add to the OpenAPI v2 document: the paths of their groups and the definitions these need. Pure. */
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { equalJson, objectAt } from '../api-object.ts'

/** A part of a v2 document. */
export interface SchemaPart {
  readonly paths: JsonObject
  readonly definitions: JsonObject
}

const prefix = '#/definitions/'

/** The names of the definitions that a value refers to. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (!isJsonObject(value)) return []
  const reference = value['$ref']
  const own = typeof reference === 'string' && reference.startsWith(prefix) ? [reference.slice(prefix.length)] : []
  return [...own, ...Object.values(value).flatMap(namesIn)]
}

/** The part of a server's document that is about one group version; nothing of a document that cannot be read. */
export function schemaPart(document: unknown, group: string, version: string): SchemaPart {
  const at = `/apis/${group}/${version}`
  const all = Object.entries(objectAt(document, 'paths'))
  const paths = Object.fromEntries(all.filter(([path]) => path === at || path.startsWith(`${at}/`)))
  const known = objectAt(document, 'definitions')
  const definitions: Record<string, unknown> = {}
  const waiting = [...namesIn(paths)]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (Object.hasOwn(definitions, name) || !Object.hasOwn(known, name)) continue
    definitions[name] = known[name]
    waiting.push(...namesIn(known[name]))
  }
  return { paths, definitions }
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, item]) => {
    const name = key === '$ref' && typeof item === 'string' ? names.get(item.slice(prefix.length)) : undefined
    return [key, name === undefined ? renamed(item, names) : `${prefix}${name}`] as const
  })
  return Object.fromEntries(entries)
}

function freeName(name: string, taken: JsonObject): string {
  for (let number = 2; ; number++) {
    const next = `${name}_v${number}`
    if (!Object.hasOwn(taken, next)) return next
  }
}

/** A document with the parts of other servers. A definition that is another one here under its name gets a name of its own. */
export function withSchemaParts(document: JsonObject, parts: readonly SchemaPart[]): JsonObject {
  return parts.reduce<JsonObject>((whole, part) => {
    const known = objectAt(whole, 'definitions')
    const clashes = Object.keys(part.definitions).filter(
      (name) => Object.hasOwn(known, name) && !equalJson(known[name], part.definitions[name]),
    )
    const names = new Map(clashes.map((name) => [name, freeName(name, { ...known, ...part.definitions })]))
    const definitions = Object.entries(part.definitions).map(
      ([name, schema]) => [names.get(name) ?? name, renamed(schema, names)] as const,
    )
    return {
      ...whole,
      // Paths that are served here stay as they are.
      paths: { ...objectAt(renamed(part.paths, names)), ...objectAt(whole, 'paths') },
      definitions: { ...known, ...Object.fromEntries(definitions) },
    }
  }, document)
}
