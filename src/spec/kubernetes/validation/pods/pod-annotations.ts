/** Annotations of pods that once were fields: mirror pods, deletion cost, seccomp and AppArmor profiles. */
import { goQuote } from '#base/data/go-quote.ts'
import { appArmorKey, isAppArmorText } from '../../pods/app-armor.ts'
import type { AppArmorProfile, Pod, PodSpec, SeccompProfile } from '../../objects/core-v1.generated.ts'
import type { ObjectMeta } from '../../objects/objects.ts'
import { joined } from '../checks.ts'
import { forbidden, invalid, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { localPath } from '../format-errors.ts'
import { eachContainer, type PodOptions } from './pod-options.ts'

type Texts = Readonly<Record<string, string>>

/** Marks pods that mirror a static pod of a node. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror'
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'

function isDeletionCost(text: string): boolean {
  if (!/^(?:0|-?[1-9]\d*)$/.test(text)) return false
  const cost = Number(text)
  return cost >= -2147483648 && cost <= 2147483647
}

function seccompErrors(at: Path, profile: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return []
  if (profile.startsWith('localhost/')) return localPath(at, profile.slice('localhost/'.length))
  return [invalid(at, profile, 'must be a valid seccomp profile')]
}

function hasContainer(spec: PodSpec, name: string): boolean {
  let found = false
  eachContainer(spec, path('spec'), (container) => {
    found ||= container.name === name
    return []
  })
  return found
}

function appArmorErrors(at: Path, annotations: Texts, spec: PodSpec): FieldError[] {
  return Object.entries(annotations).flatMap(([key, profile]) => {
    if (!key.startsWith(appArmorKey)) return []
    const name = key.slice(appArmorKey.length)
    const errors = hasContainer(spec, name) ? [] : [invalid(at.key(key), name, 'container not found')]
    if (isAppArmorText(profile)) return errors
    return [...errors, invalid(at.key(key), profile, `invalid AppArmor profile name: ${goQuote(profile)}`)]
  })
}

/** Annotations of a pod or of a template. */
export function validatePodAnnotations(
  at: Path,
  annotations: Texts = {},
  of: { readonly spec: PodSpec; readonly options: PodOptions },
): FieldError[] {
  const errors: FieldError[] = []
  const mirror = annotations[mirrorAnnotation]
  if (mirror !== undefined && (of.spec.nodeName ?? '') === '') {
    errors.push(invalid(at.key(mirrorAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set'))
  }
  const cost = annotations[costAnnotation]
  if (cost !== undefined && !of.options.allowInvalidDeletionCost && !isDeletionCost(cost)) {
    errors.push(invalid(at.key(costAnnotation), cost, 'must be a 32bit integer'))
  }
  const pod = annotations[seccompPod]
  if (pod !== undefined) errors.push(...seccompErrors(at.child(seccompPod), pod))
  for (const [key, profile] of Object.entries(annotations)) {
    if (key.startsWith(seccompContainer)) errors.push(...seccompErrors(at.child(key), profile))
  }
  return joined(errors, appArmorErrors(at, annotations, of.spec))
}

/** True when the annotation already breaks the rule for deletion costs. */
export function hasInvalidDeletionCost(annotations: Texts | undefined): boolean {
  const cost = annotations?.[costAnnotation]
  return cost !== undefined && !isDeletionCost(cost)
}

const seccompValues: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default', 'docker/default'],
}

function seccompMismatch(at: Path, annotation: string, profile: SeccompProfile): FieldError[] {
  const text = 'seccomp type in annotation and field must match'
  if (profile.type !== 'Localhost') {
    const allowed = seccompValues[profile.type]
    return allowed === undefined || allowed.includes(annotation) ? [] : [forbidden(at.child('type'), text)]
  }
  if (!annotation.startsWith('localhost/')) return [forbidden(at.child('type'), text)]
  if (annotation.slice('localhost/'.length) === profile.localhostProfile) return []
  return [forbidden(at.child('localhostProfile'), 'seccomp profile in annotation and field must match')]
}

function appArmorMismatch(at: Path, annotation: string, profile: AppArmorProfile): FieldError[] {
  const text = 'apparmor type in annotation and field must match'
  const plain: Readonly<Record<string, string>> = { Unconfined: 'unconfined', RuntimeDefault: 'runtime/default' }
  if (profile.type !== 'Localhost') {
    const wanted = plain[profile.type]
    return wanted === undefined || wanted === annotation ? [] : [forbidden(at.child('type'), text)]
  }
  if (!annotation.startsWith('localhost/')) return [forbidden(at.child('type'), text)]
  if (annotation.slice('localhost/'.length) === profile.localhostProfile) return []
  return [forbidden(at.child('localhostProfile'), 'apparmor profile in annotation and field must match')]
}

/** Profiles that are given both as annotation and as field must agree, on create and in templates. */
export function validateProfileAgreement(at: Path, meta: ObjectMeta | undefined, spec: PodSpec): FieldError[] {
  const annotations = meta?.annotations ?? {}
  const { seccompProfile, appArmorProfile } = spec.securityContext ?? {}
  const pod = annotations[seccompPod]
  const errors =
    seccompProfile === undefined || pod === undefined
      ? []
      : seccompMismatch(at.child('securityContext', 'seccompProfile'), pod, seccompProfile)
  const seccomp = eachContainer(spec, at, (container, containerAt) => {
    const annotation = annotations[seccompContainer + container.name]
    const profile = container.securityContext?.seccompProfile
    if (annotation === undefined || profile === undefined) return []
    return seccompMismatch(containerAt.child('securityContext', 'seccompProfile'), annotation, profile)
  })
  if (spec.os?.name === 'windows') return joined(errors, seccomp)
  const appArmor = eachContainer(spec, at, (container, containerAt) => {
    const annotation = annotations[appArmorKey + container.name]
    const profile = container.securityContext?.appArmorProfile ?? appArmorProfile
    if (annotation === undefined || profile === undefined) return []
    return appArmorMismatch(containerAt.child('securityContext', 'appArmorProfile'), annotation, profile)
  })
  return joined(errors, seccomp, appArmor)
}

/** Annotations that may not be added, changed or removed once the pod exists. */
export function validateFrozenAnnotations(at: Path, pod: Pod, old: Pod): FieldError[] {
  const now = pod.metadata.annotations ?? {}
  const before = old.metadata.annotations ?? {}
  const changed = Object.keys(before).filter((key) => now[key] !== before[key])
  const added = Object.keys(now).filter((key) => before[key] === undefined)
  const errors = (key: string, verb: string): FieldError[] => {
    if (key.startsWith(appArmorKey)) return [forbidden(at.key(key), `may not ${verb} AppArmor annotations`)]
    return key === mirrorAnnotation ? [forbidden(at.key(key), `may not ${verb} mirror pod annotation`)] : []
  }
  return joined(
    changed.flatMap((key) => errors(key, 'remove or update')),
    added.flatMap((key) => errors(key, 'add')),
  )
}
