/** Warnings about services, endpoints, routes and policies of the network (pkg/api/service and registry, v1.36). */
import type { Endpoints, Service } from '../objects/core-v1.generated.ts'
import type { EndpointSlice } from '../objects/discovery-v1.generated.ts'
import type { Ingress, NetworkPolicy, NetworkPolicyPeer } from '../objects/networking-v1.generated.ts'
import { path, type Path } from '../validation/field-path.ts'
import { cidrWarnings, ipWarnings } from '../validation/ip-address.ts'
import { type AnyWarningRules, warningRules } from './warning-rules.ts'

type Texts = readonly string[]
const specPath = path('spec')

function ipListWarnings(at: Path, addresses: readonly string[] = []): Texts {
  return addresses.flatMap((address, index) => ipWarnings(at.index(index), address))
}

function headlessWarnings({ spec }: Service): Texts {
  const warnings: string[] = []
  if ((spec?.loadBalancerIP ?? '') !== '') warnings.push('spec.loadBalancerIP is ignored for headless services')
  if ((spec?.externalIPs?.length ?? 0) > 0) warnings.push('spec.externalIPs is ignored for headless services')
  if (spec?.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services')
  return warnings
}

function ignoredWarnings({ spec }: Service): Texts {
  const isName = spec?.type === 'ExternalName'
  const warnings: string[] = []
  if (isName && (spec.externalIPs?.length ?? 0) > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isName && (spec?.externalName ?? '') !== '')
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec?.trafficDistribution === 'PreferClose')
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  return warnings
}

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints'
const hintsText = `annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`

function writtenAddressWarnings({ spec }: Service, { hasIp }: { readonly hasIp: boolean }): Texts {
  const balancerIp = spec?.loadBalancerIP ?? ''
  return [
    ...(hasIp ? ipListWarnings(specPath.child('clusterIPs'), spec?.clusterIPs) : []),
    ...ipListWarnings(specPath.child('externalIPs'), spec?.externalIPs),
    ...(balancerIp === '' ? [] : ipWarnings(specPath.child('loadBalancerIP'), balancerIp)),
    ...(spec?.loadBalancerSourceRanges ?? []).flatMap((range, index) =>
      cidrWarnings(specPath.child('loadBalancerSourceRanges').index(index), range),
    ),
  ]
}

function hintsWarnings({ metadata }: Service): Texts {
  return metadata.annotations?.[hintsAnnotation] === undefined ? [] : [hintsText]
}

function serviceWarnings(service: Service): Texts {
  const { clusterIP = '', type, externalIPs = [] } = service.spec ?? {}
  const isHeadless = type === 'ClusterIP' && clusterIP === 'None'
  const isName = type === 'ExternalName'
  const isPublished = externalIPs.length > 0 && !isHeadless && !isName
  return [
    ...hintsWarnings(service),
    ...(isHeadless ? headlessWarnings(service) : []),
    ...writtenAddressWarnings(service, { hasIp: clusterIP !== '' && clusterIP !== 'None' && !isName }),
    ...(isPublished ? ['spec.externalIPs is deprecated and may no longer be implemented in some clusters'] : []),
    ...ignoredWarnings(service),
  ]
}

function balancerWarnings({ status }: Pick<Service, 'status'> | Pick<Ingress, 'status'>): Texts {
  const at = path('status', 'loadBalancer', 'ingress')
  const points: readonly { readonly ip?: string }[] = status?.loadBalancer?.ingress ?? []
  return points.flatMap(({ ip = '' }, index) => (ip === '' ? [] : ipWarnings(at.index(index), ip)))
}

function endpointsWarnings({ metadata, subsets = [] }: Endpoints): Texts {
  if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return []
  return subsets.flatMap((subset, index) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, inner) =>
        ipWarnings(path('subsets').index(index).child(list).index(inner).child('ip'), ip),
      ),
    ),
  )
}

const sliceMakers: ReadonlySet<string | undefined> = new Set([
  'endpointslice-controller.k8s.io',
  'endpointslicemirroring-controller.k8s.io',
])

function sliceWarnings({ metadata, endpoints }: EndpointSlice): Texts {
  if (sliceMakers.has(metadata.labels?.['endpointslice.kubernetes.io/managed-by'])) return []
  return (endpoints ?? []).flatMap(({ addresses }, index) =>
    ipListWarnings(path('endpoints').index(index).child('addresses'), addresses),
  )
}

function peerWarnings(at: Path, peers: readonly NetworkPolicyPeer[] = []): Texts {
  return peers.flatMap(({ ipBlock }, index) => {
    if (ipBlock === undefined) return []
    const blockAt = at.index(index).child('ipBlock')
    const except = ipBlock.except ?? []
    return [
      ...cidrWarnings(blockAt.child('cidr'), ipBlock.cidr),
      ...except.flatMap((range, inner) => cidrWarnings(blockAt.child('except').index(inner), range)),
    ]
  })
}

function policyWarnings({ spec }: NetworkPolicy): Texts {
  return [
    ...(spec?.ingress ?? []).flatMap(({ from }, index) =>
      peerWarnings(specPath.child('ingress').index(index).child('from'), from),
    ),
    ...(spec?.egress ?? []).flatMap(({ to }, index) =>
      peerWarnings(specPath.child('egress').index(index).child('to'), to),
    ),
  ]
}

const classAnnotation = 'kubernetes.io/ingress.class'
const classText = `annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`

/** The rows of the kinds of the network. */
export const networkWarnings: Readonly<Record<string, AnyWarningRules>> = {
  '/Service': warningRules<Service>({
    create: serviceWarnings,
    update: serviceWarnings,
    status: balancerWarnings,
  }),
  '/Endpoints': warningRules<Endpoints>({ create: endpointsWarnings, update: endpointsWarnings }),
  'discovery.k8s.io/EndpointSlice': warningRules<EndpointSlice>({
    create: (slice) => [
      ...(slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
      ...sliceWarnings(slice),
    ],
    update: sliceWarnings,
  }),
  'networking.k8s.io/Ingress': warningRules<Ingress>({
    create: ({ metadata }) => (metadata.annotations?.[classAnnotation] === undefined ? [] : [classText]),
    status: balancerWarnings,
  }),
  'networking.k8s.io/NetworkPolicy': warningRules<NetworkPolicy>({ create: policyWarnings, update: policyWarnings }),
}
