/** Every built-in resource under its own name, typed: `client.list(pods, { namespace })`. */
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '#spec/kubernetes/objects/admissionregistration-v1.generated.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { APIService } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { SelfSubjectReview, TokenReview } from '#spec/kubernetes/objects/authentication-v1.generated.ts'
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '#spec/kubernetes/objects/authorization-v1.generated.ts'
import type { HorizontalPodAutoscaler as AutoscalingV1HorizontalPodAutoscaler } from '#spec/kubernetes/objects/autoscaling-v1.generated.ts'
import type { HorizontalPodAutoscaler } from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import type { CronJob, Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { CertificateSigningRequest } from '#spec/kubernetes/objects/certificates-v1.generated.ts'
import type { Lease } from '#spec/kubernetes/objects/coordination-v1.generated.ts'
import type {
  Binding,
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { EndpointSlice } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import type { Event as EventsV1Event } from '#spec/kubernetes/objects/events-v1.generated.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#spec/kubernetes/objects/flowcontrol-v1.generated.ts'
import type {
  IPAddress,
  Ingress,
  IngressClass,
  NetworkPolicy,
  ServiceCIDR,
} from '#spec/kubernetes/objects/networking-v1.generated.ts'
import type { RuntimeClass } from '#spec/kubernetes/objects/node-v1.generated.ts'
import type { PodDisruptionBudget } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#spec/kubernetes/objects/rbac-v1.generated.ts'
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { PriorityClass } from '#spec/kubernetes/objects/scheduling-v1.generated.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { type ApiResource, builtInResource } from './api-resource.ts'

export const bindings: ApiResource<Binding> = builtInResource('v1', 'bindings')
export const componentStatuses: ApiResource<ComponentStatus> = builtInResource('v1', 'componentstatuses')
export const configMaps: ApiResource<ConfigMap> = builtInResource('v1', 'configmaps')
export const endpoints: ApiResource<Endpoints> = builtInResource('v1', 'endpoints')
export const events: ApiResource<Event> = builtInResource('v1', 'events')
export const limitRanges: ApiResource<LimitRange> = builtInResource('v1', 'limitranges')
export const namespaces: ApiResource<Namespace> = builtInResource('v1', 'namespaces')
export const nodes: ApiResource<Node> = builtInResource('v1', 'nodes')
export const persistentVolumeClaims: ApiResource<PersistentVolumeClaim> = builtInResource(
  'v1',
  'persistentvolumeclaims',
)
export const persistentVolumes: ApiResource<PersistentVolume> = builtInResource('v1', 'persistentvolumes')
export const pods: ApiResource<Pod> = builtInResource('v1', 'pods')
export const podTemplates: ApiResource<PodTemplate> = builtInResource('v1', 'podtemplates')
export const replicationControllers: ApiResource<ReplicationController> = builtInResource(
  'v1',
  'replicationcontrollers',
)
export const resourceQuotas: ApiResource<ResourceQuota> = builtInResource('v1', 'resourcequotas')
export const secrets: ApiResource<Secret> = builtInResource('v1', 'secrets')
export const serviceAccounts: ApiResource<ServiceAccount> = builtInResource('v1', 'serviceaccounts')
export const services: ApiResource<Service> = builtInResource('v1', 'services')
export const apiServices: ApiResource<APIService> = builtInResource('apiregistration.k8s.io/v1', 'apiservices')
export const controllerRevisions: ApiResource<ControllerRevision> = builtInResource('apps/v1', 'controllerrevisions')
export const daemonSets: ApiResource<DaemonSet> = builtInResource('apps/v1', 'daemonsets')
export const deployments: ApiResource<Deployment> = builtInResource('apps/v1', 'deployments')
export const replicaSets: ApiResource<ReplicaSet> = builtInResource('apps/v1', 'replicasets')
export const statefulSets: ApiResource<StatefulSet> = builtInResource('apps/v1', 'statefulsets')
export const eventsV1Events: ApiResource<EventsV1Event> = builtInResource('events.k8s.io/v1', 'events')
export const selfSubjectReviews: ApiResource<SelfSubjectReview> = builtInResource(
  'authentication.k8s.io/v1',
  'selfsubjectreviews',
)
export const tokenReviews: ApiResource<TokenReview> = builtInResource('authentication.k8s.io/v1', 'tokenreviews')
export const localSubjectAccessReviews: ApiResource<LocalSubjectAccessReview> = builtInResource(
  'authorization.k8s.io/v1',
  'localsubjectaccessreviews',
)
export const selfSubjectAccessReviews: ApiResource<SelfSubjectAccessReview> = builtInResource(
  'authorization.k8s.io/v1',
  'selfsubjectaccessreviews',
)
export const selfSubjectRulesReviews: ApiResource<SelfSubjectRulesReview> = builtInResource(
  'authorization.k8s.io/v1',
  'selfsubjectrulesreviews',
)
export const subjectAccessReviews: ApiResource<SubjectAccessReview> = builtInResource(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
)
export const horizontalPodAutoscalers: ApiResource<HorizontalPodAutoscaler> = builtInResource(
  'autoscaling/v2',
  'horizontalpodautoscalers',
)
export const autoscalingV1HorizontalPodAutoscalers: ApiResource<AutoscalingV1HorizontalPodAutoscaler> = builtInResource(
  'autoscaling/v1',
  'horizontalpodautoscalers',
)
export const cronJobs: ApiResource<CronJob> = builtInResource('batch/v1', 'cronjobs')
export const jobs: ApiResource<Job> = builtInResource('batch/v1', 'jobs')
export const certificateSigningRequests: ApiResource<CertificateSigningRequest> = builtInResource(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
)
export const ingressClasses: ApiResource<IngressClass> = builtInResource('networking.k8s.io/v1', 'ingressclasses')
export const ingresses: ApiResource<Ingress> = builtInResource('networking.k8s.io/v1', 'ingresses')
export const ipAddresses: ApiResource<IPAddress> = builtInResource('networking.k8s.io/v1', 'ipaddresses')
export const networkPolicies: ApiResource<NetworkPolicy> = builtInResource('networking.k8s.io/v1', 'networkpolicies')
export const serviceCIDRs: ApiResource<ServiceCIDR> = builtInResource('networking.k8s.io/v1', 'servicecidrs')
export const podDisruptionBudgets: ApiResource<PodDisruptionBudget> = builtInResource(
  'policy/v1',
  'poddisruptionbudgets',
)
export const clusterRoleBindings: ApiResource<ClusterRoleBinding> = builtInResource(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
)
export const clusterRoles: ApiResource<ClusterRole> = builtInResource('rbac.authorization.k8s.io/v1', 'clusterroles')
export const roleBindings: ApiResource<RoleBinding> = builtInResource('rbac.authorization.k8s.io/v1', 'rolebindings')
export const roles: ApiResource<Role> = builtInResource('rbac.authorization.k8s.io/v1', 'roles')
export const csiDrivers: ApiResource<CSIDriver> = builtInResource('storage.k8s.io/v1', 'csidrivers')
export const csiNodes: ApiResource<CSINode> = builtInResource('storage.k8s.io/v1', 'csinodes')
export const csiStorageCapacities: ApiResource<CSIStorageCapacity> = builtInResource(
  'storage.k8s.io/v1',
  'csistoragecapacities',
)
export const storageClasses: ApiResource<StorageClass> = builtInResource('storage.k8s.io/v1', 'storageclasses')
export const volumeAttachments: ApiResource<VolumeAttachment> = builtInResource(
  'storage.k8s.io/v1',
  'volumeattachments',
)
export const volumeAttributesClasses: ApiResource<VolumeAttributesClass> = builtInResource(
  'storage.k8s.io/v1',
  'volumeattributesclasses',
)
export const mutatingAdmissionPolicies: ApiResource<MutatingAdmissionPolicy> = builtInResource(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicies',
)
export const mutatingAdmissionPolicyBindings: ApiResource<MutatingAdmissionPolicyBinding> = builtInResource(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicybindings',
)
export const mutatingWebhookConfigurations: ApiResource<MutatingWebhookConfiguration> = builtInResource(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
)
export const validatingAdmissionPolicies: ApiResource<ValidatingAdmissionPolicy> = builtInResource(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicies',
)
export const validatingAdmissionPolicyBindings: ApiResource<ValidatingAdmissionPolicyBinding> = builtInResource(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicybindings',
)
export const validatingWebhookConfigurations: ApiResource<ValidatingWebhookConfiguration> = builtInResource(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
)
export const customResourceDefinitions: ApiResource<CustomResourceDefinition> = builtInResource(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
)
export const priorityClasses: ApiResource<PriorityClass> = builtInResource('scheduling.k8s.io/v1', 'priorityclasses')
export const leases: ApiResource<Lease> = builtInResource('coordination.k8s.io/v1', 'leases')
export const runtimeClasses: ApiResource<RuntimeClass> = builtInResource('node.k8s.io/v1', 'runtimeclasses')
export const endpointSlices: ApiResource<EndpointSlice> = builtInResource('discovery.k8s.io/v1', 'endpointslices')
export const deviceClasses: ApiResource<DeviceClass> = builtInResource('resource.k8s.io/v1', 'deviceclasses')
export const resourceClaims: ApiResource<ResourceClaim> = builtInResource('resource.k8s.io/v1', 'resourceclaims')
export const resourceClaimTemplates: ApiResource<ResourceClaimTemplate> = builtInResource(
  'resource.k8s.io/v1',
  'resourceclaimtemplates',
)
export const resourceSlices: ApiResource<ResourceSlice> = builtInResource('resource.k8s.io/v1', 'resourceslices')
export const flowSchemas: ApiResource<FlowSchema> = builtInResource('flowcontrol.apiserver.k8s.io/v1', 'flowschemas')
export const priorityLevelConfigurations: ApiResource<PriorityLevelConfiguration> = builtInResource(
  'flowcontrol.apiserver.k8s.io/v1',
  'prioritylevelconfigurations',
)
