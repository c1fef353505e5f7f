/** A whole pod spec, in pods and in templates of pods (core/validation ValidatePodSpec, v1.36). */
import { amountsJson } from '#base/data/amounts.ts'
import type { Quantity } from '#base/data/quantity.ts'
import type {
  Container,
  HostAlias,
  PodDNSConfig,
  PodResourceClaim,
  PodSchedulingGate,
  PodSpec,
} from '../../objects/core-v1.generated.ts'
import type { ObjectMeta } from '../../objects/objects.ts'
import { amountsTogether } from '../../pods/pod-containers.ts'
import { byteLength, each, eachEntry, ifSet, inRange, matches, matchesIfSet, requiredOneOf, joined } from '../checks.ts'
import { duplicate, forbidden, invalid, notFound, required, tooLong, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain, dnsSubdomainWithUnderscore, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { legacyIp } from '../ip-address.ts'
import { validateLabels } from '../labels.ts'
import { validateAffinity, validateTolerations, validateTopologySpread } from './affinity.ts'
import {
  validateAppContainers,
  validateEphemeralContainers,
  validateHostNetworkPorts,
  validateInitContainers,
  validatePodRestartPolicy,
} from './containers.ts'
import { eachContainer, type PodOptions } from './pod-options.ts'
import { amountOf, compareAmounts, isHugePages, validateOverhead, validatePodLevelResources } from './resources.ts'
import { validatePodSecurity } from './security-context.ts'
import { validateVolumes } from './volumes.ts'
import { validateHostProcesses, validatePodOs } from './windows.ts'

type Amounts = Readonly<Record<string, string>>

function validateClaim(at: Path, claim: PodResourceClaim, names: Set<string>): FieldError[] {
  const { name, resourceClaimName, resourceClaimTemplateName } = claim
  const errors: FieldError[] = []
  if (name === '') errors.push(required(at.child('name')))
  else if (names.has(name)) errors.push(duplicate(at.child('name'), name))
  else errors.push(...matches(at.child('name'), name, dnsLabel))
  names.add(name)
  const value = internal('core.PodResourceClaim', claim)
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const text = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
    errors.push(invalid(at, value, text))
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    errors.push(invalid(at, value, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
  }
  return joined(
    errors,
    ifSet(resourceClaimName, (text) => matches(at.child('resourceClaimName'), text, dnsSubdomain)),
    ifSet(resourceClaimTemplateName, (text) => matches(at.child('resourceClaimTemplateName'), text, dnsSubdomain)),
  )
}

function validateClaims(at: Path, spec: PodSpec, meta: ObjectMeta | undefined): FieldError[] {
  if ((spec.resourceClaims ?? []).length > 0 && meta?.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
    return [forbidden(at.child(''), 'static pods do not support resource claims')].map((error) => ({
      ...error,
      field: '',
    }))
  }
  const names = new Set<string>()
  return each(at, spec.resourceClaims, (claim, itemAt) => validateClaim(itemAt, claim, names))
}

/** What the containers of a pod request together, or are limited to. */
function aggregated(spec: PodSpec, kind: 'requests' | 'limits'): Amounts {
  const own = (container: Container): Map<string, Quantity> =>
    new Map(
      Object.entries((container.resources?.[kind] ?? {}) as Amounts).map(([name, text]) => [name, amountOf(text)]),
    )
  return amountsJson(amountsTogether(spec, own))
}

function validateConsistency(at: Path, spec: PodSpec): FieldError[] {
  const requests = (spec.resources?.requests ?? {}) as Amounts
  const limits = (spec.resources?.limits ?? {}) as Amounts
  const below = (kind: 'requests' | 'limits', own: Amounts, only: (name: string) => boolean): FieldError[] =>
    Object.entries(aggregated(spec, kind)).flatMap(([name, sum]) => {
      const amount = own[name]
      if (amount === undefined || !only(name) || compareAmounts(sum, amount) <= 0) return []
      const text = `must be greater than or equal to aggregate container ${kind} of ${sum}`
      return [invalid(at.child(kind).key(name), amount, text)]
    })
  return joined(
    below('requests', requests, () => true),
    below('limits', limits, isHugePages),
    each(at.child('containers'), spec.containers, (container, itemAt) =>
      eachEntry(itemAt, container.resources?.limits as Amounts | undefined, (name, amount, entryAt) => {
        const limit = limits[name]
        if (limit === undefined || compareAmounts(amount, limit) <= 0) return []
        return [invalid(entryAt.child('limits'), amount, `must be less than or equal to pod limits of ${limit}`)]
      }),
    ),
  )
}

function validateResources(at: Path, spec: PodSpec, options: PodOptions): FieldError[] {
  const { resources } = spec
  if (resources === undefined) return []
  if (spec.os?.name === 'windows') return [forbidden(at, 'may not be set for a windows pod')]
  const claims = (spec.resourceClaims ?? []).map((claim) => claim.name)
  return joined(
    resources.claims === undefined
      ? []
      : [forbidden(at.child('claims'), 'claims may not be set for Resources at pod-level')],
    validatePodLevelResources(at, resources, { claims, ...options }),
    validateConsistency(at, spec),
  )
}

function validateSearch(search: string, at: Path): FieldError[] {
  if (search === '.') return []
  return matches(at, search.endsWith('.') ? search.slice(0, -1) : search, dnsSubdomainWithUnderscore)
}

function validateSearches(at: Path, searches: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  if (searches.length > 32) errors.push(invalid(at, searches, 'must not have more than 32 search paths'))
  if (byteLength(searches.join(' ')) > 2048) {
    const text = 'must not have more than 2048 characters (including spaces) in the search list'
    errors.push(invalid(at, searches, text))
  }
  return joined(errors, each(at, searches, validateSearch))
}

function validateDns(at: Path, config: PodDNSConfig | undefined, policy: string | undefined): FieldError[] {
  const isOnlySource = policy === 'None'
  if (config === undefined) {
    return isOnlySource ? [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')] : []
  }
  const { nameservers = [], searches = [], options = [] } = config
  const nameserversAt = at.child('nameservers')
  if (isOnlySource && nameservers.length === 0) {
    return [required(nameserversAt, 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
  }
  const many =
    nameservers.length > 3 ? [invalid(nameserversAt, nameservers, 'must not have more than 3 nameservers')] : []
  return joined(
    many,
    each(nameserversAt, nameservers, (server, itemAt) => legacyIp(itemAt, server)),
    validateSearches(at.child('searches'), searches),
    each(at.child('options'), options, (option, itemAt) =>
      (option.name ?? '') === '' ? [required(itemAt, 'must not be empty')] : [],
    ),
  )
}

function validateGates(at: Path, gates: readonly PodSchedulingGate[] | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(at, gates, ({ name }, itemAt) => {
    const repeated = seen.has(name) ? [duplicate(itemAt, name)] : []
    seen.add(name)
    return joined(matches(itemAt, name, qualifiedName), repeated)
  })
}

function validateHostUsers(at: Path, spec: PodSpec, options: PodOptions): FieldError[] {
  if (spec.hostUsers !== false) return []
  const text = 'when `hostUsers` is false'
  const errors: FieldError[] = []
  if (spec.hostNetwork === true) errors.push(forbidden(at.child('hostNetwork'), text))
  if (spec.hostPID === true) errors.push(forbidden(at.child('HostPID'), text))
  if (spec.hostIPC === true) errors.push(forbidden(at.child('HostIPC'), text))
  if (options.allowDevicesWithUserNamespace) return errors
  const devices = eachContainer(spec, at, (container, containerAt) =>
    (container.volumeDevices ?? []).length > 0 ? [forbidden(containerAt.child('volumeDevices'), text)] : [],
  )
  return joined(errors, devices)
}

function validateHostnameOverride(at: Path, spec: PodSpec): FieldError[] {
  const name = spec.hostnameOverride
  if (name === undefined) return []
  const errors: FieldError[] = []
  if (spec.setHostnameAsFQDN === true) {
    errors.push(forbidden(at, 'may not be specified when setHostnameAsFQDN is true'))
  }
  if (spec.hostNetwork === true) errors.push(forbidden(at, 'may not be specified when hostNetwork is true'))
  if (byteLength(name) > 64) errors.push(tooLong(at, 64))
  return joined(errors, matches(at, name, dnsSubdomain))
}

function validateAliases(at: Path, aliases: readonly HostAlias[] | undefined): FieldError[] {
  return each(at, aliases, (alias, itemAt) =>
    joined(
      legacyIp(itemAt.child('ip'), alias.ip),
      each(itemAt.child('hostnames'), alias.hostnames, (name, nameAt) => matches(nameAt, name, dnsSubdomain)),
    ),
  )
}

/** Names and numbers that stand for themselves. */
function validateScalars(at: Path, spec: PodSpec): FieldError[] {
  return joined(
    matchesIfSet(at.child('serviceAccountName'), spec.serviceAccountName, dnsSubdomain),
    matchesIfSet(at.child('nodeName'), spec.nodeName, dnsSubdomain),
    ifSet(spec.activeDeadlineSeconds, (seconds) =>
      inRange(at.child('activeDeadlineSeconds'), seconds, [1, 2147483647]),
    ),
    matchesIfSet(at.child('hostname'), spec.hostname, dnsLabel),
    matchesIfSet(at.child('subdomain'), spec.subdomain, dnsLabel),
    validateTolerations(at.child('tolerations'), spec.tolerations),
    validateAliases(at.child('hostAliases'), spec.hostAliases),
    matchesIfSet(at.child('priorityClassName'), spec.priorityClassName, dnsSubdomain),
    ifSet(spec.runtimeClassName, (name) => matches(at.child('runtimeClassName'), name, dnsSubdomain)),
    ifSet(spec.preemptionPolicy, (policy) =>
      requiredOneOf(at.child('preemptionPolicy'), policy, ['PreemptLowerPriority', 'Never']),
    ),
    validateOverhead(at.child('overhead'), spec.overhead as Amounts | undefined),
  )
}

function validateFileKeyVolumes(at: Path, spec: PodSpec): FieldError[] {
  return eachContainer(spec, at, (container, containerAt) =>
    each(containerAt.child('env'), container.env, (variable, itemAt) => {
      const name = variable.valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) return []
      const nameAt = itemAt.child('valueFrom', 'fileKeyRef', 'volumeName')
      const volume = (spec.volumes ?? []).find((candidate) => candidate.name === name)
      if (volume === undefined) return [notFound(nameAt, name)]
      return volume.emptyDir === undefined ? [invalid(nameAt, name, 'referenced volume must be of type emptyDir')] : []
    }),
  )
}

/** A pod spec. `meta` is the pod's metadata, absent for templates. */
export function validatePodSpec(
  at: Path,
  spec: PodSpec,
  of: { readonly options: PodOptions; readonly meta?: ObjectMeta | undefined },
): FieldError[] {
  const { options, meta } = of
  const volumes = validateVolumes(at.child('volumes'), spec.volumes, {
    isPod: options.isPod,
    podName: meta?.name ?? '',
  })
  const scope = { spec, volumes: volumes.valid, options }
  const grace = spec.terminationGracePeriodSeconds
  const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
  const group = spec.schedulingGroup
  return joined(
    grace === undefined ? [required(at.child('terminationGracePeriodSeconds'))] : [],
    volumes.errors,
    validateClaims(at.child('resourceClaims'), spec, meta),
    validateAppContainers(at.child('containers'), scope),
    validateInitContainers(at.child('initContainers'), scope),
    validateEphemeralContainers(at.child('ephemeralContainers'), scope),
    validateResources(at.child('resources'), spec, options),
    validateHostNetworkPorts(at.child('containers'), spec, options.isPod),
    validatePodRestartPolicy(at.child('restartPolicy'), spec.restartPolicy),
    requiredOneOf(at.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies),
    validateLabels(at.child('nodeSelector'), spec.nodeSelector),
    validatePodSecurity(at.child('securityContext'), spec),
    validateAffinity(at.child('affinity'), spec.affinity, options),
    validateDns(at.child('dnsConfig'), spec.dnsConfig, spec.dnsPolicy),
    each(at.child('readinessGates'), spec.readinessGates, (gate, itemAt) =>
      matches(itemAt.child('conditionType'), gate.conditionType, qualifiedName),
    ),
    validateGates(at.child('schedulingGates'), spec.schedulingGates),
    validateTopologySpread(at.child('topologySpreadConstraints'), spec.topologySpreadConstraints, options),
    validateHostProcesses(at, spec, options.allowPrivileged),
    validateHostUsers(at, spec, options),
    validateHostnameOverride(at.child('hostnameOverride'), spec),
    validateScalars(at, spec),
    validatePodOs(at, spec),
    ifSet(group, ({ podGroupName }) => {
      const nameAt = at.child('schedulingGroup', 'podGroupName')
      if (podGroupName === undefined) return [invalid(nameAt, null, 'must specify one of: `podGroupName`')]
      return matches(nameAt, podGroupName, dnsSubdomain)
    }),
    validateFileKeyVolumes(at, spec),
  )
}
