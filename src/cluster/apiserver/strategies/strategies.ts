/** The strategy of every built-in resource: flags by table, own behaviour from the files beside this one. */
import { apiServiceStrategy } from './api-services.ts'
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'
import { certificateSigningRequestStrategy } from './certificate-signing-requests.ts'
import { csiDriverStrategy } from './csi-drivers.ts'
import { customResourceDefinitionStrategy } from './custom-resource-definitions.ts'
import { droppingDisabled } from './disabled-fields.ts'
import { endpointSliceStrategy } from './endpoint-slices.ts'
import { autoscalerStrategy } from './horizontal-pod-autoscaler-v1.ts'
import { flowSchemaStrategy, priorityLevelStrategy } from './flow-control.ts'
import { jobStrategy } from './jobs.ts'
import { namespaceStrategy } from './namespaces.ts'
import { nodeStrategy } from './nodes.ts'
import { persistentVolumeClaimStrategy, persistentVolumeStrategy } from './persistent-volumes.ts'
import { podStrategy } from './pods.ts'
import { priorityClassStrategy } from './priority-classes.ts'
import { resourceClaimStrategy, resourceClaimTemplateStrategy } from './resource-claims.ts'
import { resourceSliceStrategy } from './resource-slices.ts'
import { roleStrategy } from './roles.ts'
import { secretStrategy } from './secrets.ts'
import { serviceAccountStrategy } from './service-accounts.ts'
import { serviceStrategy } from './services/services.ts'
import { daemonSetStrategy, deploymentStrategy, statefulSetStrategy } from './workloads.ts'
import { plainStrategy, type Strategy } from './strategy.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Resources whose generation counts spec changes. */
const counted = words(`
  /podtemplates /replicationcontrollers /pods
  apps/daemonsets apps/deployments apps/replicasets apps/statefulsets batch/jobs batch/cronjobs
  networking.k8s.io/ingresses networking.k8s.io/ingressclasses networking.k8s.io/networkpolicies
  policy/poddisruptionbudgets discovery.k8s.io/endpointslices
  apiextensions.k8s.io/customresourcedefinitions
  admissionregistration.k8s.io/validatingwebhookconfigurations admissionregistration.k8s.io/mutatingwebhookconfigurations
  admissionregistration.k8s.io/validatingadmissionpolicies admissionregistration.k8s.io/validatingadmissionpolicybindings
  admissionregistration.k8s.io/mutatingadmissionpolicies admissionregistration.k8s.io/mutatingadmissionpolicybindings
  flowcontrol.apiserver.k8s.io/flowschemas flowcontrol.apiserver.k8s.io/prioritylevelconfigurations
  resource.k8s.io/resourceslices resource.k8s.io/deviceclasses scheduling.k8s.io/priorityclasses`)

/** Resources that PUT may create. */
const createdByUpdate = words(`
  /endpoints /events /limitranges /services coordination.k8s.io/leases
  rbac.authorization.k8s.io/roles rbac.authorization.k8s.io/rolebindings
  rbac.authorization.k8s.io/clusterroles rbac.authorization.k8s.io/clusterrolebindings /podtemplates`)

/** Resources whose PUT must say which version it replaces. */
const versioned = words(`
  coordination.k8s.io/leases policy/poddisruptionbudgets apiextensions.k8s.io/customresourcedefinitions
  admissionregistration.k8s.io/validatingwebhookconfigurations admissionregistration.k8s.io/mutatingwebhookconfigurations
  admissionregistration.k8s.io/validatingadmissionpolicies admissionregistration.k8s.io/validatingadmissionpolicybindings
  admissionregistration.k8s.io/mutatingadmissionpolicies admissionregistration.k8s.io/mutatingadmissionpolicybindings
  apiregistration.k8s.io/apiservices storage.k8s.io/csidrivers storage.k8s.io/csinodes storage.k8s.io/volumeattachments
  node.k8s.io/runtimeclasses`)

/** Resources whose DELETE answers with the object. */
const returned = words(`
  /pods /services /persistentvolumes /persistentvolumeclaims /podtemplates /resourcequotas /serviceaccounts
  storage.k8s.io/storageclasses storage.k8s.io/volumeattachments storage.k8s.io/csidrivers storage.k8s.io/csinodes
  storage.k8s.io/csistoragecapacities storage.k8s.io/volumeattributesclasses`)

const own: Readonly<Record<string, Partial<Strategy>>> = {
  '/pods': podStrategy,
  '/services': serviceStrategy,
  '/namespaces': namespaceStrategy,
  '/nodes': nodeStrategy,
  '/secrets': secretStrategy,
  '/serviceaccounts': serviceAccountStrategy,
  'autoscaling/horizontalpodautoscalers': autoscalerStrategy,
  '/persistentvolumes': persistentVolumeStrategy,
  '/persistentvolumeclaims': persistentVolumeClaimStrategy,
  '/replicationcontrollers': { defaultPropagation: 'Orphan' },
  'scheduling.k8s.io/priorityclasses': priorityClassStrategy,
  'flowcontrol.apiserver.k8s.io/flowschemas': flowSchemaStrategy,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': priorityLevelStrategy,
  'storage.k8s.io/csidrivers': csiDriverStrategy,
  'apiregistration.k8s.io/apiservices': apiServiceStrategy,
  'apps/daemonsets': daemonSetStrategy,
  'apps/statefulsets': statefulSetStrategy,
  'batch/jobs': jobStrategy,
  'rbac.authorization.k8s.io/roles': roleStrategy,
  'rbac.authorization.k8s.io/clusterroles': roleStrategy,
  'discovery.k8s.io/endpointslices': endpointSliceStrategy,
  'certificates.k8s.io/certificatesigningrequests': certificateSigningRequestStrategy,
  'apiextensions.k8s.io/customresourcedefinitions': customResourceDefinitionStrategy,
  'resource.k8s.io/resourceclaims': resourceClaimStrategy,
  'resource.k8s.io/resourceclaimtemplates': resourceClaimTemplateStrategy,
  'resource.k8s.io/resourceslices': resourceSliceStrategy,
  'apps/deployments': deploymentStrategy,
}

/** Status updates of these leave all metadata alone; of the others, older ones, they may change it (v1.36). */
const statusOnly: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'apiregistration.k8s.io/apiservices',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'networking.k8s.io/servicecidrs',
  'resource.k8s.io/resourceclaims',
  'storage.k8s.io/volumeattachments',
])

/** The strategy of a built-in resource. */
export function strategyOf(group: string, resource: string): Strategy {
  const name = `${group}/${resource}`
  const rows = builtInKinds.kinds.filter((kind) => kind.group === group && kind.resource === resource)
  return {
    ...plainStrategy,
    createOnUpdate: createdByUpdate.has(name),
    unconditionalUpdate: !versioned.has(name),
    hasStatus: rows.some((row) => row.subresources?.some((sub) => sub.name === 'status') === true),
    hasGeneration: counted.has(name),
    returnsDeleted: returned.has(name),
    statusKeepsMetadata: statusOnly.has(name),
    ...droppingDisabled(name, own[name] ?? {}),
  }
}
