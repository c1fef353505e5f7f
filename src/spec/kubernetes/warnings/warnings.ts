/** The entry to warnings: what is said of a valid object that is created or changed, as kube-apiserver v1.36 says it. */
import type { KubernetesObject } from '../objects/objects.ts'
import type { KindName } from '../validation/validate.ts'
import { coreWarnings } from './core-warnings.ts'
import { networkWarnings } from './network-warnings.ts'
import { podWarnings } from './pod-warnings.ts'
import { storageWarnings } from './storage-warnings.ts'
import type { AnyWarningRules } from './warning-rules.ts'
import { workloadWarnings } from './workload-warnings.ts'

const table: Readonly<Record<string, AnyWarningRules>> = {
  '/Pod': podWarnings,
  ...workloadWarnings,
  ...storageWarnings,
  ...networkWarnings,
  ...coreWarnings,
}

const none: readonly string[] = []

/** What is said of a new object, defaults and generated fields included. */
export function createWarnings(kind: Pick<KindName, 'group' | 'kind'>, object: KubernetesObject): readonly string[] {
  return table[`${kind.group}/${kind.kind}`]?.create?.(object) ?? none
}

interface Update {
  readonly object: KubernetesObject
  readonly old: KubernetesObject
  /** `''` for the object itself. */
  readonly subresource: string
}

/** What is said of a changed object. */
export function updateWarnings(
  kind: Pick<KindName, 'group' | 'kind'>,
  { object, old, subresource }: Update,
): readonly string[] {
  const rules = table[`${kind.group}/${kind.kind}`]
  if (subresource === '') return rules?.update?.(object, old) ?? none
  return (subresource === 'status' ? rules?.status?.(object) : undefined) ?? none
}
