/** Defaults of every kind but pods (v1.36). Members with a plain default value in the table need no rule here. */
import {
  copyIn,
  type DefaultRule,
  type Draft,
  fillAbsent,
  fillZero,
  hasMembers,
  isZero,
  labelsFromTemplate,
  listAt,
  objectAt,
} from './draft.ts'

const absent =
  (members: Readonly<Record<string, unknown>>): DefaultRule =>
  (draft) =>
    fillAbsent(draft, members)
const zero =
  (members: Readonly<Record<string, unknown>>): DefaultRule =>
  (draft) =>
    fillZero(draft, members)
const specAbsent =
  (members: Readonly<Record<string, unknown>>): DefaultRule =>
  (draft) =>
    fillAbsent(copyIn(draft, 'spec'), members)

const replicationController: DefaultRule = (draft) => {
  const labels = objectAt(draft, 'spec', 'template', 'metadata', 'labels')
  if (labels !== undefined && !hasMembers(objectAt(draft, 'spec', 'selector')))
    copyIn(draft, 'spec')['selector'] = labels
  labelsFromTemplate(draft)
}

const service: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  fillZero(spec, { sessionAffinity: 'None', type: 'ClusterIP' })
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig']
  const timeout = objectAt(spec, 'sessionAffinityConfig', 'clientIP')?.['timeoutSeconds']
  if (spec['sessionAffinity'] === 'ClientIP' && (timeout ?? null) === null)
    spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds: 10_800 } }
  servicePorts(spec)
  trafficPolicies(spec)
  if (spec['type'] === 'LoadBalancer') balancerAddresses(draft)
}

const routed: ReadonlySet<unknown> = new Set(['ClusterIP', 'NodePort', 'LoadBalancer'])

function trafficPolicies(spec: Draft): void {
  const { type } = spec
  const isExternal = type === 'ClusterIP' ? !isZero(spec['externalIPs']) : routed.has(type)
  if (isExternal) fillZero(spec, { externalTrafficPolicy: 'Cluster' })
  if (routed.has(type)) fillAbsent(spec, { internalTrafficPolicy: 'Cluster' })
  if (type === 'LoadBalancer') fillAbsent(spec, { allocateLoadBalancerNodePorts: true })
}

function servicePorts(spec: Draft): void {
  if (!Array.isArray(spec['ports'])) return
  spec['ports'] = listAt(spec, 'ports').map((port) => {
    const copy = { ...port }
    fillZero(copy, { protocol: 'TCP', targetPort: copy['port'] })
    return copy
  })
}

function balancerAddresses(draft: Draft): void {
  if (listAt(objectAt(draft, 'status', 'loadBalancer'), 'ingress').length === 0) return
  const balancer = copyIn(copyIn(draft, 'status'), 'loadBalancer')
  balancer['ingress'] = listAt(balancer, 'ingress').map((entry) =>
    isZero(entry['ip']) ? entry : { ipMode: 'VIP', ...entry },
  )
}

const namespace: DefaultRule = (draft) => {
  const name = objectAt(draft, 'metadata')?.['name']
  if (typeof name === 'string' && name !== '')
    copyIn(copyIn(draft, 'metadata'), 'labels')['kubernetes.io/metadata.name'] = name
  fillZero(copyIn(draft, 'status'), { phase: 'Active' })
}

const limitRangeItem: DefaultRule = (draft) => {
  if (draft['type'] !== 'Container') return
  draft['default'] = { ...objectAt(draft, 'max'), ...objectAt(draft, 'default') }
  draft['defaultRequest'] = {
    ...objectAt(draft, 'min'),
    ...objectAt(draft, 'default'),
    ...objectAt(draft, 'defaultRequest'),
  }
}

const deployment: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  fillAbsent(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  const strategy = copyIn(spec, 'strategy')
  fillZero(strategy, { type: 'RollingUpdate' })
  if (strategy['type'] === 'RollingUpdate')
    fillAbsent(copyIn(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' })
}

const daemonSet: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  fillAbsent(spec, { revisionHistoryLimit: 10 })
  const strategy = copyIn(spec, 'updateStrategy')
  fillZero(strategy, { type: 'RollingUpdate' })
  if (strategy['type'] === 'RollingUpdate')
    fillAbsent(copyIn(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 })
}

const statefulSet: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  fillZero(spec, { podManagementPolicy: 'OrderedReady' })
  fillAbsent(spec, { replicas: 1, revisionHistoryLimit: 10 })
  fillZero(copyIn(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' })
  const strategy = copyIn(spec, 'updateStrategy')
  if (isZero(strategy['type'])) {
    strategy['type'] = 'RollingUpdate'
    fillAbsent(strategy, { rollingUpdate: {} })
  }
  if (strategy['type'] !== 'RollingUpdate' || objectAt(strategy, 'rollingUpdate') === undefined) return
  fillAbsent(copyIn(strategy, 'rollingUpdate'), { partition: 0 })
}

const job: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  if ((spec['completions'] ?? null) === null && (spec['parallelism'] ?? null) === null)
    Object.assign(spec, { completions: 1 })
  fillAbsent(spec, {
    parallelism: 1,
    backoffLimit: (spec['backoffLimitPerIndex'] ?? null) === null ? 6 : 2_147_483_647,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: (spec['podFailurePolicy'] ?? null) === null ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  })
  labelsFromTemplate(draft)
}

const cronJob: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  fillZero(spec, { concurrencyPolicy: 'Allow' })
  fillAbsent(spec, { suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
}

const autoscaler: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  fillAbsent(spec, { minReplicas: 1 })
  fillZero(spec, {
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
  })
  if (objectAt(spec, 'behavior') === undefined) return
  const behavior = copyIn(spec, 'behavior')
  const all = { type: 'Percent', value: 100, periodSeconds: 15 }
  fillAbsent(copyIn(behavior, 'scaleUp'), {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, all],
  })
  fillAbsent(copyIn(behavior, 'scaleDown'), { selectPolicy: 'Max', policies: [all] })
}

const networkPolicySpec: DefaultRule = (draft) =>
  fillZero(draft, { policyTypes: isZero(draft['egress']) ? ['Ingress'] : ['Ingress', 'Egress'] })

const rbacGroup = 'rbac.authorization.k8s.io'
const roleBinding: DefaultRule = (draft) => {
  fillZero(copyIn(draft, 'roleRef'), { apiGroup: rbacGroup })
  if (!Array.isArray(draft['subjects'])) return
  draft['subjects'] = listAt(draft, 'subjects').map((subject) => {
    const isPerson = subject['kind'] === 'User' || subject['kind'] === 'Group'
    return isPerson && isZero(subject['apiGroup']) ? { ...subject, apiGroup: rbacGroup } : subject
  })
}

const deviceRequest: DefaultRule = (draft) => {
  fillZero(draft, { allocationMode: 'ExactCount' })
  if (draft['allocationMode'] === 'ExactCount') fillZero(draft, { count: 1 })
}

const customResourceDefinition: DefaultRule = (draft) => {
  const spec = copyIn(draft, 'spec')
  const names = copyIn(spec, 'names')
  const kind = typeof names['kind'] === 'string' ? names['kind'] : ''
  if (kind !== '') fillZero(names, { singular: kind.toLowerCase(), listKind: `${kind}List` })
  fillAbsent(spec, { conversion: { strategy: 'None' } })
  const stored = listAt(spec, 'versions').find((version) => version['storage'] === true)?.['name']
  if (stored !== undefined) fillZero(copyIn(draft, 'status'), { storedVersions: [stored] })
}

const webhook = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
}
const admission = 'admissionregistration.v1'
const flow = 'flowcontrol.v1'

/** Rules by type name below `io.k8s.api.`, or by whole name. */
export const kindDefaults: Readonly<Record<string, DefaultRule>> = {
  'core.v1.ReplicationController': replicationController,
  'core.v1.Service': service,
  'core.v1.Secret': zero({ type: 'Opaque' }),
  'core.v1.PersistentVolume': (draft) => {
    fillZero(copyIn(draft, 'status'), { phase: 'Pending' })
    const spec = copyIn(draft, 'spec')
    fillZero(spec, { persistentVolumeReclaimPolicy: 'Retain' })
    fillAbsent(spec, { volumeMode: 'Filesystem' })
  },
  'core.v1.AzureDiskVolumeSource': absent({
    cachingMode: 'ReadWrite',
    kind: 'Shared',
    fsType: 'ext4',
    readOnly: false,
  }),
  'core.v1.EndpointPort': zero({ protocol: 'TCP' }),
  'core.v1.Namespace': namespace,
  'core.v1.Node': (draft) => {
    const capacity = objectAt(draft, 'status', 'capacity')
    if (capacity !== undefined) fillAbsent(copyIn(draft, 'status'), { allocatable: capacity })
  },
  'core.v1.LimitRangeItem': limitRangeItem,
  'core.v1.PodLogOptions': absent({ stream: 'All' }),
  'apps.v1.Deployment': deployment,
  'apps.v1.DaemonSet': daemonSet,
  'apps.v1.StatefulSet': statefulSet,
  'apps.v1.ReplicaSet': specAbsent({ replicas: 1 }),
  'batch.v1.Job': job,
  'batch.v1.CronJob': cronJob,
  'batch.v1.PodFailurePolicyOnPodConditionsPattern': zero({ status: 'True' }),
  'autoscaling.v1.HorizontalPodAutoscaler': specAbsent({ minReplicas: 1 }),
  'autoscaling.v2.HorizontalPodAutoscaler': autoscaler,
  'networking.v1.NetworkPolicyPort': absent({ protocol: 'TCP' }),
  'networking.v1.NetworkPolicySpec': networkPolicySpec,
  'networking.v1.IngressClassParametersReference': absent({ scope: 'Cluster' }),
  'rbac.v1.RoleBinding': roleBinding,
  'rbac.v1.ClusterRoleBinding': roleBinding,
  'storage.v1.StorageClass': absent({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  'storage.v1.CSIDriverSpec': (draft) => {
    fillAbsent(draft, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
    })
    fillZero(draft, { volumeLifecycleModes: ['Persistent'] })
  },
  'scheduling.v1.PriorityClass': absent({ preemptionPolicy: 'PreemptLowerPriority' }),
  [`${admission}.ValidatingWebhook`]: absent(webhook),
  [`${admission}.MutatingWebhook`]: absent({ ...webhook, reinvocationPolicy: 'Never' }),
  [`${admission}.RuleWithOperations`]: absent({ scope: '*' }),
  [`${admission}.NamedRuleWithOperations`]: absent({ scope: '*' }),
  [`${admission}.ServiceReference`]: absent({ port: 443 }),
  [`${admission}.ValidatingAdmissionPolicySpec`]: absent({ failurePolicy: 'Fail' }),
  [`${admission}.MutatingAdmissionPolicySpec`]: absent({ failurePolicy: 'Fail' }),
  [`${admission}.MatchResources`]: absent({ matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} }),
  'discovery.v1.EndpointPort': absent({ name: '', protocol: 'TCP' }),
  [`${flow}.FlowSchemaSpec`]: zero({ matchingPrecedence: 1000 }),
  [`${flow}.ExemptPriorityLevelConfiguration`]: absent({ nominalConcurrencyShares: 0, lendablePercent: 0 }),
  [`${flow}.LimitedPriorityLevelConfiguration`]: absent({ nominalConcurrencyShares: 30, lendablePercent: 0 }),
  [`${flow}.QueuingConfiguration`]: zero({ handSize: 8, queues: 64, queueLengthLimit: 50 }),
  'authentication.v1.TokenRequestSpec': absent({ expirationSeconds: 3600 }),
  'resource.v1.ExactDeviceRequest': deviceRequest,
  'resource.v1.DeviceSubRequest': deviceRequest,
  'resource.v1.DeviceTaint': (draft, { now }) => fillAbsent(draft, { timeAdded: now }),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition': customResourceDefinition,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference': absent({ port: 443 }),
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference': absent({ port: 443 }),
}
