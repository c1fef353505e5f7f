/** The readonly TypeScript interfaces of every type in the table, one file per Go package. */
import { opaqueShape, type Table, type TableField, type TableKind, type TableType } from './kubernetes-rows.ts'

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int: 'number',
  int32: 'number',
  int64: 'number',
  float64: 'number',
  bytes: 'string',
  any: 'unknown',
}
const opaqueTypes: Readonly<Record<string, string>> = {
  time: 'string',
  microTime: 'string',
  duration: 'string',
  quantity: 'string',
  intOrString: 'number | string',
  fieldsV1: 'Readonly<Record<string, unknown>>',
  raw: 'unknown',
  json: 'unknown',
  schemaOrArray: 'JSONSchemaProps | readonly JSONSchemaProps[]',
  schemaOrBool: 'JSONSchemaProps | boolean',
  schemaOrStrings: 'JSONSchemaProps | readonly string[]',
}

/** `k8s.io/api/core/v1` → `core-v1.generated.ts`. */
function fileOf(goPackage: string): string {
  const parts = goPackage
    .replace(/^k8s\.io\//, '')
    .split('/')
    .filter((part) => !['api', 'pkg', 'apis', 'apimachinery'].includes(part))
  return `${parts
    .filter((part, i) => !part.includes('apiextensions-') && !part.includes('kube-') && part !== parts[i - 1])
    .join('-')
    .replaceAll('_', '-')}.generated.ts`
}
/** Packages of building blocks that get no file of their own: their types are written out where they are used. */
const hidden = /pkg\/(runtime|util|types|api\/resource|watch)/
const packageOf = (name: string): string => name.slice(0, name.lastIndexOf('.'))
const baseOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

class PackageFile {
  readonly #imports = new Map<string, Set<string>>()
  readonly #table: Table
  readonly #package: string
  readonly #kinds: ReadonlyMap<string, TableKind>

  constructor(table: Table, goPackage: string, kinds: ReadonlyMap<string, TableKind>) {
    this.#table = table
    this.#package = goPackage
    this.#kinds = kinds
  }

  #ref(name: string): string {
    const shape = opaqueShape(name)
    if (shape !== undefined) return opaqueTypes[shape] ?? 'unknown'
    const type = this.#table.types[name]
    if (type === undefined) return name === 'time.Duration' ? 'number' : 'unknown'
    if (type.kind === 'enum' && type.closed !== true) return this.#type(type.underlying ?? 'scalar:string')
    const home = packageOf(name)
    if (hidden.test(home)) return type.kind === 'struct' ? 'unknown' : this.#type(type.underlying ?? 'scalar:any')
    return home === this.#package ? baseOf(name) : this.#import(name)
  }

  /** Imports a type of another package; where this one has the same name, under a longer one. */
  #import(name: string): string {
    const file = fileOf(packageOf(name))
    this.#imports.set(file, (this.#imports.get(file) ?? new Set<string>()).add(baseOf(name)))
    return this.#localName(baseOf(name), file)
  }

  #localName(base: string, file: string): string {
    const taken = this.#table.types[`${this.#package}.${base}`] !== undefined
    return taken ? `${base}Of${file.split('-')[0] ?? ''}` : base
  }

  #type(text: string): string {
    const inner = /^(pointer|list|map)<(.*)>$/.exec(text)
    if (inner === null)
      return text.startsWith('scalar:') ? (scalars[text.slice(7)] ?? 'unknown') : this.#ref(text.slice(4))
    const [, word, rest = ''] = inner
    if (word === 'pointer') return this.#type(rest)
    if (word === 'map') return `Readonly<Record<string, ${this.#type(rest.slice(rest.indexOf(',') + 1))}>>`
    const element = this.#type(rest)
    return element.includes('|') ? `readonly (${element})[]` : `readonly ${element}[]`
  }

  #field(field: TableField, kind: TableKind | undefined): string[] {
    if (field.inline === true) {
      const type = this.#table.types[field.type.slice(4)]
      return (type?.fields ?? []).flatMap((inner) => this.#field(inner, kind))
    }
    if (typeof field.json !== 'string') return []
    const fixed = kind === undefined ? undefined : this.#kindField(field, kind)
    if (fixed !== undefined) return [fixed]
    const key = /^[A-Za-z]\w*$/.test(field.json) ? field.json : `'${field.json}'`
    return [`  readonly ${key}${field['openapiRequired'] === true ? '' : '?'}: ${this.#type(field.type)}`]
  }

  /** What a kind fixes beyond its type: its two names, a name in its metadata, and that spec and items are there. */
  #kindField(field: TableField, kind: TableKind): string | undefined {
    const version = `${kind.group === '' ? '' : `${kind.group}/`}${kind.version}`
    if (field.json === 'kind') return `  readonly kind: '${kind.kind}'`
    if (field.json === 'apiVersion') return `  readonly apiVersion: '${version}'`
    if (field.json === 'items') return `  readonly items: ${this.#type(field.type)}`
    if (kind.form !== 'object' || !field.type.startsWith('ref:')) return undefined
    if (field.json === 'spec') return `  readonly spec: ${this.#type(field.type)}`
    if (field.json !== 'metadata' || !field.type.endsWith('.ObjectMeta')) return undefined
    return `  readonly metadata: ${this.#ref('k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta')} & { readonly name: string }`
  }

  #declaration(name: string, type: TableType): string[] {
    const base = baseOf(name)
    if (type.kind === 'alias') return [`export type ${base} = ${this.#type(type.underlying ?? '')}\n`]
    if (type.kind === 'enum') {
      const values = new Set((type.values ?? []).map((of) => `'${of.value}'`))
      return type.closed === true ? [`export type ${base} = ${[...values].join(' | ')}\n`] : []
    }
    const lines = (type.fields ?? []).flatMap((field) => this.#field(field, this.#kinds.get(name)))
    if (lines.length === 0) return [`export type ${base} = Readonly<Record<string, never>>\n`]
    return [`export interface ${base} {\n${lines.join('\n')}\n}\n`]
  }

  render(): string {
    const parts: string[] = []
    for (const [name, type] of Object.entries(this.#table.types)) {
      if (packageOf(name) === this.#package && opaqueShape(name) === undefined)
        parts.push(...this.#declaration(name, type))
    }
    const imports = [...this.#imports].map(([file, used]) => {
      const words = [...used].sort().map((word) => {
        const local = this.#localName(word, file)
        return local === word ? word : `${word} as ${local}`
      })
      return `import type { ${words.join(', ')} } from './${file}'\n`
    })
    return `${imports.join('')}\n${parts.join('\n')}`
  }
}

/** File name and text of every package that holds a type. */
export function interfaceFiles(table: Table): Map<string, string> {
  const kinds = new Map(table.kinds.map((kind) => [kind.type, kind]))
  const packages = [...new Set(Object.keys(table.types).map(packageOf))].filter(
    (name) => name.startsWith('k8s.io/') && !hidden.test(name),
  )
  const files = new Map<string, string>()
  for (const goPackage of packages) files.set(fileOf(goPackage), new PackageFile(table, goPackage, kinds).render())
  return files
}
