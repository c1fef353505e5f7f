/** The steps of a server in upstream's order (v1.36), without those that its settings turn off. */
import type { ApiServerConfig } from '../api-server-config.ts'
import type { ServerAuthorizer } from '../authorization/authorizer.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { AdmissionStep } from './admission.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificate-steps.ts'
import { declaredFeatures } from './declared-features.ts'
import { defaultIngressClass } from './default-ingress-class.ts'
import { limitRanger } from './limit-ranger.ts'
import type { MutationDeps } from './mutation-deps.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './nodes/node-restriction.ts'
import { defaultTolerationSeconds, runtimeClass } from './pod-defaults.ts'
import { podSecurity } from './pod-security/pod-security.ts'
import { podResize } from './pod-resize.ts'
import { podTopologyLabels } from './pod-topology-labels.ts'
import { mutatingPolicies } from './policies/mutating-policies.ts'
import { validatingPolicies } from './policies/validating-policies.ts'
import { priority } from './priority.ts'
import { QuotaLedger } from './quota/quota-ledger.ts'
import { resourceQuota } from './quota/resource-quota.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { resourceClaimRights } from './resource-claim-rights.ts'
import { serviceAccount } from './service-account.ts'
import { serviceAddressObjects } from './service-address-objects.ts'
import { mutatingWebhooks } from './webhooks/mutating-webhooks.ts'
import { validatingWebhooks } from './webhooks/validating-webhooks.ts'
import { type CallWebhook, WebhookClient } from './webhooks/webhook-call.ts'
import { defaultStorageClass, persistentVolumeClaimResize, storageObjectInUseProtection } from './storage-steps.ts'
import { taintNodesByCondition } from './nodes/taint-nodes.ts'

/** Off unless a server turns them on. */
const optional: ReadonlySet<string> = new Set(['NodeRestriction'])

/** What the steps work with. */
export interface AdmissionDeps extends MutationDeps {
  readonly config: ApiServerConfig
  readonly authorizer: ServerAuthorizer
  readonly clock: Clock
  /** Reaches webhooks; without it none can be asked. */
  readonly callWebhook: CallWebhook | undefined
  readonly store: VersionedStore
  readonly cache: ObjectCache
  /** Acts as the server itself; asked for once the server runs. */
  readonly client: () => KubeClient
}

/** Steps by settings. */
export function admissionSteps(deps: AdmissionDeps): readonly AdmissionStep[] {
  const { config, authorizer } = deps
  const webhooks = new WebhookClient(deps.callWebhook, deps.clock)
  const all: readonly AdmissionStep[] = [
    namespaceLifecycle,
    limitRanger,
    serviceAccount,
    nodeRestriction(authorizer),
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
    podTopologyLabels,
    declaredFeatures,
    podResize,
    resourceClaimRights(authorizer),
    serviceAddressObjects(deps.client),
    // New steps go above: what users add comes last.
    mutatingPolicies(deps),
    mutatingWebhooks(deps, webhooks),
    rbacEscalation(authorizer, authorizer.rbac),
    validatingPolicies(authorizer),
    validatingWebhooks(authorizer, webhooks),
    resourceQuota(new QuotaLedger(deps)),
  ]
  return all.filter(
    ({ name }) =>
      !config.disableAdmission.includes(name) && (!optional.has(name) || config.enableAdmission.includes(name)),
  )
}
