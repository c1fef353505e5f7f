/** What the checks of a pod spec depend on besides the spec itself. */
import type { Container, EphemeralContainer, PodSpec } from '../../objects/core-v1.generated.ts'
import { each, joined } from '../checks.ts'
import type { FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'

export interface PodOptions {
  /** A pod, not a template of one: some rules only hold for real pods. */
  readonly isPod: boolean
  readonly allowPrivileged: boolean
  /** The stored spec already has selector values that are no label values; they may stay. */
  readonly allowInvalidSelectorValues: boolean
  readonly allowInvalidNodeAffinityValues: boolean
  readonly allowIndivisibleHugePages: boolean
  readonly allowInvalidDeletionCost: boolean
  /** The stored pod has user namespaces and block devices together. */
  readonly allowDevicesWithUserNamespace: boolean
}

/** The rules for new pods and templates. */
export function podOptions(isPod: boolean, allowPrivileged: boolean = true): PodOptions {
  return {
    isPod,
    allowPrivileged,
    allowInvalidSelectorValues: false,
    allowInvalidNodeAffinityValues: false,
    allowIndivisibleHugePages: false,
    allowInvalidDeletionCost: false,
    allowDevicesWithUserNamespace: false,
  }
}

/** A container of any sort: ephemeral ones lack some members. */
export type AnyContainer = Container | (EphemeralContainer & Partial<Container>)

/** Calls `check` for init, app and ephemeral containers in this order, each with its path. */
export function eachContainer(
  spec: PodSpec,
  at: Path,
  check: (container: AnyContainer, at: Path) => readonly FieldError[],
): FieldError[] {
  const ephemeral = spec.ephemeralContainers as readonly AnyContainer[] | undefined
  return joined(
    each(at.child('initContainers'), spec.initContainers, check),
    each(at.child('containers'), spec.containers, check),
    each(at.child('ephemeralContainers'), ephemeral, check),
  )
}

/** Whether the pod shares the host's user namespace, as pods do unless they say otherwise. */
export function usesHostUsers(spec: PodSpec): boolean {
  return spec.hostUsers !== false
}
