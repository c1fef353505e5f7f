/** Conflicts of an apply: who owns what the configuration wants to change. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { type FieldSet } from './field-set.ts'
import type { Manager } from './managers.ts'
import { printPaths } from './path-element.ts'

export interface Conflict {
  readonly owner: Manager
  readonly fields: FieldSet
}

function printOwner({ manager, subresource, operation, apiVersion, time }: Manager): string {
  const name = JSON.stringify(manager) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`)
  if (operation === 'Apply') return name
  return time === undefined ? `${name} using ${apiVersion}` : `${name} using ${apiVersion} at ${time}`
}

/**
 * The 409 of a refused apply; `details.causes` are the Status causes (one per field). Times are left out of owners, as the
 * server does.
 */
export function applyConflict(conflicts: readonly Conflict[]): GantryError {
  const groups = conflicts
    .map(({ owner, fields }) => ({ owner: printOwner({ ...owner, time: undefined }), paths: printPaths(fields) }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1))
  const causes = groups.flatMap(({ owner, paths }) =>
    paths.map((path) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field: path })),
  )
  const [only] = causes
  const message =
    causes.length === 1 && only !== undefined
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${groups.map(({ owner, paths }) => [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)].join('\n')).join('\n')}`
  return new GantryError('KUBERNETES_APPLY_CONFLICT', 'conflict', message, {
    details: { causes },
    remedy: 'Take the fields out of the configuration, or apply with force to take them over.',
  })
}
