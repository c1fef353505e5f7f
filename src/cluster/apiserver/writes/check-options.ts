/** Options of writes that are wrong in themselves: dry run, field validation, the manager's name, what a deletion does. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { validateFieldManager } from '#spec/kubernetes/validation/metadata.ts'
import type { ApiRequest } from '../api-request.ts'
import { type Cause, invalid } from '../status-errors.ts'

const kinds: Readonly<Record<string, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
}

function unsupported(field: string, value: unknown, supported: readonly string[]): Cause {
  const list = supported.map((one) => JSON.stringify(one)).join(', ')
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`
  return { reason: 'FieldValueNotSupported', message, field }
}

/** Refuses options that no write understands. @throws 422. */
export function checkWriteOptions(request: Pick<ApiRequest, 'verb' | 'query'>): void {
  const kind = kinds[request.verb]
  if (kind === undefined) return
  const dryRun = request.query('dryRun')
  const validation = request.query('fieldValidation')
  const isValidation = validation === undefined || ['', 'Ignore', 'Warn', 'Strict'].includes(validation)
  const causes: readonly Cause[] = [
    ...(kind === 'DeleteOptions'
      ? []
      : validateFieldManager(path('fieldManager'), request.query('fieldManager') ?? '')),
    ...(dryRun === undefined || dryRun === 'All' ? [] : [unsupported('dryRun', [dryRun], ['All'])]),
    ...(isValidation ? [] : [unsupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn'])]),
  ]
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', resource: kind, name: '' }, causes)
}

const policies = ['Foreground', 'Background', 'Orphan']

/** What a deletion asks to become of dependents, in the new way or the old one but not both, and whether it is a dry run. @throws 422. */
export function checkDeleteOptions({ propagationPolicy: policy, orphanDependents: orphan, dryRun }: JsonObject): void {
  const field = 'propagationPolicy'
  const both = 'orphanDependents and deletionPropagation cannot be both set'
  const isDryRun = !Array.isArray(dryRun) || dryRun.every((one) => one === 'All')
  const causes: readonly Cause[] = [
    ...(policy === undefined || orphan === undefined
      ? []
      : [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(policy)}: ${both}`, field }]),
    ...(policy === undefined || policies.some((one) => one === policy)
      ? []
      : [unsupported(field, policy, [...policies, 'nil'])]),
    ...(isDryRun ? [] : [unsupported('dryRun', dryRun, ['All'])]),
  ]
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', resource: 'DeleteOptions', name: '' }, causes)
}
