/** The Pod Security Standards as checks of a pod's spec (v1.36): what a level forbids, in upstream's words. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { listAt, objectAt, textAt } from '../api-object.ts'

/** One check: undefined when there is nothing to object to. */
export interface Check {
  readonly id: string
  /** A baseline check that the restricted level has a stricter form of. */
  readonly replaces?: string
  readonly reason: string
  detail(spec: JsonObject): string | undefined
}

type Container = JsonObject

function containersOf(spec: JsonObject): readonly Container[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => listAt(spec, list))
}

function named(word: string, items: readonly JsonObject[]): string {
  const names = items.map((item) => JSON.stringify(textAt(item, 'name')))
  return `${word}${names.length === 1 ? '' : 's'} ${names.join(', ')}`
}

function offending(spec: JsonObject, test: (container: Container) => boolean, must: string): string | undefined {
  const found = containersOf(spec).filter(test)
  return found.length === 0 ? undefined : `${named('container', found)} ${must}`
}

function quotedSet(values: Iterable<string>): string {
  return [...new Set(values)]
    .toSorted()
    .map((value) => JSON.stringify(value))
    .join(', ')
}

const baselineCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])

const added = (container: Container): readonly string[] => {
  const list = objectAt(container, 'securityContext', 'capabilities')['add']
  return Array.isArray(list) ? (list as readonly string[]) : []
}
const dropped = (container: Container): readonly string[] => {
  const list = objectAt(container, 'securityContext', 'capabilities')['drop']
  return Array.isArray(list) ? (list as readonly string[]) : []
}

function capabilitiesBeyond(spec: JsonObject, allowed: ReadonlySet<string>): string | undefined {
  const found = containersOf(spec).filter((container) => added(container).some((name) => !allowed.has(name)))
  if (found.length === 0) return undefined
  const names = quotedSet(found.flatMap((container) => added(container).filter((name) => !allowed.has(name))))
  return `${named('container', found)} must not include ${names} in securityContext.capabilities.add`
}

const context = (value: unknown): JsonObject => objectAt(value, 'securityContext')

export const baselineChecks: readonly Check[] = [
  {
    id: 'capabilities',
    reason: 'non-default capabilities',
    detail: (spec) => capabilitiesBeyond(spec, baselineCapabilities),
  },
  {
    id: 'hostNamespaces',
    reason: 'host namespaces',
    detail: (spec) => {
      const set = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => spec[name] === true)
      return set.length === 0 ? undefined : set.map((name) => `${name}=true`).join(', ')
    },
  },
  {
    id: 'hostPathVolumes',
    reason: 'hostPath volumes',
    detail: (spec) => {
      const found = listAt(spec, 'volumes').filter((volume) => volume['hostPath'] !== undefined)
      return found.length === 0 ? undefined : named('volume', found)
    },
  },
  {
    id: 'hostPorts',
    reason: 'hostPort',
    detail: (spec) => {
      const portsOf = (container: Container): readonly number[] =>
        listAt(container, 'ports')
          .map((port) => Number(port['hostPort'] ?? 0))
          .filter((port) => port !== 0)
      const found = containersOf(spec).filter((container) => portsOf(container).length > 0)
      if (found.length === 0) return undefined
      const ports = [...new Set(found.flatMap(portsOf))].toSorted((a, b) => a - b)
      return `${named('container', found)} ${found.length === 1 ? 'uses' : 'use'} hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}`
    },
  },
  {
    id: 'privileged',
    reason: 'privileged',
    detail: (spec) =>
      offending(spec, (one) => context(one)['privileged'] === true, 'must not set securityContext.privileged=true'),
  },
  {
    id: 'procMount',
    reason: 'procMount',
    detail: (spec) => {
      const isOther = (one: Container): boolean =>
        !['', 'Default'].includes(textAt(one, 'securityContext', 'procMount'))
      const types = quotedSet(
        containersOf(spec)
          .filter(isOther)
          .map((one) => textAt(one, 'securityContext', 'procMount')),
      )
      return offending(spec, isOther, `must not set securityContext.procMount to ${types}`)
    },
  },
  {
    id: 'seccompProfile',
    reason: 'seccompProfile',
    detail: (spec) => {
      const isUnconfined = (one: unknown): boolean =>
        textAt(one, 'securityContext', 'seccompProfile', 'type') === 'Unconfined'
      const found = containersOf(spec).filter(isUnconfined)
      const who = [...(isUnconfined(spec) ? ['pod'] : []), ...(found.length === 0 ? [] : [named('container', found)])]
      return who.length === 0
        ? undefined
        : `${who.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`
    },
  },
  {
    id: 'sysctls',
    reason: 'forbidden sysctls',
    detail: (spec) => {
      const found = listAt(spec, 'securityContext', 'sysctls')
        .map((one) => textAt(one, 'name'))
        .filter((name) => !safeSysctls.has(name))
      return found.length === 0 ? undefined : found.join(', ')
    },
  },
  {
    id: 'windowsHostProcess',
    reason: 'hostProcess',
    detail: (spec) =>
      offending(
        spec,
        (one) => objectAt(one, 'securityContext', 'windowsOptions')['hostProcess'] === true,
        'must not set securityContext.windowsOptions.hostProcess=true',
      ),
  },
]

const restrictedVolumes = new Set(
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret image'.split(' '),
)

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    reason: 'allowPrivilegeEscalation != false',
    detail: (spec) =>
      offending(
        spec,
        (one) => context(one)['allowPrivilegeEscalation'] !== false,
        'must set securityContext.allowPrivilegeEscalation=false',
      ),
  },
  {
    id: 'capabilitiesRestricted',
    replaces: 'capabilities',
    reason: 'unrestricted capabilities',
    detail: (spec) => {
      const kept = offending(
        spec,
        (one) => !dropped(one).includes('ALL'),
        'must set securityContext.capabilities.drop=["ALL"]',
      )
      const extra = capabilitiesBeyond(spec, new Set(['NET_BIND_SERVICE']))
      const all = [kept, extra].filter((one) => one !== undefined)
      return all.length === 0 ? undefined : all.join('; ')
    },
  },
  {
    id: 'restrictedVolumes',
    replaces: 'hostPathVolumes',
    reason: 'restricted volume types',
    detail: (spec) => {
      const typeOf = (volume: JsonObject): string => Object.keys(volume).find((key) => key !== 'name') ?? ''
      const found = listAt(spec, 'volumes').filter((volume) => !['', ...restrictedVolumes].includes(typeOf(volume)))
      if (found.length === 0) return undefined
      const types = quotedSet(found.map(typeOf))
      return `${named('volume', found)} ${found.length === 1 ? 'uses' : 'use'} restricted volume type${types.includes(',') ? 's' : ''} ${types}`
    },
  },
  {
    id: 'runAsNonRoot',
    reason: 'runAsNonRoot != true',
    detail: (spec) => {
      const isPodSafe = context(spec)['runAsNonRoot'] === true
      const bad = containersOf(spec).filter((one) => {
        const own = context(one)['runAsNonRoot']
        return own === false || (own === undefined && !isPodSafe)
      })
      if (bad.length === 0) return undefined
      const open = bad.filter((one) => context(one)['runAsNonRoot'] === undefined)
      if (open.length > 0) return `pod or ${named('container', open)} must set securityContext.runAsNonRoot=true`
      return `${named('container', bad)} must not set securityContext.runAsNonRoot=false`
    },
  },
  {
    id: 'runAsUser',
    reason: 'runAsUser=0',
    detail: (spec) => {
      const found = containersOf(spec).filter((one) => context(one)['runAsUser'] === 0)
      const who = [
        ...(context(spec)['runAsUser'] === 0 ? ['pod'] : []),
        ...(found.length === 0 ? [] : [named('container', found)]),
      ]
      return who.length === 0 ? undefined : `${who.join(' and ')} must not set runAsUser=0`
    },
  },
  {
    id: 'seccompProfileRestricted',
    replaces: 'seccompProfile',
    reason: 'seccompProfile',
    detail: (spec) => {
      const typeOf = (one: unknown): string => textAt(one, 'securityContext', 'seccompProfile', 'type')
      const isSafe = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost'
      const open = containersOf(spec).filter((one) => typeOf(one) === '' && !isSafe(typeOf(spec)))
      const bad = containersOf(spec).filter((one) => typeOf(one) !== '' && !isSafe(typeOf(one)))
      const must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
      if (bad.length > 0) return `${named('container', bad)} ${must}`
      return open.length === 0 ? undefined : `pod or ${named('container', open)} ${must}`
    },
  },
]
