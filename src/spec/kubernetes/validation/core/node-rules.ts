/** Nodes (core/validation ValidateNode, v1.36). */
import type { ConfigMapNodeConfigSource, Node, NodeConfigSource, Taint } from '../../objects/core-v1.generated.ts'
import { byteLength, each, ifSet, matches, positive, requiredMatches, requiredText } from '../checks.ts'
import { duplicate, forbidden, invalid, uncheckable, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { configKey, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { legacyCidr, parseCidr } from '../ip-address.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateTaintEffect } from '../pods/affinity.ts'
import { validateAmount } from '../pods/resources.ts'
import { sameValue } from '../same-value.ts'

const specPath = path('spec')
const statusPath = path('status')

/** Taints of a node, unique by key and effect. Upstream reports them below the metadata. */
function taints(list: readonly Taint[] | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(path('metadata', 'taints'), list, (taint, at) => {
    const problems = labelValue(taint.value ?? '')
    const errors = [
      ...matches(at.child('key'), taint.key, qualifiedName),
      ...(problems.length === 0 ? [] : [invalid(at.child('value'), taint.value, problems.join(';'))]),
      ...validateTaintEffect(at.child('effect'), taint.effect),
    ]
    const key = `${taint.effect} ${taint.key}`
    if (seen.has(key)) {
      errors.push(duplicate(at, internal('core.Taint', taint), 'taints must be unique by key and effect pair'))
    }
    seen.add(key)
    return errors
  })
}

function amounts({ status }: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((member) =>
    Object.entries((status?.[member] ?? {}) as Readonly<Record<string, string>>).flatMap(([name, amount]) =>
      validateAmount(statusPath.child(member, name), name, amount),
    ),
  )
}

const featurePattern = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/

function featureProblem(name: string): string | undefined {
  const head = `invalid feature name ${JSON.stringify(name)}: must`
  if (byteLength(name) > 253) return `${head} be no more than 253 characters`
  if (featurePattern.test(name)) return undefined
  return `${head} start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`
}

function features(list: readonly string[] | undefined): FieldError[] {
  const at = statusPath.child('declaredFeatures')
  return each(at, list, (name, itemAt, index) => {
    const problem = featureProblem(name)
    const errors = problem === undefined ? [] : [invalid(itemAt, name, problem)]
    const next = list?.[index + 1]
    if (next === name) errors.push(duplicate(at.index(index + 1), next))
    else if (next !== undefined && name > next) {
      errors.push(invalid(at.index(index + 1), next, 'list must be sorted alphabetically'))
    }
    return errors
  })
}

function podCidrs({ spec }: Node): FieldError[] {
  const at = specPath.child('podCIDRs')
  const cidrs = spec?.podCIDRs ?? []
  const errors = each(at, cidrs, (cidr, itemAt) => legacyCidr(itemAt, cidr))
  if (cidrs.length < 2) return errors
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.address.bytes.length)
  const unread = cidrs.findIndex((cidr) => parseCidr(cidr) === undefined)
  if (unread >= 0) {
    const why = `invalid CIDR[${unread}]: <nil> (invalid CIDR address: ${cidrs[unread] ?? ''})`
    errors.push(uncheckable(at, `invalid PodCIDRs. failed to check with dual stack with error:${why}`))
  }
  if (unread < 0 && cidrs.length === 2 && first !== second) return errors
  return [...errors, invalid(at, cidrs, 'may specify no more than one CIDR for each IP family')]
}

function swap({ status }: Node): FieldError[] {
  const capacity = status?.nodeInfo?.swap?.capacity
  return capacity === undefined ? [] : positive(path('metadata', 'nodeSwapStatus', 'capacity'), capacity)
}

function configMapSource(at: Path, source: ConfigMapNodeConfigSource, isSpec: boolean): FieldError[] {
  const identity = (['uid', 'resourceVersion'] as const).flatMap((member) => {
    const value = source[member] ?? ''
    if (!isSpec) return requiredText(at.child(member), value)
    return value === '' ? [] : [forbidden(at.child(member), `${member} must not be set in spec`)]
  })
  return [
    ...identity,
    ...requiredMatches(at.child('namespace'), source.namespace, dnsLabel),
    ...requiredMatches(at.child('name'), source.name, dnsSubdomain),
    ...requiredMatches(at.child('kubeletConfigKey'), source.kubeletConfigKey, configKey),
  ]
}

function configSource(at: Path, source: NodeConfigSource, isSpec: boolean): FieldError[] {
  if (source.configMap !== undefined) return configMapSource(at.child('configMap'), source.configMap, isSpec)
  return [invalid(at, internal('core.NodeConfigSource', source), 'exactly one reference subfield must be non-nil')]
}

function frozen(node: Node, old: Node): FieldError[] {
  const before = old.spec?.podCIDRs ?? []
  const errors: FieldError[] = []
  if (before.length > 0 && !sameValue(before, node.spec?.podCIDRs ?? [])) {
    const text = 'node updates may not change podCIDR except from "" to valid'
    errors.push(forbidden(specPath.child('podCIDRs'), text))
  }
  const provider = old.spec?.providerID ?? ''
  if (provider !== '' && provider !== node.spec?.providerID) {
    const text = 'node updates may not change providerID except from "" to valid'
    errors.push(forbidden(specPath.child('providerID'), text))
  }
  return errors
}

function updateNode(node: Node, old: Node): FieldError[] {
  const seen = new Set<string>()
  const statusAt = statusPath.child('config')
  const config = node.status?.config
  const isMoved = (node.spec?.externalID ?? '') !== (old.spec?.externalID ?? '')
  return [
    ...amounts(node),
    ...features(node.status?.declaredFeatures),
    ...each(statusPath.child('addresses'), node.status?.addresses, (address, at) => {
      const key = `${address.type} ${address.address}`
      if (seen.has(key)) return [duplicate(at, internal('core.NodeAddress', address))]
      seen.add(key)
      return []
    }),
    ...frozen(node, old),
    ...ifSet(node.spec?.configSource, (source) => configSource(specPath.child('configSource'), source, true)),
    ...(['assigned', 'active', 'lastKnownGood'] as const).flatMap((member) =>
      ifSet(config?.[member], (source) => configSource(statusAt.child(member), source, false)),
    ),
    ...taints(node.spec?.taints),
    ...(isMoved ? [forbidden(specPath.child('externalID'), 'may not be updated')] : []),
  ]
}

/** The rules of nodes; their status is checked as the whole is. */
export const nodeRules: AnyKindRules = kindRules<Node>({
  name: dnsSubdomain,
  create: (node) => [
    ...taints(node.spec?.taints),
    ...amounts(node),
    ...swap(node),
    ...features(node.status?.declaredFeatures),
    ...podCidrs(node),
  ],
  update: ({ object, old }) => updateNode(object, old),
  status: ({ object, old }) => updateNode(object, old),
})
