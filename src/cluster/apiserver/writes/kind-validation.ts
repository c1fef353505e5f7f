/** Validation of built-in kinds by the rules of `spec/kubernetes/validation`. */
import { validateCreate, validateUpdate, type ValidationContext } from '#spec/kubernetes/validation/validate.ts'
import { createWarnings, updateWarnings } from '#spec/kubernetes/warnings/warnings.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ObjectValidation } from './object-validation.ts'
import type { CustomVerdict, ServedResource } from '../served-resource.ts'
import type { Cause } from '../status-errors.ts'

/** The rules, with a clock for those that ask about now. */
export function createKindValidation(clock: Pick<Clock, 'now'>): ObjectValidation {
  const context = (): ValidationContext => ({ nowMs: clock.now() })
  return {
    create: (resource, object, warn) => {
      if (resource.custom !== undefined) return told(resource.custom.checkCreate(object), warn)
      if (isUnruled(resource)) return []
      const causes = validateCreate(resource, object, context())
      if (causes.length > 0) return causes
      const warnings = [
        ...createWarnings(resource, object),
        ...(resource.strategy.warningsOf?.(object, undefined) ?? []),
      ]
      return told({ causes, warnings }, warn)
    },
    update: (resource, { next, old, subresource }, warn) => {
      if (resource.custom !== undefined) return told(resource.custom.checkUpdate(next, old, subresource), warn)
      if (isUnruled(resource)) return []
      const causes = validateUpdate(resource, next, old, { subresource, context: context() })
      if (causes.length > 0) return causes
      const own = subresource === '' ? resource.strategy.warningsOf?.(next, old) : undefined
      const warnings = [...updateWarnings(resource, { object: next, old, subresource }), ...(own ?? [])]
      return told({ causes, warnings }, warn)
    },
  }
}

/** What is refused comes without the warnings that it would have been let in with. */
function told({ causes, warnings }: CustomVerdict, warn: (text: string) => void): readonly Cause[] {
  if (causes.length === 0) for (const text of warnings) warn(text)
  return causes
}

/** Custom resources have schemas of their own. */
function isUnruled({ type }: ServedResource): boolean {
  return type === undefined
}
