/**
 * Types of the Kubernetes API as the decoder, patches, protobuf and OpenAPI see them. A type is built from its generated
 * row when it is first asked for, once per process; everything is immutable afterwards.
 */
import { alwaysShows } from './always-shows.ts'
import type { Shape } from './shape.ts'
import { typeRows } from './types.generated.ts'

/** One type of the API. `element` belongs to lists and maps, `struct` to structs. */
export interface SchemaType {
  readonly shape: Shape
  /** As Go prints it in messages: `int32`, `v1.PodSpec`, `[]v1.Container`. */
  readonly goName: string
  /** OpenAPI name for named types, `''` for unnamed lists, maps and scalars. */
  readonly name: string
  readonly element: SchemaType | undefined
  readonly struct: StructType | undefined
  /** A named list that protobuf wraps in a message of its own (`ExtraValue`, `Verbs`). */
  readonly wrapped: boolean
  /** The values of an enumeration; `enumClosed` says that upstream publishes them as the only ones. */
  readonly enumValues: readonly string[] | undefined
  readonly enumClosed: boolean
}

/** One JSON member of a struct; members of inlined structs are listed in place. */
export interface SchemaField {
  readonly json: string
  /** The name with those of the inlined structs it comes from, as Go's messages give it: `VolumeSource.emptyDir`. */
  readonly goPath: string
  readonly type: SchemaType
  /** Go pointer: absent and zero are different values. */
  readonly pointer: boolean
  readonly omitEmpty: boolean
  readonly omitZero: boolean
  /** A list that was given empty stays so until the object is stored: defaults tell it from one that was not given. */
  readonly keepsEmpty: boolean
  readonly optional: boolean
  /** Listed as required in the published OpenAPI. */
  readonly required: boolean
  readonly deprecated: boolean
  /** Protobuf field number; 0 when the field is never on the wire. Inside the inlined struct's message when it has one. */
  readonly pb: number
  readonly patchStrategy: readonly string[]
  readonly patchMergeKey: string | undefined
  readonly listType: 'atomic' | 'set' | 'map' | undefined
  readonly listMapKeys: readonly string[]
  readonly mapType: string | undefined
  readonly structType: string | undefined
  readonly default: unknown
  /** Name of the union whose member this is, `true` when the union has no name. */
  readonly oneOf: string | true | undefined
  readonly unionDiscriminator: boolean
  /** Position in `StructType.fields`. */
  readonly index: number
}

/** A member on the wire: a field, or the message that holds an inlined struct's fields. */
export interface WireMember {
  readonly pb: number
  readonly field: SchemaField | undefined
  readonly inline: readonly WireMember[] | undefined
}

export interface StructType {
  readonly name: string
  /** `Pod` of `io.k8s.api.core.v1.Pod`. */
  readonly baseName: string
  readonly fields: readonly SchemaField[]
  readonly byName: ReadonlyMap<string, SchemaField>
  /** Members that every JSON form has, zero or not. */
  readonly always: readonly SchemaField[]
  /** Members on the wire, by ascending number. */
  readonly wire: readonly WireMember[]
  /** `atomic` or `granular` when the Go type says so. */
  readonly structType: string | undefined
  readonly union: boolean
}

interface FieldExtras {
  readonly ps?: string
  readonly mk?: string
  readonly lt?: 'atomic' | 'set' | 'map'
  readonly lk?: readonly string[]
  readonly mt?: string
  readonly st?: string
  readonly def?: unknown
  readonly en?: string
  readonly ud?: boolean
  readonly oo?: string | true
}
type FieldRow = readonly [name: string, type: string, flags: string, pb: number, extras?: FieldExtras]
interface TypeRow {
  readonly f?: readonly FieldRow[]
  readonly t?: string
  readonly u?: 1
  readonly a?: string
  readonly w?: 1
  readonly e?: string
  readonly c?: 0 | 1
  readonly v?: readonly string[]
  readonly x?: Shape
}

const scalarGoNames: Readonly<Record<string, string>> = { bytes: '[]uint8', any: 'interface {}' }
const scalarShapes: ReadonlySet<string> = new Set(['string', 'bool', 'int32', 'int64', 'float64', 'bytes', 'any'])

const schemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

/** `v1.Pod` of `io.k8s.api.core.v1.Pod`. */
function goNameOf(name: string): string {
  return name.slice(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1)
}

interface NodeParts {
  readonly shape: Shape
  readonly goName: string
  readonly name?: string
  readonly element?: SchemaType | undefined
  readonly wrapped?: boolean
  readonly enumValues?: readonly string[] | undefined
  readonly enumClosed?: boolean
}

class Node implements SchemaType {
  readonly shape: Shape
  readonly goName: string
  readonly name: string
  readonly element: SchemaType | undefined
  readonly wrapped: boolean
  readonly enumValues: readonly string[] | undefined
  readonly enumClosed: boolean
  readonly #row: TypeRow | undefined
  readonly #types: TypeTable
  #struct: StructType | undefined

  constructor(types: TypeTable, of: NodeParts, row?: TypeRow) {
    this.shape = of.shape
    this.goName = of.goName
    this.name = of.name ?? ''
    this.element = of.element
    this.wrapped = of.wrapped ?? false
    this.enumValues = of.enumValues
    this.enumClosed = of.enumClosed ?? false
    this.#row = row
    this.#types = types
  }

  get struct(): StructType | undefined {
    if (this.shape !== 'struct') return undefined
    this.#struct ??= this.#types.buildStruct(this.name, this.#row ?? {})
    return this.#struct
  }
}

/** The built-in types by OpenAPI name. Cheap to make: a row is parsed when its type is first used. */
export class TypeTable {
  readonly #rows = new Map<string, string>()
  readonly #types = new Map<string, SchemaType>()

  constructor(text: string = typeRows) {
    for (const line of text.split('\n')) this.#rows.set(line.slice(0, line.indexOf('\t')), line)
  }

  /** Names of all types, sorted. */
  names(): readonly string[] {
    return [...this.#rows.keys()]
  }

  /** The type of an OpenAPI name (`io.k8s.api.core.v1.PodSpec`), or undefined. */
  find(name: string): SchemaType | undefined {
    const known = this.#types.get(name)
    if (known !== undefined) return known
    const line = this.#rows.get(name)
    if (line === undefined) return undefined
    const type = this.#build(name, JSON.parse(line.slice(line.indexOf('\t') + 1)) as TypeRow)
    this.#types.set(name, type)
    return type
  }

  #build(name: string, row: TypeRow): SchemaType {
    const goName = goNameOf(name)
    if (row.x !== undefined) {
      // The alternatives to a JSON schema hold one; its type is made before its fields are, so the circle is harmless.
      const element = row.x.startsWith('schemaOr') ? this.find(schemaProps) : undefined
      return new Node(this, { shape: row.x, goName, name, element })
    }
    if (row.f !== undefined) return new Node(this, { shape: 'struct', goName, name }, row)
    if (row.e !== undefined) {
      const base = this.parse(row.e)
      return new Node(this, { shape: base.shape, goName, name, enumValues: row.v, enumClosed: row.c === 1 })
    }
    const target = this.parse(row.a ?? 'any')
    if (target.shape === 'struct') return target
    return new Node(this, { ...pick(target), goName, name, wrapped: row.w === 1 && target.shape === 'list' })
  }

  /** A type written in the rows' grammar, pointers dropped. Unknown names (Go-only types) count as `any`. */
  parse(text: string): SchemaType {
    const known = this.#types.get(text)
    if (known !== undefined) return known
    const type = this.#parse(text)
    this.#types.set(text, type)
    return type
  }

  #parse(text: string): SchemaType {
    if (text.startsWith('*')) return this.parse(text.slice(1))
    if (text.startsWith('[')) {
      const element = this.parse(text.slice(1))
      const star = text[1] === '*' ? '*' : ''
      return new Node(this, { shape: 'list', goName: `[]${star}${element.goName}`, element })
    }
    if (text.startsWith('{')) {
      const bar = text.indexOf('|')
      const element = this.parse(text.slice(bar + 1))
      return new Node(this, {
        shape: 'map',
        goName: `map[${this.parse(text.slice(1, bar)).goName}]${element.goName}`,
        element,
      })
    }
    if (scalarShapes.has(text)) return new Node(this, { shape: text as Shape, goName: scalarGoNames[text] ?? text })
    if (text === 'int') return new Node(this, { shape: 'int64', goName: 'int' })
    return this.find(text) ?? new Node(this, { shape: 'any', goName: text })
  }

  /** Fields of a struct with inlined structs opened up. */
  buildStruct(name: string, row: TypeRow): StructType {
    const fields: SchemaField[] = []
    const wire = this.#members(row, fields, '')
    return {
      name,
      baseName: name.slice(name.lastIndexOf('.') + 1),
      fields,
      byName: new Map(fields.map((field) => [field.json, field])),
      always: fields.filter(alwaysShows),
      wire,
      structType: row.t,
      union: row.u === 1,
    }
  }

  #members(row: TypeRow, fields: SchemaField[], via: string): readonly WireMember[] {
    const wire: WireMember[] = []
    for (const [json, type, flags, pb, extras] of row.f ?? []) {
      if (json === '') {
        const line = this.#rows.get(type) ?? ''
        const inner = line === '' ? {} : (JSON.parse(line.slice(line.indexOf('\t') + 1)) as TypeRow)
        const inline = this.#members(inner, fields, `${via}${type.slice(type.lastIndexOf('.') + 1)}.`)
        if (pb > 0) wire.push({ pb, field: undefined, inline })
        continue
      }
      const field = this.#field({ json, type, flags, pb, extras: extras ?? {}, index: fields.length, via })
      fields.push(field)
      if (pb > 0) wire.push({ pb, field, inline: undefined })
    }
    return wire.sort((a, b) => a.pb - b.pb)
  }

  #field(of: {
    json: string
    type: string
    flags: string
    pb: number
    extras: FieldExtras
    index: number
    via: string
  }): SchemaField {
    const { json, type, flags, pb, extras, index, via } = of
    const has = (letter: string): boolean => flags.includes(letter)
    return {
      json,
      goPath: via + json,
      type: this.parse(type),
      pointer: type.startsWith('*'),
      omitEmpty: has('o'),
      omitZero: has('z'),
      keepsEmpty: has('e'),
      optional: has('p'),
      required: has('r'),
      deprecated: has('d'),
      pb,
      patchStrategy: extras.ps?.split(',') ?? [],
      patchMergeKey: extras.mk,
      listType: extras.lt,
      listMapKeys: extras.lk ?? [],
      mapType: extras.mt,
      structType: extras.st,
      default: extras.def,
      oneOf: extras.oo,
      unionDiscriminator: extras.ud === true,
      index,
    }
  }
}

function pick(type: SchemaType): {
  shape: Shape
  element: SchemaType | undefined
  enumValues: readonly string[] | undefined
} {
  return { shape: type.shape, element: type.element, enumValues: type.enumValues }
}

/** The types of the release that Gantry serves. */
export const builtInTypes: TypeTable = new TypeTable()
