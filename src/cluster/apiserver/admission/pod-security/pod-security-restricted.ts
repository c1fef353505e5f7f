/** The checks that the restricted level of the Pod Security Standards adds to the baseline (v1.36), in upstream's words. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { listAt, objectAt, textAt } from '../../api-object.ts'
import { addsBeyond, unmasks } from './pod-security-baseline.ts'
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

const volumeTypes: ReadonlySet<string> = new Set(
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '),
)

/** What Windows has no such thing of is not asked of its pods. */
function isWindows({ spec }: CheckedPod, minor: number): boolean {
  return minor >= 25 && textAt(spec, 'os', 'name') === 'windows'
}

function dropsAll(container: JsonObject): boolean {
  const list = objectAt(container, 'securityContext', 'capabilities')['drop']
  return Array.isArray(list) && list.includes('ALL')
}

function capabilities(pod: CheckedPod, minor: number): Violation | undefined {
  if (isWindows(pod, minor)) return undefined
  const keeping = containersOf(pod).filter((container) => !dropsAll(container))
  const kept =
    keeping.length === 0 ? [] : [`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`]
  const details = [...kept, ...[addsBeyond(pod, new Set(['NET_BIND_SERVICE']))].filter((one) => one !== undefined)]
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

function volumes({ spec }: CheckedPod): Violation | undefined {
  const typeOf = (volume: JsonObject): string => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'
  const found = listAt(spec, 'volumes').filter((volume) => !volumeTypes.has(typeOf(volume)))
  if (found.length === 0) return undefined
  const types = sorted(found.map(typeOf))
  const detail = `${named('volume', found)} ${found.length === 1 ? 'uses' : 'use'} ${plural('restricted volume type', types.length)} ${quotedSet(types)}`
  return { reason: 'restricted volume types', detail }
}

function runAsNonRoot(pod: CheckedPod, minor: number): Violation | undefined {
  if (isRelaxed(pod, minor)) return undefined
  const reason = 'runAsNonRoot != true'
  const who = setters(pod, (context) => context['runAsNonRoot'] === false)
  if (who.length > 0) return { reason, detail: `${who.join(' and ')} must not set securityContext.runAsNonRoot=false` }
  if (securityContextOf(pod.spec)['runAsNonRoot'] === true) return undefined
  const open = containersOf(pod).filter((one) => securityContextOf(one)['runAsNonRoot'] === undefined)
  if (open.length === 0) return undefined
  return { reason, detail: `pod or ${named('container', open)} must set securityContext.runAsNonRoot=true` }
}

function seccomp(pod: CheckedPod, minor: number): Violation | undefined {
  if (isWindows(pod, minor)) return undefined
  const reason = 'seccompProfile'
  const who = setters(pod, hasUnsafeSeccomp)
  if (who.length > 0) {
    const types = quotedSet(
      contextsOf(pod)
        .filter(hasUnsafeSeccomp)
        .map((one) => textAt(one, 'seccompProfile', 'type')),
    )
    return { reason, detail: `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${types}` }
  }
  if (securityContextOf(pod.spec)['seccompProfile'] !== undefined) return undefined
  const open = containersOf(pod).filter((one) => securityContextOf(one)['seccompProfile'] === undefined)
  if (open.length === 0) return undefined
  const must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
  return { reason, detail: `pod or ${named('container', open)} ${must}` }
}

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: 8,
    violation: (pod, minor) =>
      isWindows(pod, minor)
        ? undefined
        : containersViolate(pod, (one) => securityContextOf(one)['allowPrivilegeEscalation'] !== false, {
            reason: 'allowPrivilegeEscalation != false',
            must: 'must set securityContext.allowPrivilegeEscalation=false',
          }),
  },
  { id: 'capabilities_restricted', since: 22, replaces: 'capabilities_baseline', violation: capabilities },
  { id: 'procMount_restricted', since: 35, replaces: 'procMount', violation: unmasks },
  { id: 'restrictedVolumes', replaces: 'hostPathVolumes', violation: volumes },
  { id: 'runAsNonRoot', violation: runAsNonRoot },
  {
    id: 'runAsUser',
    since: 23,
    violation: (pod, minor) => {
      const who = isRelaxed(pod, minor) ? [] : setters(pod, (context) => context['runAsUser'] === 0)
      return who.length === 0
        ? undefined
        : { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` }
    },
  },
  { id: 'seccompProfile_restricted', since: 19, replaces: 'seccompProfile_baseline', violation: seccomp },
]
