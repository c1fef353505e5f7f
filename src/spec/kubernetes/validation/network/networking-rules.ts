/** Ingresses, ingress classes, network policies, service CIDRs and IP addresses (networking/validation, v1.36). */
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressSpec,
  IPAddress,
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  ServiceCIDR,
} from '../../objects/networking-v1.generated.ts'
import {
  byteLength,
  each,
  ifSet,
  immutableText,
  matches,
  matchesIfSet,
  oneOf,
  oneOfIfSet,
  portNumber,
  requiredMatches,
} from '../checks.ts'
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { domainPrefixedPath } from '../format-errors.ts'
import { dnsLabel, dnsSubdomain, pathSegment, portName, wildcardDnsSubdomain } from '../formats.ts'
import { internal, internalList } from '../internal-value.ts'
import { canonicalCidr, canonicalIp, isStrictSubset, legacyCidr, parseCidr } from '../ip-address.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { hasInvalidSelectorValue, validateLabelSelector } from '../labels.ts'
import { sameValue } from '../same-value.ts'
import { notAnAddress, validateIngressStatus } from './load-balancer-status.ts'

const specPath = path('spec')

function policyPort(port: NetworkPolicyPort, at: Path): FieldError[] {
  const endAt = at.child('endPort')
  const { endPort } = port
  const errors = oneOfIfSet(at.child('protocol'), port.protocol, ['TCP', 'UDP', 'SCTP'])
  if (port.port === undefined) {
    if (endPort === undefined) return errors
    return [...errors, invalid(endAt, endPort, 'may not be specified when `port` is not specified')]
  }
  if (typeof port.port === 'string') {
    const text = 'may not be specified when `port` is non-numeric'
    const end = endPort === undefined ? [] : [invalid(endAt, endPort, text)]
    return [...errors, ...end, ...matches(at.child('port'), port.port, portName)]
  }
  errors.push(...portNumber(at.child('port'), port.port))
  if (endPort === undefined) return errors
  const isBelow = endPort < port.port
  return [
    ...errors,
    ...(isBelow ? [invalid(endAt, port.port, 'must be greater than or equal to `port`')] : []),
    ...portNumber(endAt, endPort),
  ]
}

interface PolicyOptions {
  readonly allowInvalidValues: boolean
  readonly knownCidrs: readonly string[]
}

function ipBlock(at: Path, block: IPBlock, known: readonly string[]): FieldError[] {
  if (block.cidr === '') return [required(at.child('cidr'))]
  const errors = legacyCidr(at.child('cidr'), block.cidr, known)
  const whole = parseCidr(block.cidr)
  if (whole === undefined) return errors
  return [
    ...errors,
    ...each(at.child('except'), block.except, (text, itemAt) => {
      const part = parseCidr(text)
      const isPart = part === undefined || isStrictSubset(part, whole)
      const outside = isPart ? [] : [invalid(itemAt, text, 'must be a strict subset of `cidr`')]
      return [...legacyCidr(itemAt, text, known), ...outside]
    }),
  ]
}

function policyPeer(at: Path, peer: NetworkPolicyPeer, options: PolicyOptions): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock: block } = peer
  const allow = options.allowInvalidValues
  const errors = [
    ...validateLabelSelector(at.child('podSelector'), podSelector, allow),
    ...validateLabelSelector(at.child('namespaceSelector'), namespaceSelector, allow),
    ...ifSet(block, (value) => ipBlock(at.child('ipBlock'), value, options.knownCidrs)),
  ]
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined
  if (!hasSelector && block === undefined) errors.push(required(at, 'must specify a peer'))
  if (hasSelector && block !== undefined) {
    errors.push(forbidden(at, 'may not specify both ipBlock and another peer'))
  }
  return errors
}

function policySpec({ spec }: NetworkPolicy, options: PolicyOptions): FieldError[] {
  const peers = (at: Path, list: readonly NetworkPolicyPeer[] | undefined): FieldError[] =>
    each(at, list, (peer, itemAt) => policyPeer(itemAt, peer, options))
  const types = spec?.policyTypes ?? []
  const typesAt = specPath.child('policyTypes')
  return [
    ...validateLabelSelector(specPath.child('podSelector'), spec?.podSelector, options.allowInvalidValues),
    ...each(specPath.child('ingress'), spec?.ingress, (rule, at) => [
      ...each(at.child('ports'), rule.ports, policyPort),
      ...peers(at.child('from'), rule.from),
    ]),
    ...each(specPath.child('egress'), spec?.egress, (rule, at) => [
      ...each(at.child('ports'), rule.ports, policyPort),
      ...peers(at.child('to'), rule.to),
    ]),
    ...(types.length > 2
      ? [invalid(typesAt, types, 'may not specify more than two policyTypes')]
      : each(typesAt, types, (type, at) => oneOf(at, type, ['Ingress', 'Egress']))),
  ]
}

function cidrsOf({ spec }: NetworkPolicy): readonly string[] {
  const peers = [
    ...(spec?.ingress ?? []).flatMap((rule) => rule.from ?? []),
    ...(spec?.egress ?? []).flatMap((rule) => rule.to ?? []),
  ]
  return peers.flatMap(({ ipBlock: block }) => (block === undefined ? [] : [block.cidr, ...(block.except ?? [])]))
}

/** The rules of network policies. */
export const networkPolicyRules: AnyKindRules = kindRules<NetworkPolicy>({
  name: dnsSubdomain,
  create: (policy) => policySpec(policy, { allowInvalidValues: false, knownCidrs: [] }),
  update: ({ object, old }) => {
    const allowInvalidValues = hasInvalidSelectorValue(old.spec?.podSelector)
    return policySpec(object, { allowInvalidValues, knownCidrs: cidrsOf(old) })
  },
})

function resourceReference(
  at: Path,
  ref: { readonly apiGroup?: string; readonly kind: string; readonly name: string },
): FieldError[] {
  return [
    ...ifSet(ref.apiGroup, (group) => matches(at.child('apiGroup'), group, dnsSubdomain)),
    ...requiredMatches(at.child('kind'), ref.kind, pathSegment),
    ...requiredMatches(at.child('name'), ref.name, pathSegment),
  ]
}

function servicePort(at: Path, service: NonNullable<IngressBackend['service']>): FieldError[] {
  const { name = '', number = 0 } = service.port ?? {}
  if (name !== '' && number !== 0) {
    return [invalid(at, '', 'cannot set both port name & port number')]
  }
  if (name !== '') return matches(at.child('service', 'port', 'name'), name, portName)
  if (number !== 0) return portNumber(at.child('service', 'port', 'number'), number)
  return [required(at, 'port name or number is required')]
}

function backend(at: Path, value: IngressBackend): FieldError[] {
  const { service, resource } = value
  if (service !== undefined && resource !== undefined) {
    return [invalid(at, '', 'cannot set both resource and service backends')]
  }
  if (resource !== undefined) return resourceReference(at.child('resource'), resource as { kind: string; name: string })
  if (service === undefined) return [invalid(at, '', 'resource or service backend is required')]
  return [...requiredMatches(at.child('service', 'name'), service.name, dnsLabel), ...servicePort(at, service)]
}

function pathErrors(at: Path, value: HTTPIngressPath): FieldError[] {
  const text = value.path ?? ''
  const isAbsolute = text.startsWith('/')
  const absolute = isAbsolute ? [] : [invalid(at, text, 'must be an absolute path')]
  if (value.pathType === 'ImplementationSpecific') return text === '' ? [] : absolute
  const bad = ['//', '/./', '/../', '%2f', '%2F'].filter((part) => text.includes(part))
  const ends = ['/..', '/.'].filter((part) => text.endsWith(part))
  return [
    ...absolute,
    ...bad.map((part) => invalid(at, text, `must not contain '${part}'`)),
    ...ends.map((part) => invalid(at, text, `cannot end with '${part}'`)),
  ]
}

function ingressPath(value: HTTPIngressPath, at: Path): FieldError[] {
  const type: string | undefined = value.pathType
  const types = ['Exact', 'ImplementationSpecific', 'Prefix']
  if (type === undefined) return [required(at.child('pathType'), 'pathType must be specified')]
  const errors = types.includes(type)
    ? pathErrors(at.child('path'), value)
    : [notSupported(at.child('pathType'), type, types)]
  return [...errors, ...backend(at.child('backend'), value.backend)]
}

function hostErrors(at: Path, host: string): FieldError[] {
  return matches(at, host, host.includes('*') ? wildcardDnsSubdomain : dnsSubdomain)
}

function ingressSpec(spec: IngressSpec): FieldError[] {
  const rules = spec.rules ?? []
  const isEmpty = rules.length === 0 && spec.defaultBackend === undefined
  const text = 'either `defaultBackend` or `rules` must be specified'
  return [
    ...(isEmpty ? [invalid(specPath, internalList('networking.IngressRule', spec.rules), text)] : []),
    ...ifSet(spec.defaultBackend, (value) => backend(specPath.child('defaultBackend'), value)),
    ...each(specPath.child('rules'), rules, ({ host = '', http }, at) => [
      ...(host === '' ? [] : [...notAnAddress(at.child('host'), host), ...hostErrors(at.child('host'), host)]),
      ...ifSet(http, ({ paths }) => [
        ...((paths ?? []).length === 0 ? [required(at.child('http', 'paths'))] : []),
        ...each(at.child('http', 'paths'), paths, ingressPath),
      ]),
    ]),
    ...each(specPath.child('tls'), spec.tls, (tls, at) => [
      ...each(at.child('hosts'), tls.hosts, (host, hostAt) => hostErrors(hostAt, host)),
      ...matchesIfSet(at.child('secretName'), tls.secretName, dnsSubdomain),
    ]),
    ...ifSet(spec.ingressClassName, (name) => matches(specPath.child('ingressClassName'), name, dnsSubdomain)),
  ]
}

const classAnnotation = 'kubernetes.io/ingress.class'

function classMismatch({ metadata, spec }: Ingress): FieldError[] {
  const annotation = metadata.annotations?.[classAnnotation]
  const name = spec?.ingressClassName
  if (annotation === undefined || name === undefined || annotation === name) return []
  const text = 'must match `ingressClassName` when both are specified'
  return [invalid(path('annotations', classAnnotation), annotation, text)]
}

/** The rules of ingresses. */
export const ingressRules: AnyKindRules = kindRules<Ingress>({
  name: dnsSubdomain,
  create: (ingress) => [...ingressSpec(ingress.spec ?? {}), ...classMismatch(ingress)],
  update: ({ object }) => ingressSpec(object.spec ?? {}),
  status: ({ object, old }) => validateIngressStatus(object, old),
})

function classParameters(at: Path, ref: IngressClassParametersReference): FieldError[] {
  const { scope, namespace } = ref
  const namespaceAt = at.child('namespace')
  const errors = resourceReference(at, ref)
  if (scope === undefined) return [...errors, required(at.child('scope'))]
  errors.push(...oneOf(at.child('scope'), scope, ['Cluster', 'Namespace']))
  if (scope === 'Namespace') {
    if (namespace === undefined) return [...errors, required(namespaceAt, "`parameters.scope` is set to 'Namespace'")]
    return [...errors, ...matches(namespaceAt, namespace, dnsLabel)]
  }
  if (scope !== 'Cluster' || namespace === undefined) return errors
  return [...errors, forbidden(namespaceAt, "`parameters.scope` is set to 'Cluster'")]
}

function ingressClass({ spec }: IngressClass): FieldError[] {
  const at = specPath.child('controller')
  const controller = spec?.controller ?? ''
  return [
    ...(byteLength(controller) > 250 ? [tooLong(at, 250)] : []),
    ...domainPrefixedPath(at, controller),
    ...ifSet(spec?.parameters, (ref) => classParameters(specPath.child('parameters'), ref)),
  ]
}

/** The rules of ingress classes. */
export const ingressClassRules: AnyKindRules = kindRules<IngressClass>({
  name: dnsSubdomain,
  create: ingressClass,
  update: ({ object, old }) => {
    const at = specPath.child('controller')
    const isSame = object.spec?.controller === old.spec?.controller
    return [...(isSame ? [] : [invalid(at, object.spec?.controller ?? '', immutableText)]), ...ingressClass(object)]
  },
})

function serviceCidrs({ spec }: ServiceCIDR): FieldError[] {
  const at = specPath.child('cidrs')
  const cidrs = spec?.cidrs ?? []
  if (cidrs.length === 0) return [required(at, 'at least one CIDR required')]
  if (cidrs.length > 2)
    return [invalid(at, internal('networking.ServiceCIDRSpec', spec), 'may only hold up to 2 values')]
  const errors = each(at, cidrs, (cidr, itemAt) => canonicalCidr(itemAt, cidr))
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.address.bytes.length)
  if (cidrs.length < 2 || first === undefined || first !== second) return errors
  const text = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
  return [...errors, invalid(at, cidrs, text)]
}

function cidrChange(object: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const at = specPath.child('cidrs')
  const [now, before] = [object.spec?.cidrs ?? [], old.spec?.cidrs ?? []]
  const moved = each(at, before, (cidr, itemAt, index) =>
    cidr === now[index] ? [] : [invalid(itemAt, now[index] ?? '', immutableText)],
  )
  if (now.length === before.length) return moved
  if (before.length === 1 && now.length === 2) return [...moved, ...serviceCidrs(object)]
  return [invalid(at, now, immutableText)]
}

/** The rules of service CIDRs. */
export const serviceCidrRules: AnyKindRules = kindRules<ServiceCIDR>({
  name: dnsSubdomain,
  create: serviceCidrs,
  update: ({ object, old }) => cidrChange(object, old),
})

function parent({ spec }: IPAddress): FieldError[] {
  const at = specPath.child('parentRef')
  const ref = spec?.parentRef
  if (ref === undefined) return [required(at)]
  return [
    ...matchesIfSet(at.child('group'), ref.group, dnsSubdomain),
    ...requiredMatches(at.child('resource'), ref.resource, pathSegment),
    ...requiredMatches(at.child('name'), ref.name, pathSegment),
    ...matchesIfSet(at.child('namespace'), ref.namespace, pathSegment),
  ]
}

/** The rules of allocated IP addresses, whose names are the addresses. */
export const ipAddressRules: AnyKindRules = kindRules<IPAddress>({
  name: (name) => canonicalIp(path('name'), name).map(({ message }) => message.slice(message.indexOf('": ') + 3)),
  create: parent,
  update: ({ object, old }) => {
    const value = internal('networking.ParentReference', object.spec?.parentRef)
    const isSame = sameValue(object.spec?.parentRef, old.spec?.parentRef)
    return [...parent(object), ...(isSame ? [] : [invalid(specPath.child('parentRef'), value, immutableText)])]
  },
})
