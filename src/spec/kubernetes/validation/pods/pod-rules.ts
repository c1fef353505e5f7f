/** Pods and pod templates, on create, update and at their subresources. */
import type { Pod, PodTemplate } from '../../objects/core-v1.generated.ts'
import { forbidden, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { kindRules, type AnyKindRules, type UpdateInput, type ValidationContext } from '../kind-rules.ts'
import { hasInvalidSelectorValue } from '../labels.ts'
import { hasInvalidNodeValue } from './affinity.ts'
import { validateImageBlanks } from './containers.ts'
import {
  hasInvalidDeletionCost,
  validateFrozenAnnotations,
  validatePodAnnotations,
  validateProfileAgreement,
} from './pod-annotations.ts'
import { podOptions, type PodOptions } from './pod-options.ts'
import { validatePodResize } from './pod-resize.ts'
import { validatePodSpec } from './pod-spec.ts'
import { validatePodStatus } from './pod-status.ts'
import { validatePodTemplate } from './pod-template.ts'
import { validateEphemeralUpdate, validatePodSpecUpdate } from './pod-update.ts'
import { each, joined } from '../checks.ts'

const specPath = path('spec')
const annotationsPath = path('metadata', 'annotations')

function selectorsOf(pod: Pod): readonly Parameters<typeof hasInvalidSelectorValue>[0][] {
  const terms = [pod.spec.affinity?.podAffinity, pod.spec.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  const spread = (pod.spec.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector)
  return [...terms.flatMap((term) => [term.labelSelector, term.namespaceSelector]), ...spread]
}

function optionsFor(context: ValidationContext, old?: Pod): PodOptions {
  const options = podOptions(true, context.allowPrivileged ?? true)
  if (old === undefined) return options
  const nodes = old.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return {
    ...options,
    allowInvalidSelectorValues: selectorsOf(old).some(hasInvalidSelectorValue),
    allowInvalidNodeAffinityValues: hasInvalidNodeValue(nodes),
    allowIndivisibleHugePages: true,
    allowInvalidDeletionCost: hasInvalidDeletionCost(old.metadata.annotations),
    allowDevicesWithUserNamespace: true,
  }
}

function validatePod(pod: Pod, options: PodOptions): FieldError[] {
  const { spec, metadata: meta } = pod
  const noAccount = (spec.serviceAccountName ?? '') === ''
  const tokens = each(specPath.child('volumes'), noAccount ? spec.volumes : [], (volume, volumeAt) =>
    each(volumeAt.child('projected', 'sources'), volume.projected?.sources, (source, sourceAt) => {
      const text = 'must not be specified when serviceAccountName is not set'
      return source.serviceAccountToken === undefined ? [] : [forbidden(sourceAt.child('serviceAccountToken'), text)]
    }),
  )
  return joined(
    validatePodAnnotations(annotationsPath, meta.annotations, { spec, options }),
    validatePodSpec(specPath, spec, { options, meta }),
    tokens,
    each(specPath.child('containers'), spec.containers, (container, at) => validateImageBlanks(at, container)),
    each(specPath.child('initContainers'), spec.initContainers, (container, at) => validateImageBlanks(at, container)),
  )
}

function createPod(pod: Pod, context: ValidationContext): FieldError[] {
  const { spec } = pod
  const errors = validatePod(pod, optionsFor(context))
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'))
  }
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    const text = 'cannot be set until all schedulingGates have been cleared'
    errors.push(forbidden(specPath.child('nodeName'), text))
  }
  return joined(errors, validateProfileAgreement(specPath, pod.metadata, spec))
}

function updatePod({ object: pod, old, context }: UpdateInput<Pod>): FieldError[] {
  return joined(
    validatePod(pod, optionsFor(context, old)),
    validateFrozenAnnotations(annotationsPath, pod, old),
    validatePodSpecUpdate(pod.spec, old.spec),
  )
}

function updateEphemeral({ object: pod, old, context }: UpdateInput<Pod>): FieldError[] {
  return joined(
    validatePod(pod, optionsFor(context, old)),
    validateFrozenAnnotations(annotationsPath, pod, old),
    validateEphemeralUpdate(pod, old),
  )
}

function updateStatus({ object: pod, old, context }: UpdateInput<Pod>): FieldError[] {
  const annotations = { spec: pod.spec, options: optionsFor(context, old) }
  return joined(
    validateFrozenAnnotations(annotationsPath, pod, old),
    validatePodAnnotations(annotationsPath, pod.metadata.annotations, annotations),
    validatePodStatus(pod, old),
  )
}

/** The rules of pods. */
export const podRules: AnyKindRules = kindRules<Pod>({
  name: dnsSubdomain,
  create: createPod,
  update: updatePod,
  status: updateStatus,
  subresources: {
    ephemeralcontainers: updateEphemeral,
    resize: ({ object, old, context }) =>
      joined(validatePod(object, optionsFor(context, old)), validatePodResize(object, old)),
  },
})

/** The rules of pod templates. */
export const podTemplateRules: AnyKindRules = kindRules<PodTemplate>({
  name: dnsSubdomain,
  create: (object) => validatePodTemplate(path('template'), object.template),
  update: ({ object }) => validatePodTemplate(path('template'), object.template),
})
