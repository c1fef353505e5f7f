/** The compact rows that `schema/type-rows.ts` and `schema/kinds.ts` read at run time. */

export interface TableField {
  readonly go?: string
  readonly json?: string | null
  readonly inline?: boolean
  readonly type: string
  readonly pb?: { readonly n: number } | null
  readonly [key: string]: unknown
}
export interface TableType {
  readonly kind: 'struct' | 'alias' | 'enum'
  readonly underlying?: string
  readonly fields?: readonly TableField[]
  readonly closed?: boolean
  readonly values?: readonly { readonly value: string }[]
  readonly encoding?: object
  readonly structType?: string
  readonly proto?: string
  readonly union?: boolean
}
export interface TableGroupVersion {
  readonly goPackage: string
  readonly group: string
  readonly version: string
  readonly stability: string
  readonly role: string
  readonly enabledByDefault?: boolean
  readonly groupPriority?: number
  readonly versionPriority?: number
}
export interface TableKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly type: string
  readonly form: string
  readonly listKind?: string
  readonly resource?: string
  readonly [key: string]: unknown
}
export interface Table {
  readonly groupVersions: readonly TableGroupVersion[]
  readonly kinds: readonly TableKind[]
  readonly types: Readonly<Record<string, TableType>>
}

/** Types whose JSON or wire form upstream writes by hand, and our name for that form. */
const opaque: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'microTime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': 'duration',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'intOrString',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'fieldsV1',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'raw',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON': 'json',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray': 'schemaOrArray',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool': 'schemaOrBool',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray': 'schemaOrStrings',
}

/** `k8s.io/api/core/v1.Pod` as OpenAPI spells it: `io.k8s.api.core.v1.Pod`. */
export function openapiName(goName: string): string {
  return goName.replace(/^k8s\.io\//, 'io.k8s.').replaceAll('/', '.')
}

/** Our own name of a hand-written encoding, if the type has one. */
export function opaqueShape(goName: string): string | undefined {
  return opaque[goName]
}

/** The type grammar of the table in its short form: `*T`, `[T`, `{K|V`, a scalar's or an OpenAPI name. */
export function shortType(text: string): string {
  const inner = /^(pointer|list|map)<(.*)>$/.exec(text)
  if (inner === null) return text.startsWith('scalar:') ? text.slice(7) : openapiName(text.slice(4))
  const [, word, rest = ''] = inner
  if (word === 'pointer') return `*${shortType(rest)}`
  if (word === 'list') return `[${shortType(rest)}`
  const comma = rest.indexOf(',')
  return `{${shortType(rest.slice(0, comma))}|${shortType(rest.slice(comma + 1))}`
}

const flagLetters: readonly (readonly [string, string])[] = [
  ['omitempty', 'o'],
  ['omitzero', 'z'],
  ['optional', 'p'],
  ['openapiRequired', 'r'],
  ['deprecated', 'd'],
]
const extras: Readonly<Record<string, string>> = {
  patchStrategy: 'ps',
  patchMergeKey: 'mk',
  listType: 'lt',
  listMapKeys: 'lk',
  mapType: 'mt',
  structType: 'st',
  default: 'def',
  enum: 'en',
  unionDiscriminator: 'ud',
  oneOf: 'oo',
}

/** Lists that upstream's defaults leave alone where they were given empty, though `omitempty` never shows them so. */
const keptEmpty: ReadonlySet<string> = new Set(['k8s.io/api/autoscaling/v2.HPAScalingRules.policies'])

function fieldRow(field: TableField, struct: string): unknown[] {
  const letters = flagLetters.filter(([key]) => field[key] === true).map(([, letter]) => letter)
  const flags = letters.join('') + (keptEmpty.has(`${struct}.${field.json ?? ''}`) ? 'e' : '')
  const more: Record<string, unknown> = {}
  for (const [key, short] of Object.entries(extras)) if (field[key] !== undefined) more[short] = field[key]
  if (typeof more['en'] === 'string') more['en'] = openapiName(more['en'])
  const row: unknown[] = [field.inline === true ? '' : field.json, shortType(field.type), flags, field.pb?.n ?? 0]
  if (Object.keys(more).length > 0) row.push(more)
  return row
}

function typeRow(name: string, type: TableType): object {
  const shape = opaque[name]
  if (shape !== undefined) return { x: shape }
  if (type.kind === 'alias')
    return { a: shortType(type.underlying ?? ''), ...(type.proto === undefined ? {} : { w: 1 }) }
  if (type.kind === 'enum') {
    return {
      e: shortType(type.underlying ?? ''),
      c: type.closed === true ? 1 : 0,
      v: [...new Set((type.values ?? []).map((v) => v.value))],
    }
  }
  const fields = (type.fields ?? []).filter((field) => field.inline === true || typeof field.json === 'string')
  return {
    f: fields.map((field) => fieldRow(field, name)),
    ...(type.structType === undefined ? {} : { t: type.structType }),
    ...(type.union === true ? { u: 1 } : {}),
  }
}

/** One line per type, sorted by OpenAPI name. */
export function compactTypes(table: Table): string[] {
  return Object.entries(table.types)
    .map(([name, type]) => `${openapiName(name)}\t${JSON.stringify(typeRow(name, type))}`)
    .sort()
}

/** Group versions in table order, then kinds. */
export function compactKinds(table: Table): string[] {
  const versions = table.groupVersions
    .filter((gv) => gv.version !== '' && gv.version !== undefined)
    .map(({ group, version, stability, role, enabledByDefault, groupPriority, versionPriority }) =>
      JSON.stringify({ group, version, stability, role, enabledByDefault, groupPriority, versionPriority }),
    )
  const kinds = table.kinds.map((kind) => JSON.stringify({ ...kind, type: openapiName(kind.type) }))
  return [...versions, ...kinds]
}
