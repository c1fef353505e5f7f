/** Listings with `--format`: named formats, `table …`, `json` and plain templates (docker's formatter.Context). */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { GoRecord } from './go-values.ts'
import { GoRow } from './go-values.ts'
import { createTemplate } from './template.ts'
import { alignColumns } from './tab-writer.ts'

/** A row: Go's field name to its value or method. Methods with arguments are left out of JSON. */
export type Row = Readonly<Record<string, unknown>>

export interface ListingShape {
  /** Go's type of a row, as template errors show it. */
  readonly typeName: string
  /** Column titles by field. */
  readonly headers: Readonly<Record<string, string>>
  /** The template for no format, or for `table`; without the word `table`. */
  readonly table: string
  /** What `-q` prints. */
  readonly quiet?: string
  /** What `raw` prints. */
  readonly raw?: string
  /** Fields that `json` leaves out. */
  readonly hiddenFields?: readonly string[]
}

export interface ListingRequest {
  /** The value of `--format`; empty for the default. */
  readonly format: string
  readonly quiet?: boolean
}

/** The text of a listing, ending in a newline unless nothing is to print. Throws on a broken template. */
export function renderListing(shape: ListingShape, rows: readonly Row[], request: ListingRequest): string {
  const { template, table } = planFormat(shape, request)
  const compiled = createTemplate(template)
  const lines = rows.map((row) => compiled.execute(toRecord(shape, row)))
  if (!table) return lines.map((line) => `${line}\n`).join('')
  const header = compiled.execute(shape.headers, { header: true })
  return alignColumns(`${[header, ...lines].join('\n')}\n`)
}

/** What a format stands for: the template of a row, and whether a header and columns are wanted. */
export function planFormat(
  shape: ListingShape,
  { format, quiet }: ListingRequest,
): { readonly template: string; readonly table: boolean } {
  const plain = format.trim()
  if (quiet === true && shape.quiet !== undefined && (plain === '' || plain === 'table'))
    return { template: shape.quiet, table: false }
  if (plain === '' || plain === 'table') return { template: shape.table, table: true }
  if (plain === 'json') return { template: '{{json .}}', table: false }
  if (plain === 'raw' && shape.raw !== undefined) return { template: shape.raw, table: false }
  const table = /^table(?=\s|\{|\\)/.test(plain)
  const body = table ? plain.slice(5).trim() : plain
  return { template: body.replaceAll('\\t', '\t').replaceAll('\\n', '\n'), table }
}

function toRecord(shape: ListingShape, row: Row): GoRecord {
  const json: Record<string, unknown> = {}
  for (const key of Object.keys(row).toSorted()) {
    if (typeof row[key] !== 'function' && shape.hiddenFields?.includes(key) !== true) json[key] = row[key]
  }
  return new GoRow(shape.typeName, new Map(Object.entries(row)), json)
}

/** Runs a listing's template errors through the client's prefix (`template parsing error: …`). */
export function templateFailure(error: unknown): unknown {
  if (!(error instanceof GantryError) || error.code !== 'CLI_TEMPLATE_FAILED') return error
  return new GantryError(error.code, error.kind, `template parsing error: ${error.message}`, { cause: error })
}
