/** Writes to the status of a pod, as kubelets make them. */
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodSpec,
  PodStatus,
} from '../../objects/core-v1.generated.ts'
import { byteLength, each, ifSet, immutableText, matches, matchesIfSet, oneOf, joined } from '../checks.ts'
import { duplicate, forbidden, invalid, required, tooLong, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain, qualifiedName } from '../formats.ts'
import { internalList } from '../internal-value.ts'
import { isIpv6, legacyIp } from '../ip-address.ts'
import { idNumber } from './security-context.ts'

const statusPath = path('status')
type Statuses = readonly ContainerStatus[] | undefined

function validateConditions(at: Path, conditions: readonly PodCondition[] | undefined): FieldError[] {
  return each(at, conditions, (condition, itemAt) => {
    const generation = condition.observedGeneration ?? 0
    const text = 'must be a non-negative integer'
    const errors = generation < 0 ? [invalid(itemAt.child('observedGeneration'), generation, text)] : []
    if (['PodScheduled', 'Ready', 'Initialized'].includes(condition.type)) return errors
    return joined(errors, matches(itemAt.child('Type'), condition.type, qualifiedName))
  })
}

function isRestartedByRules(container: Container, exitCode: number): boolean | undefined {
  for (const rule of container.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? []
    const isIn = values.includes(exitCode)
    if (rule.exitCodes?.operator === 'In' ? isIn : !isIn) return true
  }
  return undefined
}

function isRestarted(container: Container, spec: PodSpec, exitCode: number): boolean {
  const byRules = isRestartedByRules(container, exitCode)
  if (byRules !== undefined) return byRules
  const policy: string = container.restartPolicy ?? spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** Some container may restart all of them, so that any of them may run again. */
function mayRestartAll(spec: PodSpec): boolean {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  return containers.some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some((rule) => rule.action === 'RestartAllContainers'),
  )
}

function validateTransitions(
  at: Path,
  statuses: readonly [now: Statuses, before: Statuses],
  isAllowed: (name: string, exitCode: number) => boolean,
): FieldError[] {
  const [now, before] = statuses
  return each(at, before, (old, itemAt) => {
    const ended = old.state?.terminated
    const status = (now ?? []).find(({ name }) => name === old.name)
    if (ended === undefined || status === undefined || status.state?.terminated !== undefined) return []
    if (isAllowed(old.name, ended.exitCode ?? 0)) return []
    return [forbidden(itemAt.child('state'), 'may not be transitioned to non-terminated state')]
  })
}

function validateAllTransitions(pod: Pod, old: Pod): FieldError[] {
  const { spec } = old
  const among =
    (list: readonly Container[] | undefined) =>
    (name: string, exitCode: number): boolean => {
      const container = (list ?? []).find((candidate) => candidate.name === name)
      return mayRestartAll(spec) || (container !== undefined && isRestarted(container, spec, exitCode))
    }
  const pair = (member: StatusMember): readonly [Statuses, Statuses] => [pod.status?.[member], old.status?.[member]]
  return joined(
    validateTransitions(statusPath.child('containerStatuses'), pair('containerStatuses'), among(spec.containers)),
    validateTransitions(
      statusPath.child('initContainerStatuses'),
      pair('initContainerStatuses'),
      among(spec.initContainers),
    ),
    validateTransitions(
      statusPath.child('ephemeralContainerStatuses'),
      pair('ephemeralContainerStatuses'),
      () => false,
    ),
  )
}

type StatusMember = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'
const statusMembers: readonly StatusMember[] = [
  'containerStatuses',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
]

function validateIps(pod: Pod, old: Pod, member: 'podIPs' | 'hostIPs'): FieldError[] {
  const at = statusPath.child(member)
  const addresses = (pod.status?.[member] ?? []).map(({ ip }) => ip ?? '')
  const known = (old.status?.[member] ?? []).map(({ ip }) => ip ?? '')
  const errors = each(at, addresses, (address, itemAt) => legacyIp(itemAt, address, known))
  if (addresses.length < 2) return errors
  const isDual = addresses.length === 2 && isIpv6(addresses[0] ?? '') !== isIpv6(addresses[1] ?? '')
  if (isDual) return errors
  const type = member === 'podIPs' ? 'core.PodIP' : 'core.HostIP'
  const value = internalList(type, pod.status?.[member])
  return [...errors, invalid(at, value, 'may specify no more than one IP for each IP family')]
}

function validateHostIp(pod: Pod): FieldError[] {
  const first = pod.status?.hostIPs?.[0]?.ip
  if (first === undefined || first === (pod.status?.hostIP ?? '')) return []
  return [invalid(statusPath.child('hostIPs').index(0).child('ip'), first, 'must be equal to `hostIP`')]
}

function validateUsers(at: Path, statuses: Statuses, isWindows: boolean): FieldError[] {
  return each(at, statuses, (status, itemAt) => {
    const user = status.user?.linux
    const userAt = itemAt.child('user', 'linux')
    if (user === undefined) return []
    if (isWindows) return [forbidden(userAt, 'cannot be set for a windows pod')]
    return joined(
      idNumber(userAt.child('uid'), user.uid),
      idNumber(userAt.child('gid'), user.gid),
      each(userAt.child('supplementalGroups'), user.supplementalGroups, (id, idAt) => idNumber(idAt, id)),
    )
  })
}

type Allocated = NonNullable<ContainerStatus['allocatedResourcesStatus']>[number]

function allocatedName(at: Path, name: string, container: Container): FieldError[] {
  if (name.startsWith('claim:')) {
    const claims = (container.resources?.claims ?? []).map((claim) =>
      (claim.request ?? '') === '' ? `claim:${claim.name}` : `claim:${claim.name}/${claim.request}`,
    )
    const text =
      "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
    return claims.includes(name) ? [] : [invalid(at, name, text)]
  }
  const requests = container.resources?.requests ?? {}
  return Object.hasOwn(requests, name) ? [] : [invalid(at, name, "must match one of the container's resource requests")]
}

function allocatedHealth(at: Path, allocated: Allocated): FieldError[] {
  const seen = new Set<string>()
  return each(at, allocated.resources, (resource, itemAt) => {
    const errors = oneOf(itemAt.child('health'), resource.health, ['Healthy', 'Unhealthy', 'Unknown'])
    const { message } = resource as { readonly message?: string }
    if (message === '') errors.push(required(itemAt.child('message'), 'must be non-empty if specified'))
    else if (message !== undefined && byteLength(message) > 1024) errors.push(tooLong(itemAt.child('message'), 1024))
    if (seen.has(resource.resourceID)) errors.push(duplicate(itemAt.child('resourceID'), resource.resourceID))
    seen.add(resource.resourceID)
    return errors
  })
}

function validateAllocated(at: Path, statuses: Statuses, containers: readonly Container[] | undefined): FieldError[] {
  return each(at, statuses, (status, itemAt) => {
    const container = (containers ?? []).find(({ name }) => name === status.name)
    return each(itemAt.child('allocatedResourcesStatus'), status.allocatedResourcesStatus, (allocated, allocatedAt) =>
      joined(
        container === undefined ? [] : allocatedName(allocatedAt.child('name'), allocated.name, container),
        allocatedHealth(allocatedAt.child('resources'), allocated),
      ),
    )
  })
}

function validateClaimStatuses(pod: Pod): FieldError[] {
  const at = statusPath.child('resourceClaimStatuses')
  const seen = new Set<string>()
  return each(at, pod.status?.resourceClaimStatuses, (status, itemAt) => {
    const errors: FieldError[] = []
    const nameAt = itemAt.child('name')
    if (!(pod.spec.resourceClaims ?? []).some(({ name }) => name === status.name)) {
      errors.push(invalid(nameAt, status.name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (seen.has(status.name)) errors.push(duplicate(nameAt, status.name))
    seen.add(status.name)
    return joined(
      errors,
      ifSet(status.resourceClaimName, (name) => matches(itemAt.child('resourceClaimName'), name, dnsSubdomain)),
    )
  })
}

function validateNomination(pod: Pod, old: Pod): FieldError[] {
  const at = statusPath.child('nominatedNodeName')
  const name = pod.status?.nominatedNodeName ?? ''
  if (name === '' || name === (old.status?.nominatedNodeName ?? '')) return []
  const errors = matchesIfSet(at, name, dnsSubdomain)
  if ((old.spec.nodeName ?? '') === '') return errors
  return [...errors, forbidden(at, 'may not be set on pods that are already bound to a node')]
}

function validateObservedGeneration(generation: number | undefined): FieldError[] {
  if ((generation ?? 0) >= 0) return []
  return [invalid(statusPath.child('observedGeneration'), generation, 'must be a non-negative integer')]
}

function validateNoneAllocated(at: Path, statuses: Statuses): FieldError[] {
  return each(at, statuses, (status, itemAt) =>
    (status.allocatedResourcesStatus ?? []).length === 0
      ? []
      : [forbidden(itemAt.child('allocatedResourcesStatus'), 'must not be specified in container status')],
  )
}

/** A write to the status subresource. */
export function validatePodStatus(pod: Pod, old: Pod): FieldError[] {
  const status: Partial<PodStatus> = pod.status ?? {}
  const isWindows = pod.spec.os?.name === 'windows'
  const errors = validateConditions(statusPath.child('conditions'), status.conditions)
  if ((pod.spec.nodeName ?? '') !== (old.spec.nodeName ?? '')) {
    errors.push(forbidden(statusPath.child('nodeName'), 'may not be changed directly'))
  }
  errors.push(...validateNomination(pod, old), ...validateObservedGeneration(status.observedGeneration))
  if ((status.qosClass ?? '') !== (old.status?.qosClass ?? '')) {
    errors.push(invalid(statusPath.child('qosClass'), status.qosClass ?? '', immutableText))
  }
  return joined(
    errors,
    validateAllTransitions(pod, old),
    validateClaimStatuses(pod),
    validateIps(pod, old, 'podIPs'),
    validateHostIp(pod),
    validateIps(pod, old, 'hostIPs'),
    statusMembers.flatMap((member) => validateUsers(statusPath.child(member), status[member], isWindows)),
    validateAllocated(statusPath.child('containerStatuses'), status.containerStatuses, pod.spec.containers),
    validateAllocated(statusPath.child('initContainerStatuses'), status.initContainerStatuses, pod.spec.initContainers),
    validateNoneAllocated(statusPath.child('ephemeralContainerStatuses'), status.ephemeralContainerStatuses),
  )
}
