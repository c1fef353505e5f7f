/** ResourceQuota: nothing is written that a namespace's quotas do not allow; what is written is counted at once. */
import type { KubernetesObject, JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { DeviceClass, ResourceClaim } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { QuotaDevices } from '#spec/kubernetes/quota/extended-usage.ts'
import { isTerminating } from '#spec/kubernetes/quota/quota-scopes.ts'
import { isCounted } from '#spec/kubernetes/quota/quota-usage.ts'
import { equalJson, objectAt } from '../../api-object.ts'
import { forbidden } from '../../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from '../admission.ts'
import type { ClusterView } from '../../cluster-view.ts'
import type { QuotaLedger } from './quota-ledger.ts'

/** The step of a server. */
export function resourceQuota(ledger: QuotaLedger): AdmissionStep {
  return {
    name: 'ResourceQuota',
    applies: (resource, operation, subresource) => {
      if (!resource.namespaced || !resource.stored || !isCounted(resource)) return false
      if (operation === 'CREATE') return subresource === ''
      return operation === 'UPDATE' && resource.group === '' && mayGrow(resource.resource, subresource)
    },
    // A namespace without quotas waits for nothing.
    validate: (request) =>
      request.namespace !== '' && ledger.hasQuotas(request.namespace) && matters(request)
        ? charge(request, ledger)
        : undefined,
  }
}

async function charge(request: AdmissionRequest, ledger: QuotaLedger): Promise<void> {
  const { namespace, object, old, resource, name, dryRun, view } = request
  if (object === undefined) return
  const write = {
    resource,
    object: object as unknown as KubernetesObject,
    old: old as unknown as KubernetesObject | undefined,
    nowMs: view.nowMs(),
    devices: devicesIn(view),
  }
  const answer = await ledger.charge(namespace, write, dryRun)
  const { group } = resource
  if ('refusal' in answer) throw forbidden({ group, resource: resource.resource, name }, answer.refusal)
  request.onFailure(answer.refund)
}

function devicesIn(view: ClusterView): QuotaDevices {
  return {
    classes: () => view.list('resource.k8s.io/deviceclasses', '') as unknown as readonly DeviceClass[],
    claims: (namespace) =>
      view.list('resource.k8s.io/resourceclaims', namespace) as unknown as readonly ResourceClaim[],
    pod: (namespace, name) => view.find('/pods', namespace, name) as unknown as Pod | undefined,
  }
}

/** The resources whose objects can come to count for more. */
function mayGrow(resource: string, subresource: string): boolean {
  if (resource === 'pods') return subresource === '' || subresource === 'resize'
  if (resource === 'persistentvolumeclaims') return subresource === '' || subresource === 'status'
  return resource === 'services' && subresource === ''
}

/** Whether an update changes what its object counts for. */
function matters({ operation, resource, subresource, object, old }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || object === undefined || old === undefined) return true
  if (resource.resource === 'pods' && subresource === '') {
    return isTerminating(object as unknown as Pod) !== isTerminating(old as unknown as Pod)
  }
  if (resource.resource !== 'persistentvolumeclaims' || subresource !== 'status') return true
  const volumes = (claim: unknown): JsonObject[] => [
    objectAt(claim, 'status', 'allocatedResources'),
    objectAt(claim, 'status', 'modifyVolumeStatus'),
  ]
  return !equalJson(volumes(object), volumes(old))
}
