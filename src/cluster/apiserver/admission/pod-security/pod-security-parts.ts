/** What the checks of the Pod Security Standards look at, and how they name what they object to. Pure. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { listAt, objectAt, textAt } from '../../api-object.ts'

/** A pod, or the pods that a controller makes. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: JsonObject
}

/** What a pod violates: a few words for a list of pods, and who does what. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

/** One check of a level. */
export interface Check {
  /** Checks are told in the order of their names, those of the lower level first. */
  readonly id: string
  /** The minor version of the standards that has it first. */
  readonly since?: number
  /** A check of the lower level that this one has a stricter form of. */
  readonly replaces?: string
  /** @param minor the version of the standards. */
  violation(pod: CheckedPod, minor: number): Violation | undefined
}

export function containersOf({ spec }: CheckedPod): readonly JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => listAt(spec, list))
}

export function securityContextOf(part: unknown): JsonObject {
  return objectAt(part, 'securityContext')
}

/** `containers "a", "b"`. */
export function named(word: string, items: readonly JsonObject[]): string {
  const names = items.map((item) => JSON.stringify(textAt(item, 'name')))
  return `${plural(word, items.length)} ${names.join(', ')}`
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`
}

/** `"a", "b"`: each once, in order. */
export function quotedSet(values: Iterable<string>): string {
  return sorted(values)
    .map((value) => JSON.stringify(value))
    .join(', ')
}

/** Each once, in order. */
export function sorted(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].toSorted()
}

/** The containers that a test finds, as the violation of a rule that they `must` follow. */
export function containersViolate(
  pod: CheckedPod,
  isBad: (container: JsonObject) => boolean,
  { reason, must }: { readonly reason: string; readonly must: string },
): Violation | undefined {
  const found = containersOf(pod).filter(isBad)
  return found.length === 0 ? undefined : { reason, detail: `${named('container', found)} ${must}` }
}

/** Who has something bad in his security context: `pod` and containers, as a phrase for each. */
export function setters(pod: CheckedPod, isBad: (context: JsonObject) => boolean): readonly string[] {
  const found = containersOf(pod).filter((container) => isBad(securityContextOf(container)))
  return [
    ...(isBad(securityContextOf(pod.spec)) ? ['pod'] : []),
    ...(found.length === 0 ? [] : [named('container', found)]),
  ]
}

/** The security contexts of a pod and its containers. */
export function contextsOf(pod: CheckedPod): readonly JsonObject[] {
  return [pod.spec, ...containersOf(pod)].map(securityContextOf)
}

/** Whether root of the pod is nobody on its node: versions since 1.35 allow it more. */
export function isRelaxed({ spec }: CheckedPod, minor: number): boolean {
  return minor >= 35 && spec['hostUsers'] === false
}

const safeSeccomp: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost'])

/** Whether a security context asks for a seccomp profile that no level allows. */
export function hasUnsafeSeccomp(context: JsonObject): boolean {
  return context['seccompProfile'] !== undefined && !safeSeccomp.has(textAt(context, 'seccompProfile', 'type'))
}
