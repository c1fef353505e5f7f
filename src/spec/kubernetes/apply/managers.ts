/** `metadata.managedFields` as a map of managers, and back in upstream's order. */
import { type FieldSet, isEmptySet, unionSets } from './field-set.ts'
import { sortedSet } from './path-element.ts'

/** One manager's share. Several entries may carry one name: operation, version and subresource tell them apart. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  /** RFC 3339, seconds. */
  readonly time: string | undefined
  readonly fields: FieldSet
}

/** Managers by identity; an applier keeps its identity when it changes versions. */
export type Managers = ReadonlyMap<string, Manager>

/** What tells managers apart. */
export function managerIdentity({
  manager,
  operation,
  apiVersion,
  subresource,
}: Omit<Manager, 'fields' | 'time'>): string {
  const version = operation === 'Apply' ? '' : apiVersion
  // Lengths tell where the parts end, which may be any text.
  return `${operation} ${manager.length} ${manager} ${version.length} ${version} ${subresource}`
}

function readEntry(entry: unknown, index: number): Manager | string {
  const { manager, operation, apiVersion, subresource, time, fieldsType, fieldsV1 } = entry as Readonly<
    Record<string, unknown>
  >
  if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`'
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'apiVersion must not be empty'
  if (fieldsType === undefined || fieldsType === '') return `missing fieldsType in managed fields entry ${index}`
  if (fieldsType !== 'FieldsV1')
    return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`
  const fields = typeof fieldsV1 === 'object' && fieldsV1 !== null ? (fieldsV1 as FieldSet) : {}
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    manager: text(manager),
    operation,
    apiVersion,
    subresource: text(subresource),
    time: typeof time === 'string' ? time : undefined,
    fields,
  }
}

/** Reads the entries; a string names what is wrong with them, as validation words it. */
export function readManagers(entries: unknown): Managers | string {
  const managers = new Map<string, Manager>()
  for (const [i, entry] of (Array.isArray(entries) ? (entries as readonly unknown[]) : []).entries()) {
    const read = typeof entry === 'object' && entry !== null ? readEntry(entry, i) : 'entry must be an object'
    if (typeof read === 'string') return read
    managers.set(managerIdentity(read), read)
  }
  return managers
}

const text = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

/** Entries order by operation, time, name, version, subresource. */
function compareManagers(a: Manager, b: Manager): number {
  return (
    text(a.operation, b.operation) ||
    text(a.time ?? '', b.time ?? '') ||
    text(a.manager, b.manager) ||
    text(a.apiVersion, b.apiVersion) ||
    text(a.subresource, b.subresource)
  )
}

/** The entries of `metadata.managedFields`, members in upstream's order. */
export function writeManagers(managers: Managers): readonly Record<string, unknown>[] {
  return [...managers.values()].sort(compareManagers).map(writeEntry)
}

function writeEntry({ manager, operation, apiVersion, subresource, time, fields }: Manager): Record<string, unknown> {
  const entry: Record<string, unknown> = {}
  if (manager !== '') entry['manager'] = manager
  entry['operation'] = operation
  entry['apiVersion'] = apiVersion
  if (time !== undefined) entry['time'] = time
  entry['fieldsType'] = 'FieldsV1'
  entry['fieldsV1'] = sortedSet(fields)
  if (subresource !== '') entry['subresource'] = subresource
  return entry
}

/** A copy with one manager replaced, or dropped when it owns nothing. */
export function withManager(managers: Managers, manager: Manager): Map<string, Manager> {
  const out = new Map(managers)
  if (isEmptySet(manager.fields)) out.delete(managerIdentity(manager))
  else out.set(managerIdentity(manager), manager)
  return out
}

/** Upstream folds the oldest update entries into one once there are more than this many. */
export const updateManagersMax = 10
const bucketName = 'ancient-changes'

/** Folds the oldest entries of ordinary updates together, per version, until no more than the cap are left. */
export function capManagers(managers: Managers): Managers {
  const updaters = [...managers.values()].filter((entry) => entry.operation === 'Update').sort(compareManagers)
  let excess = updaters.length - updateManagersMax
  if (excess <= 0) return managers
  const out = new Map(managers)
  const firsts = new Map<string, Manager>()
  for (const entry of updaters) {
    if (excess <= 0) break
    const first = firsts.get(entry.apiVersion)
    if (first === undefined) {
      firsts.set(entry.apiVersion, entry)
      continue
    }
    const bucket: Manager = { ...entry, manager: bucketName, subresource: '', fields: {} }
    const known = out.get(managerIdentity(bucket))
    if (known === undefined) out.delete(managerIdentity(first))
    out.delete(managerIdentity(entry))
    out.set(managerIdentity(bucket), { ...bucket, fields: unionSets(entry.fields, known?.fields ?? first.fields) })
    excess--
  }
  return out
}
