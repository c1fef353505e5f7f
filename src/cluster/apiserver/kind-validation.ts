/** Validation of built-in kinds by the rules of `spec/kubernetes/validation`. */
import { validateCreate, validateUpdate, type ValidationContext } from '#spec/kubernetes/validation/validate.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ObjectValidation } from './object-validation.ts'
import type { ServedResource } from './served-resource.ts'

/** The rules, with a clock for those that ask about now. */
export function createKindValidation(clock: Pick<Clock, 'now'>): ObjectValidation {
  const context = (): ValidationContext => ({ nowMs: clock.now() })
  return {
    create: (resource, object) => (isUnruled(resource) ? [] : validateCreate(resource, object, context())),
    update: (resource, { next, old, subresource }) =>
      isUnruled(resource) ? [] : validateUpdate(resource, next, old, { subresource, context: context() }),
  }
}

/** Custom resources have schemas of their own; API services are named `VERSION.GROUP`, which for the core group is no DNS name. */
function isUnruled({ type, group }: ServedResource): boolean {
  return type === undefined || group === 'apiregistration.k8s.io'
}
