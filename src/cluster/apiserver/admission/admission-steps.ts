/** The steps of a server in upstream's order (v1.36), without those that its settings turn off. */
import type { ApiServerConfig } from '../api-server-config.ts'
import type { ServerAuthorizer } from '../authorization/authorizer.ts'
import type { AdmissionStep } from './admission.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificate-steps.ts'
import { defaultIngressClass } from './default-ingress-class.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction, taintNodesByCondition } from './node-steps.ts'
import { defaultTolerationSeconds, runtimeClass } from './pod-defaults.ts'
import { podSecurity } from './pod-security.ts'
import { priority } from './priority.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { serviceAccount } from './service-account.ts'
import { defaultStorageClass, persistentVolumeClaimResize, storageObjectInUseProtection } from './storage-steps.ts'

/** Off unless a server turns them on. */
const optional: ReadonlySet<string> = new Set(['NodeRestriction'])

/** Steps by settings. */
export function admissionSteps(config: ApiServerConfig, authorizer: ServerAuthorizer): readonly AdmissionStep[] {
  const all: readonly AdmissionStep[] = [
    namespaceLifecycle,
    limitRanger,
    serviceAccount,
    nodeRestriction,
    taintNodesByCondition,
    podSecurity,
    priority,
    defaultTolerationSeconds,
    defaultStorageClass,
    storageObjectInUseProtection,
    persistentVolumeClaimResize,
    runtimeClass,
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass,
    rbacEscalation(authorizer, authorizer.rbac),
  ]
  return all.filter(
    ({ name }) =>
      !config.disableAdmission.includes(name) && (!optional.has(name) || config.enableAdmission.includes(name)),
  )
}
