/** What a pod violates of a level of the Pod Security Standards, as of a version of them. Pure. */
import { baselineChecks } from './pod-security-baseline.ts'
import type { Check, CheckedPod, Violation } from './pod-security-parts.ts'
import type { LevelVersion } from './pod-security-policy.ts'
import { restrictedChecks } from './pod-security-restricted.ts'

/** All that a pod violates, in upstream's order. */
export function violationsOf({ level, version }: LevelVersion, pod: CheckedPod): readonly Violation[] {
  const minor = version === 'latest' ? Infinity : Number(version.slice('v1.'.length))
  return checksOf(level, minor).flatMap((check) => check.violation(pod, minor) ?? [])
}

function checksOf(level: string, minor: number): readonly Check[] {
  if (level === 'privileged') return []
  const isOf = ({ since = 0 }: Check): boolean => since <= minor
  const baseline = baselineChecks.filter(isOf)
  if (level === 'baseline') return baseline
  const restricted = restrictedChecks.filter(isOf)
  const replaced = new Set(restricted.map(({ replaces }) => replaces))
  return [...baseline.filter(({ id }) => !replaced.has(id)), ...restricted]
}

/** Violations as one phrase: `REASON (DETAIL), …`. */
export function printViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
}
