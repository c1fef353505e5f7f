/** Templates of pods inside workloads. */
import type { PodTemplateSpec } from '../../objects/core-v1.generated.ts'
import { joined } from '../checks.ts'
import { forbidden, invalid, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { validateAnnotations, validateLabels } from '../labels.ts'
import { validatePodAnnotations, validateProfileAgreement } from './pod-annotations.ts'
import { podOptions, type PodOptions } from './pod-options.ts'
import { validatePodSpec } from './pod-spec.ts'
import type { PodSpec } from '../../objects/core-v1.generated.ts'

const emptySpec = {} as PodSpec

/** The spec of a template, empty where there is none. */
export function templateSpec(template: PodTemplateSpec | undefined): PodSpec {
  return template?.spec ?? emptySpec
}

/** A template of pods. */
export function validatePodTemplate(
  at: Path,
  template: PodTemplateSpec | undefined,
  options: PodOptions = podOptions(false),
): FieldError[] {
  const spec = templateSpec(template)
  const meta = template?.metadata
  const annotationsAt = at.child('annotations')
  const specAt = at.child('spec')
  const ephemeral = (spec.ephemeralContainers ?? []).length > 0
  return joined(
    validateLabels(at.child('labels'), meta?.labels),
    validateAnnotations(annotationsAt, meta?.annotations),
    validatePodAnnotations(annotationsAt, meta?.annotations, { spec, options }),
    validatePodSpec(specAt, spec, { options }),
    validateProfileAgreement(specAt, meta, spec),
    ephemeral
      ? [forbidden(specAt.child('ephemeralContainers'), 'ephemeral containers not allowed in pod template')]
      : [],
  )
}

/** Labels of a template that its workload's selector does not match. */
export function selectorMismatch(
  at: Path,
  template: PodTemplateSpec | undefined,
  isMatch: boolean | undefined,
): FieldError[] {
  if (isMatch !== false) return []
  const labels = template?.metadata?.labels ?? null
  return [invalid(at.child('metadata', 'labels'), labels, '`selector` does not match template `labels`')]
}
