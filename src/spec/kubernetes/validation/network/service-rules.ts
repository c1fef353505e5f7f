/** Services (core/validation ValidateService, v1.36). */
import type { Service, ServicePort, ServiceSpec } from '../../objects/core-v1.generated.ts'
import { each, ifSet, inRange, matches, oneOfIfSet, portNumber, requiredOneOf } from '../checks.ts'
import { duplicate, forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { endpointIp, legacyCidr, legacyIp } from '../ip-address.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateLabels } from '../labels.ts'
import { protocols } from '../pods/containers.ts'
import { portNumberOrName } from '../pods/handlers.ts'
import { clusterAddressErrors, isHeadless } from './cluster-addresses.ts'
import { validateLoadBalancerStatus } from './load-balancer-status.ts'
import { validateAddressChange } from './service-addresses.ts'

const specPath = path('spec')
const portsPath = specPath.child('ports')
const annotationsPath = path('metadata', 'annotations')
const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints'
const modeAnnotation = 'service.kubernetes.io/topology-mode'
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'

function topologyAnnotations(service: Service): FieldError[] {
  const mode = service.metadata.annotations?.[modeAnnotation]
  const hints = service.metadata.annotations?.[hintsAnnotation]
  if (mode === undefined || hints === undefined || mode === hints) return []
  const text = `must match annotations[${hintsAnnotation}] when both are specified`
  return [invalid(annotationsPath.key(modeAnnotation), mode, text)]
}

function typeRules(spec: ServiceSpec): FieldError[] {
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') {
    const text = `may not be set to 'None' for ${spec.type} services`
    return isHeadless(spec) ? [invalid(specPath.child('clusterIPs').index(0), 'None', text)] : []
  }
  if (spec.type !== 'ExternalName') return []
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  const text = 'may not be set for ExternalName services'
  const set = [
    ['clusterIPs', (spec.clusterIPs ?? []).length > 0],
    ['ipFamilies', (spec.ipFamilies ?? []).length > 0],
    ['ipFamilyPolicy', spec.ipFamilyPolicy !== undefined],
  ] as const
  return [
    ...set.filter(([, isSet]) => isSet).map(([member]) => forbidden(specPath.child(member), text)),
    ...(name === ''
      ? [required(specPath.child('externalName'))]
      : matches(specPath.child('externalName'), name, dnsSubdomain)),
  ]
}

function validatePort(
  at: Path,
  port: ServicePort,
  rules: { readonly isOnly: boolean; readonly names: Set<string> },
): FieldError[] {
  const name = port.name ?? ''
  const errors: FieldError[] = []
  if (name === '' && !rules.isOnly) errors.push(required(at.child('name')))
  else if (name !== '') {
    errors.push(...matches(at.child('name'), name, dnsLabel))
    if (rules.names.has(name)) errors.push(duplicate(at.child('name'), name))
    rules.names.add(name)
  }
  return [
    ...errors,
    ...portNumber(at.child('port'), port.port),
    ...requiredOneOf(at.child('protocol'), port.protocol, protocols),
    ...portNumberOrName(at.child('targetPort'), port.targetPort ?? 0),
    ...ifSet(port.appProtocol, (protocol) => matches(at.child('appProtocol'), protocol, qualifiedName)),
  ]
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const isOnly = (spec.ports ?? []).length <= 1
  const names = new Set<string>()
  return each(portsPath, spec.ports, (port, at) => validatePort(at, port, { isOnly, names }))
}

function repeatedPorts(spec: ServiceSpec): FieldError[] {
  const seen = new Set<string>()
  const isNew = (key: string): boolean => !seen.has(key) && seen.add(key) !== undefined
  return [
    ...each(portsPath, spec.type === 'ClusterIP' ? spec.ports : [], (port, at) =>
      (port.nodePort ?? 0) === 0 ? [] : [forbidden(at.child('nodePort'), "may not be used when `type` is 'ClusterIP'")],
    ),
    ...each(portsPath, spec.ports, ({ protocol, nodePort = 0 }, at) =>
      nodePort === 0 || isNew(`node ${protocol} ${nodePort}`) ? [] : [duplicate(at.child('nodePort'), nodePort)],
    ),
    ...each(portsPath, spec.ports, ({ protocol, port }, at) =>
      isNew(`${protocol} ${port}`) ? [] : [duplicate(at, internal('core.ServicePort', { protocol, port }))],
    ),
  ]
}

function sessionAffinity(spec: ServiceSpec): FieldError[] {
  const at = specPath.child('sessionAffinityConfig')
  const config = spec.sessionAffinityConfig
  const errors = requiredOneOf(specPath.child('sessionAffinity'), spec.sessionAffinity, ['ClientIP', 'None'])
  if (spec.sessionAffinity === 'None' && config !== undefined) {
    return [...errors, forbidden(at, 'must not be set when session affinity is None')]
  }
  if (spec.sessionAffinity !== 'ClientIP') return errors
  const text = 'when session affinity type is ClientIP'
  if (config === undefined) return [...errors, required(at, text)]
  if (config.clientIP === undefined) return [...errors, required(at.child('clientIP'), text)]
  const secondsAt = at.child('clientIP', 'timeoutSeconds')
  const seconds = config.clientIP.timeoutSeconds
  if (seconds === undefined) return [...errors, required(secondsAt, text)]
  const isWithin = inRange(secondsAt, seconds, [1, 86400]).length === 0
  return isWithin ? errors : [...errors, invalid(secondsAt, seconds, 'must be greater than 0 and less than 86400')]
}

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'"

/** The ranges of source addresses as clients write them: spaces around them are let off. */
function rangesOf(service: Service | undefined): readonly string[] {
  return (service?.spec?.loadBalancerSourceRanges ?? []).map((text) => text.trim())
}

function annotatedRanges(service: Service | undefined): string | undefined {
  return service?.metadata.annotations?.[rangesAnnotation]
}

/** The field comes first; the annotation that it took the place of is only looked at where the field is empty. */
function sourceRanges(service: Service, old: Service | undefined): FieldError[] {
  const ranges = rangesOf(service)
  const text = annotatedRanges(service)
  if (ranges.length === 0 && text === undefined) return []
  const at = ranges.length > 0 ? specPath.child('LoadBalancerSourceRanges') : annotationsPath.key(rangesAnnotation)
  const errors = service.spec?.type === 'LoadBalancer' ? [] : [forbidden(at, onlyLoadBalancer)]
  if (ranges.length > 0) {
    const known = rangesOf(old)
    return [...errors, ...each(at, ranges, (range, itemAt) => legacyCidr(itemAt, range, known))]
  }
  if (text === undefined || text.trim() === '' || text === annotatedRanges(old)) return errors
  return [...errors, ...text.split(',').flatMap((range) => legacyCidr(at, range.trim()))]
}

function loadBalancerParts(spec: ServiceSpec): FieldError[] {
  const isBalancer = spec.type === 'LoadBalancer'
  const allocate = spec.allocateLoadBalancerNodePorts
  const classAt = specPath.child('loadBalancerClass')
  const errors: FieldError[] = []
  if (allocate !== undefined && !isBalancer) {
    errors.push(forbidden(specPath.child('allocateLoadBalancerNodePorts'), onlyLoadBalancer))
  }
  if (allocate === undefined && isBalancer) errors.push(required(path('allocateLoadBalancerNodePorts')))
  if (spec.loadBalancerClass === undefined) return errors
  if (!isBalancer) return [...errors, forbidden(classAt, onlyLoadBalancer)]
  return [...errors, ...matches(classAt, spec.loadBalancerClass, qualifiedName)]
}

function needsHealthCheck(spec: ServiceSpec | undefined): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

function trafficPolicies(spec: ServiceSpec): FieldError[] {
  const at = specPath.child('externalTrafficPolicy')
  const policy: string = spec.externalTrafficPolicy ?? ''
  const hasExternal = (spec.externalIPs ?? []).length > 0
  const isExternal =
    spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && hasExternal)
  const errors: FieldError[] = []
  if (isExternal) errors.push(...requiredOneOf(at, policy, ['Cluster', 'Local']))
  else if (policy !== '') errors.push(invalid(at, policy, 'may only be set for externally-accessible services'))
  const portAt = specPath.child('healthCheckNodePort')
  const port = spec.healthCheckNodePort ?? 0
  if (needsHealthCheck(spec)) errors.push(...(port === 0 ? [required(portAt)] : portNumber(portAt, port)))
  else if (port !== 0) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid(portAt, port, text))
  }
  return [...errors, ...internalPolicies(spec)]
}

function internalPolicies(spec: ServiceSpec): FieldError[] {
  const at = specPath.child('internalTrafficPolicy')
  const isNeeded = ['NodePort', 'LoadBalancer', 'ClusterIP'].includes(spec.type ?? '')
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
  return [
    ...(spec.internalTrafficPolicy === undefined && isNeeded ? [required(at)] : []),
    ...oneOfIfSet(at, spec.internalTrafficPolicy, ['Cluster', 'Local']),
    ...oneOfIfSet(specPath.child('trafficDistribution'), spec.trafficDistribution, distributions),
  ]
}

function externalAddresses(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  return each(specPath.child('externalIPs'), spec.externalIPs, (address, at) => {
    const errors = legacyIp(at, address, old?.externalIPs)
    return errors.length > 0 ? errors : endpointIp(at, address)
  })
}

function validateService(service: Service, old?: Service): FieldError[] {
  const spec = service.spec ?? ({} as ServiceSpec)
  const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
  const needsPorts = (spec.ports ?? []).length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName'
  return [
    ...topologyAnnotations(service),
    ...(needsPorts ? [required(portsPath)] : []),
    ...typeRules(spec),
    ...validatePorts(spec),
    ...validateLabels(specPath.child('selector'), spec.selector),
    ...sessionAffinity(spec),
    ...clusterAddressErrors(spec, old?.spec),
    ...externalAddresses(spec, old?.spec),
    ...requiredOneOf(specPath.child('type'), spec.type, types),
    ...repeatedPorts(spec),
    ...sourceRanges(service, old),
    ...loadBalancerParts(spec),
    ...trafficPolicies(spec),
  ]
}

function changes(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const errors = validateAddressChange(spec, old)
  const isBalancer = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer'
  if (isBalancer && spec.loadBalancerClass !== old.loadBalancerClass) {
    const text = 'may not change once set'
    errors.push(invalid(specPath.child('loadBalancerClass'), spec.loadBalancerClass ?? null, text))
  }
  const checked = needsHealthCheck(spec) && needsHealthCheck(old)
  if (checked && spec.healthCheckNodePort !== old.healthCheckNodePort) {
    errors.push(forbidden(specPath.child('healthCheckNodePort'), 'field is immutable'))
  }
  return errors
}

/** The rules of services. */
export const serviceRules: AnyKindRules = kindRules<Service>({
  name: dnsLabel,
  create: (service) => validateService(service),
  update: ({ object, old }) => {
    const spec = object.spec ?? ({} as ServiceSpec)
    return [...changes(spec, old.spec ?? ({} as ServiceSpec)), ...validateService(object, old)]
  },
  status: ({ object, old }) => validateLoadBalancerStatus(object, old),
})
