/** Which level of the Pod Security Standards a namespace enforces, audits and warns of, by its labels (v1.36). Pure. */
import type { Cause } from '../../status-errors.ts'

const prefix = 'pod-security.kubernetes.io/'
const levels: readonly string[] = ['privileged', 'baseline', 'restricted']

/** A level of the standards, as of a version of Kubernetes: `latest` or `v1.x`. */
export interface LevelVersion {
  readonly level: string
  readonly version: string
}

type Mode = 'enforce' | 'audit' | 'warn'

/** What counts in a namespace, and what of its labels cannot be read. */
export interface SecurityPolicy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
  readonly causes: readonly Cause[]
}

type Labels = Readonly<Record<string, string>>

/**
 * The policy that labels ask for. A level that nobody knows is enforced as the strictest one, and neither audited nor warned
 * of; who asks for enforcing alone is warned of the same.
 */
export function securityPolicyOf(labels: Labels): SecurityPolicy {
  const enforce = levelVersion(labels, 'enforce', 'restricted')
  const warn = levelVersion(labels, 'warn', 'privileged')
  const warnsByItself = Object.hasOwn(labels, `${prefix}warn`) || !isLevel(labels[`${prefix}enforce`])
  return {
    enforce,
    audit: levelVersion(labels, 'audit', 'privileged'),
    warn: warnsByItself || enforce.level === 'privileged' ? warn : warnOf(labels, enforce, warn),
    causes: (['enforce', 'audit', 'warn'] as const).flatMap((mode) => causesOf(labels, mode)),
  }
}

function warnOf(labels: Labels, enforce: LevelVersion, warn: LevelVersion): LevelVersion {
  return {
    level: enforce.level,
    version: Object.hasOwn(labels, `${prefix}warn-version`) ? warn.version : enforce.version,
  }
}

/** How strict a level is: 0 for one that forbids nothing. */
export function strictness({ level }: LevelVersion): number {
  return levels.indexOf(level)
}

/** `baseline:latest`, as messages name it. */
export function printLevel({ level, version }: LevelVersion): string {
  return `${level}:${version}`
}

function levelVersion(labels: Labels, mode: Mode, unreadable: string): LevelVersion {
  const level = labels[`${prefix}${mode}`] ?? 'privileged'
  const version = labels[`${prefix}${mode}-version`] ?? 'latest'
  return { level: isLevel(level) ? level : unreadable, version: isVersion(version) ? version : 'latest' }
}

function isLevel(level: string | undefined): boolean {
  return level !== undefined && levels.includes(level)
}

function isVersion(version: string): boolean {
  return version === 'latest' || /^v1\.(?:\d|[1-9]\d*)$/.test(version)
}

function causesOf(labels: Labels, mode: Mode): readonly Cause[] {
  const level = labels[`${prefix}${mode}`]
  const version = labels[`${prefix}${mode}-version`]
  return [
    ...(level === undefined || isLevel(level) ? [] : [cause(mode, level, `must be one of ${levels.join(', ')}`)]),
    ...(version === undefined || isVersion(version)
      ? []
      : [cause(`${mode}-version`, version, 'must be "latest" or "v1.x"')]),
  ]
}

function cause(label: string, value: string, why: string): Cause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
    field: `metadata.labels[${prefix}${label}]`,
  }
}
