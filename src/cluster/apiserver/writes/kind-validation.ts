/** Validation of built-in kinds by the rules of `spec/kubernetes/validation`. */
import { validateCreate, validateUpdate, type ValidationContext } from '#spec/kubernetes/validation/validate.ts'
import { createWarnings, updateWarnings } from '#spec/kubernetes/warnings/warnings.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ObjectValidation } from './object-validation.ts'
import type { ServedResource } from '../served-resource.ts'
import type { CustomVerdict } from '../resource-versions.ts'
import type { Cause } from '../status-errors.ts'

/** The rules, with a clock for those that ask about now. */
export function createKindValidation(clock: Pick<Clock, 'now'>): ObjectValidation {
  const context = (): ValidationContext => ({ nowMs: clock.now() })
  return {
    create: (resource, object, warn) => {
      const verdict =
        resource.custom?.checkCreate(object) ?? judged(resource, () => validateCreate(resource, object, context()))
      return told(verdict, warn, () => [
        ...(isRuled(resource) ? createWarnings(resource, object) : []),
        ...(resource.strategy.warningsOf?.(object, undefined) ?? []),
      ])
    },
    update: (resource, { next, old, subresource }, warn) => {
      const verdict =
        resource.custom?.checkUpdate(next, old, subresource) ??
        judged(resource, () => validateUpdate(resource, next, old, { subresource, context: context() }))
      return told(verdict, warn, () => [
        ...(isRuled(resource) ? updateWarnings(resource, { object: next, old, subresource }) : []),
        ...((subresource === '' ? resource.strategy.warningsOf?.(next, old) : undefined) ?? []),
      ])
    },
  }
}

function judged(resource: ServedResource, validate: () => readonly Cause[]): CustomVerdict {
  return { causes: isRuled(resource) ? validate() : [], warnings: [] }
}

/** What is refused comes without the warnings that it would have been let in with. */
function told(
  { causes, warnings }: CustomVerdict,
  warn: (text: string) => void,
  more: () => readonly string[],
): readonly Cause[] {
  if (causes.length === 0) for (const text of [...warnings, ...more()]) warn(text)
  return causes
}

/** Custom resources have schemas of their own. */
function isRuled({ type }: ServedResource): boolean {
  return type !== undefined
}
