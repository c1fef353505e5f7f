/** Options of writes that are wrong in themselves: dry run, field validation, the manager's name. */
import type { ApiRequest } from './api-request.ts'
import { type Cause, invalid } from './status-errors.ts'

const managerLengthMax = 128
const kinds: Readonly<Record<string, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
}

/** Refuses options that no write understands. @throws 422. */
export function checkWriteOptions(request: Pick<ApiRequest, 'verb' | 'query'>): void {
  const kind = kinds[request.verb]
  if (kind === undefined) return
  const causes: Cause[] = []
  const dryRun = request.query('dryRun')
  const validation = request.query('fieldValidation')
  const manager = request.query('fieldManager') ?? ''
  if (dryRun !== undefined && dryRun !== '' && dryRun !== 'All') {
    const message = `Unsupported value: ${JSON.stringify([dryRun])}: supported values: "All"`
    causes.push({ reason: 'FieldValueNotSupported', message, field: 'dryRun' })
  }
  if (validation !== undefined && !['', 'Ignore', 'Warn', 'Strict'].includes(validation)) {
    const message = `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`
    causes.push({ reason: 'FieldValueNotSupported', message, field: 'fieldValidation' })
  }
  if (manager.length > managerLengthMax) {
    const message = `Too long: may not be more than ${managerLengthMax} bytes`
    causes.push({ reason: 'FieldValueTooLong', message, field: 'fieldManager' })
  }
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', resource: kind, name: '' }, causes)
}
