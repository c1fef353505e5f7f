/** Counters in the status of workloads: not below zero, parts not above the whole. */
import { nonNegative } from '../checks.ts'
import { invalid, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'

type Counts = Readonly<Record<string, unknown>>

function countOf(status: Counts, name: string): number {
  const value = status[name]
  return typeof value === 'number' ? value : 0
}

/** An error for each counter below zero. */
export function nonNegativeCounts(at: Path, status: object | undefined, names: readonly string[]): FieldError[] {
  const counts = (status ?? {}) as Counts
  return names.flatMap((name) => nonNegative(at.child(name), countOf(counts, name)))
}

/** `parts` may not be above `replicas`, nor available ones above ready ones. */
export function replicaParts(
  at: Path,
  status: object | undefined,
  rules: { readonly parts: readonly string[]; readonly readyText?: string },
): FieldError[] {
  const counts = (status ?? {}) as Counts
  const replicas = countOf(counts, 'replicas')
  const errors = rules.parts
    .filter((name) => countOf(counts, name) > replicas)
    .map((name) => invalid(at.child(name), countOf(counts, name), 'cannot be greater than status.replicas'))
  const available = countOf(counts, 'availableReplicas')
  if (available <= countOf(counts, 'readyReplicas')) return errors
  const text = rules.readyText ?? 'cannot be greater than readyReplicas'
  return [...errors, invalid(at.child('availableReplicas'), available, text)]
}

interface Collisions {
  readonly collisionCount?: number
}

/** The count of hash collisions never falls. */
export function collisionsNotLower(
  at: Path,
  status: Collisions | undefined,
  old: Collisions | undefined,
): FieldError[] {
  const before = old?.collisionCount
  const now = status?.collisionCount
  if (before === undefined || (now !== undefined && now >= before)) return []
  return [invalid(at.child('collisionCount'), now ?? 0, 'cannot be decremented')]
}
