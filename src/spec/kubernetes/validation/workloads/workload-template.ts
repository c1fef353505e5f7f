/** What templates of workloads have in common: a selector that matches, and pods that run for ever. */
import type { PodTemplateSpec } from '../../objects/core-v1.generated.ts'
import type { LabelSelector } from '../../objects/objects.ts'
import { immutableText } from '../checks.ts'
import { forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { isEmptySelector, selectorMatches, validateLabelSelector } from '../labels.ts'
import { onlyRestartAlways } from '../pods/containers.ts'
import { selectorMismatch, templateSpec, validatePodTemplate } from '../pods/pod-template.ts'
import { sameValue } from '../same-value.ts'

/** A selector that must be there and name something; `kind` is what upstream calls the workload. */
export function requiredSelector(at: Path, selector: LabelSelector | undefined, kind: string): FieldError[] {
  if (selector === undefined) return [required(at)]
  const errors = validateLabelSelector(at, selector)
  if (!isEmptySelector(selector)) return errors
  return [...errors, invalid(at, selector, `empty selector is invalid for ${kind}`)]
}

/** A selector that may not change. */
export function frozenSelector(
  at: Path,
  selector: LabelSelector | undefined,
  old: LabelSelector | undefined,
): FieldError[] {
  return sameValue(selector, old) ? [] : [invalid(at, selector ?? null, immutableText)]
}

/** Pods of a controller that replaces them: they restart always and have no deadline. */
export function runsForEver(at: Path, template: PodTemplateSpec | undefined, kind: string): FieldError[] {
  const spec = templateSpec(template)
  const specAt = at.child('spec')
  const text = `activeDeadlineSeconds in ${kind} is not Supported`
  return [
    ...onlyRestartAlways(specAt.child('restartPolicy'), spec.restartPolicy),
    ...(spec.activeDeadlineSeconds === undefined ? [] : [forbidden(specAt.child('activeDeadlineSeconds'), text)]),
  ]
}

/** The template of a replica set or deployment with its selector. */
export function replicatedTemplate(
  at: Path,
  spec: { readonly selector?: LabelSelector; readonly template?: PodTemplateSpec },
): FieldError[] {
  const { selector, template } = spec
  const matches = selectorMatches(selector, template?.metadata?.labels)
  if (matches === undefined) return [invalid(at.child('selector'), selector ?? null, 'invalid label selector')]
  const templateAt = at.child('template')
  return [
    ...selectorMismatch(templateAt, template, matches),
    ...validatePodTemplate(templateAt, template),
    ...runsForEver(templateAt, template, 'ReplicaSet'),
  ]
}
