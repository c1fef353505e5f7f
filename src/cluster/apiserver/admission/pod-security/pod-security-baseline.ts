/** The checks of the baseline level of the Pod Security Standards (v1.36), in upstream's words. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { listAt, objectAt, textAt } from '../../api-object.ts'
import {
  type Check,
  type CheckedPod,
  containersOf,
  containersViolate,
  contextsOf,
  hasUnsafeSeccomp,
  isRelaxed,
  named,
  plural,
  quotedSet,
  securityContextOf,
  setters,
  sorted,
  type Violation,
} from './pod-security-parts.ts'

const capabilities: ReadonlySet<string> = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)

/** Kernel parameters that belong to a pod alone, by the version of the standards that allows them first. */
const sysctls: ReadonlyMap<string, number> = new Map([
  ['kernel.shm_rmid_forced', 0],
  ['net.ipv4.ip_local_port_range', 0],
  ['net.ipv4.tcp_syncookies', 0],
  ['net.ipv4.ping_group_range', 0],
  ['net.ipv4.ip_unprivileged_port_start', 0],
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_rmem', 32],
  ['net.ipv4.tcp_wmem', 32],
])

/** Containers that add capabilities beyond some. */
export function addsBeyond(pod: CheckedPod, allowed: ReadonlySet<string>): string | undefined {
  const beyond = (container: JsonObject): readonly string[] => {
    const list = objectAt(container, 'securityContext', 'capabilities')['add']
    return Array.isArray(list) ? (list as readonly string[]).filter((name) => !allowed.has(name)) : []
  }
  const found = containersOf(pod).filter((container) => beyond(container).length > 0)
  if (found.length === 0) return undefined
  const names = quotedSet(found.flatMap(beyond))
  return `${named('container', found)} must not include ${names} in securityContext.capabilities.add`
}

/** Containers that see more of the kernel's files than usual. */
export function unmasks(pod: CheckedPod): Violation | undefined {
  const typeOf = (one: JsonObject): string => textAt(one, 'securityContext', 'procMount')
  const isBad = (one: JsonObject): boolean => !['', 'Default'].includes(typeOf(one))
  const types = quotedSet(containersOf(pod).filter(isBad).map(typeOf))
  return containersViolate(pod, isBad, {
    reason: 'procMount',
    must: `must not set securityContext.procMount to ${types}`,
  })
}

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'

function appArmor(pod: CheckedPod): Violation | undefined {
  const typeOf = (context: JsonObject): string => textAt(context, 'appArmorProfile', 'type')
  const isBad = (context: JsonObject): boolean =>
    context['appArmorProfile'] !== undefined && !['RuntimeDefault', 'Localhost'].includes(typeOf(context))
  const notes = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^(?:|runtime\/default|localhost\/.*)$/s.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
  const who = [...setters(pod, isBad), ...(notes.length === 0 ? [] : [plural('annotation', notes.length)])]
  if (who.length === 0) return undefined
  const values = [...sorted(contextsOf(pod).filter(isBad).map(typeOf)), ...notes]
  // Quoted, but not escaped: an annotation has quotes of its own.
  const shown = values.map((value) => `"${value}"`).join(', ')
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${shown}`,
  }
}

function seLinux(pod: CheckedPod, minor: number): Violation | undefined {
  const types = [
    '',
    'container_t',
    'container_init_t',
    'container_kvm_t',
    ...(minor >= 31 ? ['container_engine_t'] : []),
  ]
  const has = (context: JsonObject, name: string): boolean => textAt(context, 'seLinuxOptions', name) !== ''
  const typeOf = (context: JsonObject): string => textAt(context, 'seLinuxOptions', 'type')
  const isOther = (context: JsonObject): boolean => !types.includes(typeOf(context))
  const who = setters(pod, (context) => isOther(context) || has(context, 'user') || has(context, 'role'))
  if (who.length === 0) return undefined
  const contexts = contextsOf(pod)
  const found = sorted(contexts.filter(isOther).map(typeOf))
  const what = [
    ...(found.length === 0 ? [] : [`${plural('type', found.length)} ${quotedSet(found)}`]),
    ...['user', 'role']
      .filter((name) => contexts.some((one) => has(one, name)))
      .map((name) => `${name} may not be set`),
  ]
  const detail = `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`
  return { reason: 'seLinuxOptions', detail }
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'

/** Before 1.19 profiles were annotations. */
function seccompAnnotations(pod: CheckedPod): Violation | undefined {
  const keys = [
    seccompPod,
    ...containersOf(pod).map((one) => `container.${seccompPod.slice(0, -3)}${textAt(one, 'name')}`),
  ]
  const found = sorted(
    keys.flatMap((key) => {
      const value = pod.annotations[key]
      if (value === undefined || /^(?:runtime\/default|docker\/default|localhost\/.*)$/s.test(value)) return []
      return [`${key}=${JSON.stringify(value)}`]
    }),
  )
  if (found.length === 0) return undefined
  return { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', found.length)} ${found.join(', ')}` }
}

function seccomp(pod: CheckedPod, minor: number): Violation | undefined {
  if (minor < 19) return seccompAnnotations(pod)
  const who = setters(pod, hasUnsafeSeccomp)
  if (who.length === 0) return undefined
  const types = quotedSet(
    contextsOf(pod)
      .filter(hasUnsafeSeccomp)
      .map((one) => textAt(one, 'seccompProfile', 'type')),
  )
  const detail = `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${types}`
  return { reason: 'seccompProfile', detail }
}

/** Hosts that the node would ask or tell on behalf of a container. */
function hostsOf(container: JsonObject): readonly string[] {
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((name) => objectAt(container, name)),
    ...['postStart', 'preStop'].map((name) => objectAt(container, 'lifecycle', name)),
  ]
  return handlers
    .flatMap((handler) => [textAt(handler, 'httpGet', 'host'), textAt(handler, 'tcpSocket', 'host')])
    .filter((host) => host !== '')
}

function probedHosts(pod: CheckedPod): Violation | undefined {
  const found = containersOf(pod).filter((container) => hostsOf(container).length > 0)
  if (found.length === 0) return undefined
  const names = sorted(found.map((one) => textAt(one, 'name')))
  const hosts = sorted(found.flatMap(hostsOf))
  const detail = `${plural('container', names.length)} ${quotedSet(names)} ${names.length === 1 ? 'uses' : 'use'} ${plural('probe or lifecycle host', hosts.length)} ${quotedSet(hosts)}`
  return { reason: 'probe or lifecycle host', detail }
}

function hostPorts(pod: CheckedPod): Violation | undefined {
  const portsOf = (container: JsonObject): readonly string[] =>
    listAt(container, 'ports')
      .map((port) => String(Number(port['hostPort'] ?? 0)))
      .filter((port) => port !== '0')
  const found = containersOf(pod).filter((container) => portsOf(container).length > 0)
  if (found.length === 0) return undefined
  const ports = sorted(found.flatMap(portsOf))
  const detail = `${named('container', found)} ${found.length === 1 ? 'uses' : 'use'} ${plural('hostPort', ports.length)} ${ports.join(', ')}`
  return { reason: 'hostPort', detail }
}

export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', violation: appArmor },
  {
    id: 'capabilities_baseline',
    violation: (pod) => {
      const detail = addsBeyond(pod, capabilities)
      return detail === undefined ? undefined : { reason: 'non-default capabilities', detail }
    },
  },
  {
    id: 'hostNamespaces',
    violation: ({ spec }) => {
      const set = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => spec[name] === true)
      const detail = set.map((name) => `${name}=true`).join(', ')
      return set.length === 0 ? undefined : { reason: 'host namespaces', detail }
    },
  },
  {
    id: 'hostPathVolumes',
    violation: ({ spec }) => {
      const found = listAt(spec, 'volumes').filter((volume) => volume['hostPath'] !== undefined)
      return found.length === 0 ? undefined : { reason: 'hostPath volumes', detail: named('volume', found) }
    },
  },
  { id: 'hostPorts', violation: hostPorts },
  { id: 'hostProbesAndHostLifecycle', since: 34, violation: probedHosts },
  {
    id: 'privileged',
    violation: (pod) =>
      containersViolate(pod, (one) => securityContextOf(one)['privileged'] === true, {
        reason: 'privileged',
        must: 'must not set securityContext.privileged=true',
      }),
  },
  { id: 'procMount', violation: (pod, minor) => (isRelaxed(pod, minor) ? undefined : unmasks(pod)) },
  { id: 'seLinuxOptions', violation: seLinux },
  { id: 'seccompProfile_baseline', violation: seccomp },
  {
    id: 'sysctls',
    violation: ({ spec }, minor) => {
      const found = listAt(spec, 'securityContext', 'sysctls')
        .map((one) => textAt(one, 'name'))
        .filter((name) => (sysctls.get(name) ?? Infinity) > minor)
      return found.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: found.join(', ') }
    },
  },
  {
    id: 'windowsHostProcess',
    violation: (pod) => {
      const who = setters(pod, (context) => objectAt(context, 'windowsOptions')['hostProcess'] === true)
      const detail = `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`
      return who.length === 0 ? undefined : { reason: 'hostProcess', detail }
    },
  },
]
