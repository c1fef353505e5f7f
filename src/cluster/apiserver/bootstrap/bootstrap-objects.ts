/** What every cluster starts with: namespaces, roles and bindings, priority classes, flow control, the API's own service. */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { apiVersionOf, type ApiResource } from '#clients/kubernetes/api-resource.ts'
import {
  apiServices,
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  endpoints,
  endpointSlices,
  flowSchemas,
  namespaces,
  priorityClasses,
  priorityLevelConfigurations,
  roleBindings,
  roles,
  serviceCIDRs,
  services,
} from '#clients/kubernetes/resources.table.ts'
import { isAlreadyExists, isNotFound } from '#clients/kubernetes/status-error.ts'
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiServerConfig } from '../api-server-config.ts'
import { familyOf, firstAddress } from '../strategies/services/address-blocks.ts'
import { flowSchemas as flowSchemaRows, priorityLevels } from './flow-control.table.ts'
import { bootstrapRbacRows } from './rbac.table.ts'
import { withAggregatedRules } from './aggregate-rules.ts'

type AnyResource = ApiResource<KubernetesObject>

type Maker = Pick<KubeClient, 'get' | 'create'>

/** A client whose new objects belong to somebody else than the server. */
function inNameOf(client: KubeClient, fieldManager: string): Maker {
  return {
    get: (...args) => client.get(...args),
    create: (resource, object, options) => client.create(resource, object, { ...options, fieldManager }),
  }
}

/** Creates an object unless it is there. */
async function ensure(client: Maker, resource: ApiResource<never>, object: object): Promise<boolean> {
  const row = resource as unknown as AnyResource
  const whole = { apiVersion: apiVersionOf(row), kind: row.kind, ...object } as KubernetesObject
  const { name = '', namespace } = whole.metadata
  const place = namespace === undefined ? {} : { namespace }
  try {
    await client.get(row, name, place)
    return false
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  try {
    await client.create(row, whole, place)
    return true
  } catch (error) {
    // Another server of the same cluster was faster.
    if (!isAlreadyExists(error)) throw error
    return false
  }
}

const any = (resource: unknown): ApiResource<never> => resource as ApiResource<never>
/** Who upstream has make the objects of flow control, and who follows them. */
const flowProducer = 'api-priority-and-fairness-config-producer-v1'
const flowConsumer = 'api-priority-and-fairness-config-consumer-v1'
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

const rbacResources: Readonly<Record<string, unknown>> = {
  ClusterRole: clusterRoles,
  ClusterRoleBinding: clusterRoleBindings,
  Role: roles,
  RoleBinding: roleBindings,
}

/** Creates what is missing; what is there stays as it is. `client` must be allowed everything. */
export async function createBootstrapObjects(client: KubeClient, config: ApiServerConfig, now: string): Promise<void> {
  for (const name of systemNamespaces) await ensure(client, any(namespaces), { metadata: { name } })
  const rbac = bootstrapRbacRows.split('\n').map((row) => JSON.parse(row) as KubernetesObject)
  for (const object of withAggregatedRules(rbac)) await ensureRole(client, object)
  await ensure(client, any(priorityClasses), {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  })
  await ensure(client, any(priorityClasses), {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  })
  const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' }
  const producer = inNameOf(client, flowProducer)
  for (const [name, spec] of Object.entries(priorityLevels))
    await ensure(producer, any(priorityLevelConfigurations), { metadata: { name, annotations }, spec })
  for (const [name, spec] of Object.entries(flowSchemaRows))
    if (await ensure(producer, any(flowSchemas), { metadata: { name, annotations }, spec }))
      await applyFound(client, name, now)
  await createOwnService(client, config)
  await createConfigMaps(client, config)
  await createApiServices(client)
}

/** A role or binding. Who owns the rules of an aggregated one is the controller that keeps them from then on. */
async function ensureRole(client: KubeClient, object: KubernetesObject): Promise<void> {
  const resource = any(rbacResources[object.kind])
  const { rules, ...rest } = object as KubernetesObject & JsonObject
  if (rest['aggregationRule'] === undefined) return void (await ensure(client, resource, object))
  if (!(await ensure(client, resource, rest))) return
  const { apiVersion, kind, metadata } = object
  const wanted = { apiVersion, kind, metadata: { name: metadata.name }, rules } as unknown as JsonObject
  await client.apply(clusterRoles, wanted, { fieldManager: 'clusterrole-aggregation-controller', force: true })
}

/** Says of a new flow schema that its level is there, as those who follow flow schemas would. */
async function applyFound(client: KubeClient, name: string, now: string): Promise<void> {
  const status = { conditions: [foundCondition(now, name)] }
  const { kind } = flowSchemas
  const wanted = { apiVersion: apiVersionOf(flowSchemas), kind, metadata: { name }, status } as unknown as JsonObject
  await client.apply(flowSchemas, wanted, { fieldManager: flowConsumer, force: true, subresource: 'status' })
}

/** A flow schema's priority level is there. */
function foundCondition(now: string, name: string): object {
  const level = (flowSchemaRows[name] as { readonly priorityLevelConfiguration: { readonly name: string } })
    .priorityLevelConfiguration.name
  return {
    type: 'Dangling',
    status: 'False',
    lastTransitionTime: now,
    reason: 'Found',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} and it exists`,
  }
}

/** The range that the server's settings say; a cluster that gets its second family gets it here too. */
async function keepServiceRange(client: KubeClient, config: ApiServerConfig): Promise<void> {
  const cidrs = config.serviceCidrs
  await ensure(client, any(serviceCIDRs), { metadata: { name: 'kubernetes' }, spec: { cidrs } })
  const known = (await client.get(serviceCIDRs, 'kubernetes')).spec.cidrs ?? []
  const isGrown = known.length === 1 && cidrs.length === 2 && known[0] === cidrs[0]
  if (isGrown) await client.patch(serviceCIDRs, 'kubernetes', { spec: { cidrs } }, { type: 'merge' })
}

async function createOwnService(client: KubeClient, config: ApiServerConfig): Promise<void> {
  const place = { name: 'kubernetes', namespace: 'default' }
  const clusterIP = firstAddress(config.serviceCidrs[0] ?? '')
  const port = { name: 'https', port: config.advertisePort, protocol: 'TCP' }
  await keepServiceRange(client, config)
  await ensure(client, any(services), {
    metadata: { ...place, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: config.advertisePort }],
      sessionAffinity: 'None',
      ipFamilyPolicy: 'SingleStack',
    },
  })
  // Endpoints are for pods: an address that only this machine's own network namespace has is none.
  if (/^127\.|^::1$/.test(config.advertiseAddress)) return
  await ensure(client, any(endpoints), {
    metadata: { ...place, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: config.advertiseAddress }], ports: [port] }],
  })
  await ensure(client, any(endpointSlices), {
    metadata: { ...place, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: familyOf(config.advertiseAddress),
    endpoints: [{ addresses: [config.advertiseAddress], conditions: { ready: true } }],
    ports: [port],
  })
}

async function createConfigMaps(client: KubeClient, config: ApiServerConfig): Promise<void> {
  const data = authenticationData(config)
  if (Object.keys(data).length === 0) return
  const place = { name: 'extension-apiserver-authentication', namespace: 'kube-system' }
  await ensure(client, any(configMaps), { metadata: place, data })
  const found = await client.get(configMaps, place.name, place)
  // Aggregated servers trust what stands here: it follows the settings.
  if (!Object.entries(data).every(([name, text]) => found.data?.[name] === text))
    await client.update(configMaps, { ...found, data: { ...found.data, ...data } }, place)
}

/** What aggregated servers must know to believe this one. */
function authenticationData({ certificateAuthority, requestHeader }: ApiServerConfig): Record<string, string> {
  const headers =
    requestHeader === undefined
      ? {}
      : {
          'requestheader-client-ca-file': requestHeader.clientAuthorities,
          'requestheader-allowed-names': JSON.stringify(requestHeader.allowedNames),
          'requestheader-username-headers': JSON.stringify(requestHeader.usernameHeaders),
          'requestheader-uid-headers': JSON.stringify(requestHeader.uidHeaders),
          'requestheader-group-headers': JSON.stringify(requestHeader.groupHeaders),
          'requestheader-extra-headers-prefix': JSON.stringify(requestHeader.extraHeaderPrefixes),
        }
  return { ...(certificateAuthority === '' ? {} : { 'client-ca-file': certificateAuthority }), ...headers }
}

/** One API service per served group version, as the aggregator registers them. */
async function createApiServices(client: KubeClient): Promise<void> {
  for (const { group, version, groupPriority, versionPriority } of builtInKinds.served()) {
    // The group that serves API services does not list itself.
    if (group === 'apiregistration.k8s.io') continue
    await ensure(client, any(apiServices), {
      metadata: {
        name: `${version}.${group}`,
        labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
      },
      spec: {
        ...(group === '' ? {} : { group }),
        version,
        groupPriorityMinimum: groupPriority,
        versionPriority,
      },
    })
  }
}
