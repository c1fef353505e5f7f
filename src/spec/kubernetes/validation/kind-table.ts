/** The rules of every built-in kind by `group/Kind` (`/Pod` in the core group): the same for all versions of a kind. */
import {
  configMapRules,
  namespaceRules,
  replicationControllerRules,
  secretRules,
  serviceAccountRules,
} from './core/config-rules.ts'
import { eventRules, newEventRules } from './core/event-rules.ts'
import { limitRangeRules, resourceQuotaRules } from './core/limit-rules.ts'
import { nodeRules } from './core/node-rules.ts'
import {
  deviceClassRules,
  resourceClaimRules,
  resourceClaimTemplateRules,
  resourceSliceRules,
} from './devices/device-rules.ts'
import {
  mutatingBindingRules,
  mutatingPolicyRules,
  validatingBindingRules,
  validatingPolicyRules,
} from './extensions/admission-policy-rules.ts'
import { certificateRequestRules } from './extensions/certificate-rules.ts'
import { definitionRules } from './extensions/definition-rules.ts'
import { apiServiceRules, webhookRules } from './extensions/webhook-rules.ts'
import type { AnyKindRules } from './kind-rules.ts'
import { endpointSliceRules, endpointsRules } from './network/endpoints-rules.ts'
import {
  ingressClassRules,
  ingressRules,
  ipAddressRules,
  networkPolicyRules,
  serviceCidrRules,
} from './network/networking-rules.ts'
import { serviceRules } from './network/service-rules.ts'
import { podRules, podTemplateRules } from './pods/pod-rules.ts'
import { clusterRoleBindingRules, clusterRoleRules, roleBindingRules, roleRules } from './policy/access-rules.ts'
import { autoscalerRules, scaleRules } from './policy/autoscaler-rules.ts'
import {
  disruptionBudgetRules,
  leaseRules,
  priorityClassRules,
  runtimeClassRules,
} from './policy/cluster-policy-rules.ts'
import { flowSchemaRules } from './policy/flow-rules.ts'
import { priorityLevelRules } from './policy/priority-level-rules.ts'
import {
  accessReviewRules,
  bindingRules,
  localAccessReviewRules,
  plainRequestRules,
  selfAccessReviewRules,
  tokenRequestRules,
} from './policy/review-rules.ts'
import { persistentVolumeClaimRules } from './storage/persistent-volume-claim-rules.ts'
import { persistentVolumeRules } from './storage/persistent-volume-rules.ts'
import {
  attributesClassRules,
  csiDriverRules,
  csiNodeRules,
  storageCapacityRules,
  storageClassRules,
  volumeAttachmentRules,
} from './storage/storage-rules.ts'
import { controllerRevisionRules, daemonSetRules, deploymentRules, replicaSetRules } from './workloads/apps-rules.ts'
import { cronJobRules, jobRules } from './workloads/batch-rules.ts'
import { statefulSetRules } from './workloads/stateful-set-rules.ts'

export const kindTable: Readonly<Record<string, AnyKindRules>> = {
  '/Binding': bindingRules,
  '/ConfigMap': configMapRules,
  '/Endpoints': endpointsRules,
  '/Event': eventRules,
  '/LimitRange': limitRangeRules,
  '/Namespace': namespaceRules,
  '/Node': nodeRules,
  '/PersistentVolume': persistentVolumeRules,
  '/PersistentVolumeClaim': persistentVolumeClaimRules,
  '/Pod': podRules,
  '/PodTemplate': podTemplateRules,
  '/ReplicationController': replicationControllerRules,
  '/ResourceQuota': resourceQuotaRules,
  '/Secret': secretRules,
  '/Service': serviceRules,
  '/ServiceAccount': serviceAccountRules,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': mutatingPolicyRules,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': mutatingBindingRules,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookRules,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': validatingPolicyRules,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': validatingBindingRules,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookRules,
  'apiextensions.k8s.io/CustomResourceDefinition': definitionRules,
  'apiregistration.k8s.io/APIService': apiServiceRules,
  'apps/ControllerRevision': controllerRevisionRules,
  'apps/DaemonSet': daemonSetRules,
  'apps/Deployment': deploymentRules,
  'apps/ReplicaSet': replicaSetRules,
  'apps/StatefulSet': statefulSetRules,
  'authentication.k8s.io/SelfSubjectReview': plainRequestRules,
  'authentication.k8s.io/TokenRequest': tokenRequestRules,
  'authentication.k8s.io/TokenReview': plainRequestRules,
  'authorization.k8s.io/LocalSubjectAccessReview': localAccessReviewRules,
  'authorization.k8s.io/SelfSubjectAccessReview': selfAccessReviewRules,
  'authorization.k8s.io/SelfSubjectRulesReview': plainRequestRules,
  'authorization.k8s.io/SubjectAccessReview': accessReviewRules,
  'autoscaling/HorizontalPodAutoscaler': autoscalerRules,
  'autoscaling/Scale': scaleRules,
  'batch/CronJob': cronJobRules,
  'batch/Job': jobRules,
  'certificates.k8s.io/CertificateSigningRequest': certificateRequestRules,
  'coordination.k8s.io/Lease': leaseRules,
  'discovery.k8s.io/EndpointSlice': endpointSliceRules,
  'events.k8s.io/Event': newEventRules,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchemaRules,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevelRules,
  'networking.k8s.io/IPAddress': ipAddressRules,
  'networking.k8s.io/Ingress': ingressRules,
  'networking.k8s.io/IngressClass': ingressClassRules,
  'networking.k8s.io/NetworkPolicy': networkPolicyRules,
  'networking.k8s.io/ServiceCIDR': serviceCidrRules,
  'node.k8s.io/RuntimeClass': runtimeClassRules,
  'policy/Eviction': plainRequestRules,
  'policy/PodDisruptionBudget': disruptionBudgetRules,
  'rbac.authorization.k8s.io/ClusterRole': clusterRoleRules,
  'rbac.authorization.k8s.io/ClusterRoleBinding': clusterRoleBindingRules,
  'rbac.authorization.k8s.io/Role': roleRules,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingRules,
  'resource.k8s.io/DeviceClass': deviceClassRules,
  'resource.k8s.io/ResourceClaim': resourceClaimRules,
  'resource.k8s.io/ResourceClaimTemplate': resourceClaimTemplateRules,
  'resource.k8s.io/ResourceSlice': resourceSliceRules,
  'scheduling.k8s.io/PriorityClass': priorityClassRules,
  'storage.k8s.io/CSIDriver': csiDriverRules,
  'storage.k8s.io/CSINode': csiNodeRules,
  'storage.k8s.io/CSIStorageCapacity': storageCapacityRules,
  'storage.k8s.io/StorageClass': storageClassRules,
  'storage.k8s.io/VolumeAttachment': volumeAttachmentRules,
  'storage.k8s.io/VolumeAttributesClass': attributesClassRules,
}
