/** The built-in types as JSON schemas, in the dialects of OpenAPI v2 and v3 that Kubernetes publishes (v1.36). */
import { builtInKinds } from '../schema/kinds.ts'
import { builtInTypes, type SchemaField, type SchemaType, type StructType } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'
import type { DescribeType, TypeWords } from './type-words.ts'

export type Schema = Readonly<Record<string, unknown>>
export type Dialect = 'v2' | 'v3'

/** Where named schemas live in a document. */
export function referenceTo(name: string, dialect: Dialect): Schema {
  return { $ref: `${dialect === 'v3' ? '#/components/schemas/' : '#/definitions/'}${name}` }
}

/** Options and events belong to every group version, so that clients find them wherever they look. */
const everywhere: ReadonlySet<string> = new Set(['DeleteOptions', 'WatchEvent'])
const underCore = /^(?:Status|API\w+)$/

const scalars: Readonly<Partial<Record<Shape, Schema>>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  any: { type: 'object' },
}
const opaque: Readonly<Partial<Record<Shape, Readonly<Record<Dialect, Schema>>>>> = {
  time: { v2: { type: 'string', format: 'date-time' }, v3: { type: 'string', format: 'date-time' } },
  microTime: { v2: { type: 'string', format: 'date-time' }, v3: { type: 'string', format: 'date-time' } },
  duration: { v2: { type: 'string' }, v3: { type: 'string' } },
  quantity: { v2: { type: 'string' }, v3: { oneOf: [{ type: 'string' }, { type: 'number' }] } },
  intOrString: {
    v2: { type: 'string', format: 'int-or-string' },
    v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  fieldsV1: { v2: { type: 'object' }, v3: { type: 'object' } },
  raw: { v2: { type: 'object' }, v3: { type: 'object' } },
  json: { v2: {}, v3: {} },
  schemaOrArray: { v2: {}, v3: {} },
  schemaOrBool: { v2: {}, v3: {} },
  schemaOrStrings: { v2: {}, v3: {} },
}
const zeros: Readonly<Partial<Record<Shape, unknown>>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  struct: {},
}

/** True for types that documents hold under a name of their own. */
function isNamed(type: SchemaType): boolean {
  return type.struct !== undefined || opaque[type.shape] !== undefined
}

/** Turns types into schemas and remembers which other types they need. */
export class SchemaWriter {
  readonly #dialect: Dialect
  readonly #gvks: ReadonlyMap<string, readonly Schema[]>
  readonly #schemas = new Map<string, Schema>()
  readonly #waiting: SchemaType[] = []

  readonly #describe: DescribeType

  /** `apiVersions` are the group versions the document is about. */
  constructor(
    dialect: Dialect,
    apiVersions: readonly { readonly group: string; readonly version: string }[],
    describe: DescribeType = () => undefined,
  ) {
    this.#dialect = dialect
    this.#describe = describe
    this.#gvks = kindsByType(apiVersions)
  }

  /** A reference to a type's schema, which is then part of `schemas()`. */
  reference(name: string): Schema {
    const type = builtInTypes.find(name)
    if (type !== undefined) this.#need(type)
    return referenceTo(name, this.#dialect)
  }

  #need(type: SchemaType): void {
    if (this.#schemas.has(type.name)) return
    this.#schemas.set(type.name, {})
    this.#waiting.push(type)
  }

  /** Schemas of everything referred to so far, by name, ascending. */
  schemas(): Record<string, Schema> {
    for (let type = this.#waiting.pop(); type !== undefined; type = this.#waiting.pop())
      this.#schemas.set(type.name, this.#define(type))
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #define(type: SchemaType): Schema {
    const words = this.#describe(type.name)
    const described = words?.text === undefined ? {} : { description: words.text }
    if (type.struct === undefined)
      return { ...described, ...(opaque[type.shape]?.[this.#dialect] ?? { type: 'object' }) }
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    for (const field of [...type.struct.fields].sort((a, b) => (a.json < b.json ? -1 : 1))) {
      properties[field.json] = { ...this.#described(field, words), ...this.#field(field) }
      if (field.required) required.push(field.json)
    }
    return {
      ...described,
      type: 'object',
      ...(type.struct.fields.length === 0 ? {} : { properties }),
      ...(required.length === 0
        ? {}
        : { required: type.struct.fields.filter((field) => field.required).map((field) => field.json) }),
      ...this.#structExtensions(type.struct),
    }
  }

  /** Words of the field's own; clients show those of its type beside them. */
  #described(field: SchemaField, words: TypeWords | undefined): Schema {
    const description = [words?.field(field.json), possibleValues(field.type)]
      .filter((part) => part !== undefined)
      .join('\n\n')
    return description === '' ? {} : { description }
  }

  #structExtensions(struct: StructType): Schema {
    const gvks = this.#gvks.get(struct.name)
    return {
      ...(gvks === undefined ? {} : { 'x-kubernetes-group-version-kind': gvks }),
      ...(struct.structType === undefined ? {} : { 'x-kubernetes-map-type': struct.structType }),
      ...(struct.union ? { 'x-kubernetes-unions': [unionOf(struct)] } : {}),
    }
  }

  #field(field: SchemaField): Schema {
    const shown = this.#dialect === 'v3' ? defaultOf(field) : undefined
    const named = isNamed(field.type)
    const value = named && this.#dialect === 'v3' ? { allOf: [this.#value(field.type)] } : this.#value(field.type)
    return { ...value, ...(shown === undefined ? {} : { default: shown }), ...fieldExtensions(field) }
  }

  #value(type: SchemaType): Schema {
    const { element } = type
    if (isNamed(type)) return this.reference(type.struct?.name ?? type.name)
    if (type.shape === 'list' && element !== undefined) return { type: 'array', items: this.#value(element) }
    if (type.shape === 'map' && element !== undefined)
      return { type: 'object', additionalProperties: this.#value(element) }
    const values = publishedValues(type)
    return { ...(scalars[type.shape] ?? { type: 'object' }), ...(values === undefined ? {} : { enum: values }) }
  }
}

/** The values of an enumeration that upstream publishes, ascending. */
function publishedValues({ enumClosed, enumValues }: SchemaType): readonly string[] | undefined {
  return enumClosed ? enumValues?.toSorted() : undefined
}

/** What upstream adds to the words of such a field. */
function possibleValues(type: SchemaType): string | undefined {
  const values = publishedValues(type)
  if (values === undefined) return undefined
  return `Possible enum values:\n${values.map((value) => ` - \`${JSON.stringify(value)}\``).join('\n')}`
}

function kindsByType(
  apiVersions: readonly { readonly group: string; readonly version: string }[],
): Map<string, readonly Schema[]> {
  const core = { group: '', version: 'v1' }
  const all = [core, ...apiVersions.filter(({ group, version }) => group !== '' || version !== 'v1')]
  const out = new Map<string, readonly Schema[]>()
  for (const { group, version, kind, type } of builtInKinds.kinds) {
    const places =
      group !== 'meta.k8s.io' ? [{ group, version }] : everywhere.has(kind) ? all : underCore.test(kind) ? [core] : []
    if (places.length > 0)
      out.set(
        type,
        places.map((place) => ({ group: place.group, kind, version: place.version })),
      )
  }
  return out
}

/** Defaults show where Go has no way to leave the member out, and where a marker names one. */
function defaultOf(field: SchemaField): unknown {
  if (field.default !== undefined) return field.default
  if (field.pointer) return undefined
  if (field.type.shape === 'struct') return {}
  return field.omitEmpty || field.type.name.endsWith('.Time') ? undefined : zeros[field.type.shape]
}

function unionOf(struct: StructType): Schema {
  const discriminator = struct.fields.find((field) => field.unionDiscriminator)?.json
  const upper = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1)
  const members = struct.fields.filter((field) => field.json !== discriminator)
  const named = Object.fromEntries(
    members.map((field) => [field.json, upper(field.json)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  return { ...(discriminator === undefined ? {} : { discriminator }), 'fields-to-discriminateBy': named }
}

function fieldExtensions(field: SchemaField): Schema {
  const out: Record<string, unknown> = {}
  if (field.listMapKeys.length > 0) out['x-kubernetes-list-map-keys'] = field.listMapKeys
  if (field.listType !== undefined) out['x-kubernetes-list-type'] = field.listType
  const mapType = field.mapType ?? field.structType
  if (mapType !== undefined) out['x-kubernetes-map-type'] = mapType
  if (field.patchMergeKey !== undefined) out['x-kubernetes-patch-merge-key'] = field.patchMergeKey
  if (field.patchStrategy.length > 0) out['x-kubernetes-patch-strategy'] = field.patchStrategy.join(',')
  return out
}
