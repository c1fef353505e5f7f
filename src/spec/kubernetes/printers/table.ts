/**
 * Server-side tables: which columns a kind has, and the row of an object. The API server wraps rows into a
 * `meta.k8s.io/v1` Table with the object, its metadata or nothing beside the cells.
 */
import { corePrinters } from './core-printers.ts'
import { age, at, type Cell, type Column, columns, type Json, nameOf, type Printer, secondsOf, text } from './cells.ts'
import { findJsonPath, type JsonPath, parseJsonPath } from './json-path.ts'
import { completedReason, podPrinter } from './pod-printer.ts'
import { policyPrinters } from './policy-printers.ts'
import { workloadPrinters } from './workload-printers.ts'

const printers: Readonly<Record<string, Printer>> = {
  '/Pod': podPrinter,
  ...corePrinters,
  ...workloadPrinters,
  ...policyPrinters,
}

/** Kinds without columns of their own. */
const defaultPrinter: Printer = {
  columns: columns('Name!|Created At@'),
  cells: (object) => [nameOf(object), text(at(object, 'metadata', 'creationTimestamp'), '<unknown>')],
}

/** Columns and cells of a built-in kind. */
export function printerOf(group: string, kind: string): Printer {
  return printers[`${group}/${kind}`] ?? defaultPrinter
}

/** The conditions of a row: pods that have ended are marked as such. */
export function rowConditions(group: string, kind: string, object: Json): readonly Json[] | undefined {
  const reason = group === '' && kind === 'Pod' ? completedReason(object) : undefined
  if (reason === undefined) return undefined
  return [
    {
      type: 'Completed',
      status: 'True',
      reason,
      message: `The pod has completed ${reason === 'Failed' ? 'unsuccessfully' : 'successfully'}.`,
    },
  ]
}

/** One of a custom resource's `additionalPrinterColumns`. */
export interface CustomColumn {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly jsonPath: string
}

const ageColumn: CustomColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

function customCell(column: CustomColumn, path: JsonPath, { object, now }: { object: Json; now: number }): Cell {
  const [value] = findJsonPath(object, path)
  if (value === undefined || value === null) return null
  if (column.type === 'string') return typeof value === 'object' ? JSON.stringify(value) : text(value)
  if (column.type === 'date')
    return typeof value !== 'string' ? null : secondsOf(value) === undefined ? '<invalid>' : age(value, now)
  if (column.type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null
  return typeof value === column.type ? (value as number | boolean) : null
}

/** Columns and cells of a custom resource's version. Throws `KUBERNETES_JSON_PATH` for a path that cannot be read. */
export function customPrinter(additional: readonly CustomColumn[] | undefined): Printer {
  const own = additional === undefined || additional.length === 0 ? [ageColumn] : additional
  const paths = own.map((column) => parseJsonPath(column.jsonPath))
  const described = own.map(({ name, type, format = '', description = '', priority = 0 }): Column => ({
    name,
    type,
    format,
    description,
    priority,
  }))
  return {
    columns: [...columns('Name!'), ...described],
    cells: (object, now) => [
      nameOf(object),
      ...own.map((column, i) => customCell(column, paths[i] ?? { steps: [] }, { object, now })),
    ],
  }
}
