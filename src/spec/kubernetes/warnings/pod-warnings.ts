/** Warnings about pods and templates of pods (pkg/api/pod, v1.36), in upstream's order. */
import { goQuote } from '#base/data/go-quote.ts'
import type { Pod, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume } from '../objects/core-v1.generated.ts'
import type { ObjectMeta } from '../objects/objects.ts'
import { path, type Path } from '../validation/field-path.ts'
import { dnsLabel } from '../validation/formats.ts'
import { ipWarnings } from '../validation/ip-address.ts'
import { containersOf, containerWarnings, portWarnings } from './container-warnings.ts'
import { nodeLabelMapWarnings, nodeLabelWarnings, nodeTermWarnings } from './node-labels.ts'
import { claimWarnings, fractionWarnings } from './storage-warnings.ts'
import { volumePathWarnings } from './volume-paths.ts'
import { type AnyWarningRules, warningRules } from './warning-rules.ts'

const nullSelectorText = 'a null labelSelector results in matching no pod'

const none: readonly string[] = []

function nodeWarnings(at: Path, spec: PodSpec): readonly string[] {
  if ((spec.affinity?.nodeAffinity ?? spec.nodeSelector) === undefined) return none
  const affinity = spec.affinity?.nodeAffinity
  const affinityAt = at.child('affinity', 'nodeAffinity')
  const termsAt = affinityAt.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')
  const preferredAt = affinityAt.child('preferredDuringSchedulingIgnoredDuringExecution')
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return [
    ...nodeLabelMapWarnings(at.child('nodeSelector'), spec.nodeSelector),
    ...required.flatMap((term, index) => nodeTermWarnings(termsAt.index(index), term, false)),
    ...preferred.flatMap(({ preference }, index) =>
      nodeTermWarnings(preferredAt.index(index).child('preference'), preference, true),
    ),
  ]
}

function spreadWarnings(at: Path, { topologySpreadConstraints = [] }: PodSpec): readonly string[] {
  return topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => {
    const one = at.child('topologySpreadConstraints').index(index)
    const keyWarnings = nodeLabelWarnings(
      topologyKey,
      (text) => `${one.child('topologyKey')}: ${topologyKey} is ${text}`,
    )
    if (labelSelector !== undefined) return keyWarnings
    return [...keyWarnings, `${one.child('labelSelector')}: ${nullSelectorText}`]
  })
}

const sysctlsText = 'non-functional in v1.11+; use the "sysctls" field instead'
const deprecatedAnnotations = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', sysctlsText],
  ['security.alpha.kubernetes.io/unsafe-sysctls', sysctlsText],
] as const

function annotationWarnings(at: Path, { annotations }: Partial<ObjectMeta>): readonly string[] {
  if (annotations === undefined) return none
  return deprecatedAnnotations.flatMap(([key, text]) =>
    annotations?.[key] === undefined ? [] : [`${at.child('annotations').key(key)}: ${text}`],
  )
}

const retiredVolumes = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const

function volumeWarnings(at: Path, volume: Volume): readonly string[] {
  const template = volume.ephemeral?.volumeClaimTemplate
  return [
    ...retiredVolumes.flatMap(([member, name, text]) =>
      volume[member] === undefined ? [] : [`${at.child(name)}: ${text}`],
    ),
    ...(template === undefined
      ? []
      : claimWarnings(at.child('ephemeral', 'volumeClaimTemplate', 'spec'), template.spec)),
  ]
}

/** Elements whose key an earlier one has. */
function repeated<T>(
  list: readonly T[],
  keyOf: (item: T) => string,
): readonly (readonly [index: number, key: string])[] {
  const seen = new Set<string>()
  return list.flatMap((item, index) => {
    const key = keyOf(item)
    if (seen.has(key)) return [[index, key] as const]
    seen.add(key)
    return []
  })
}

function listWarnings(at: Path, { hostAliases = [], imagePullSecrets = [] }: PodSpec): readonly string[] {
  if (hostAliases.length + imagePullSecrets.length === 0) return none
  const secretsAt = at.child('imagePullSecrets')
  return [
    ...repeated(hostAliases, ({ ip }) => ip).map(
      ([index, ip]) => `${at.child('hostAliases').index(index).child('ip')}: duplicate ip ${goQuote(ip)}`,
    ),
    ...repeated(imagePullSecrets, ({ name = '' }) => name).map(
      ([index, name]) => `${secretsAt.index(index).child('name')}: duplicate name ${goQuote(name)}`,
    ),
    ...imagePullSecrets.flatMap(({ name = '' }, index) =>
      name === '' ? [`${secretsAt.index(index).child('name')}: invalid empty name ""`] : [],
    ),
  ]
}

function affinityTerms(at: Path, spec: PodSpec): readonly string[] {
  if (spec.affinity === undefined) return none
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => {
    const affinity = spec.affinity?.[name]
    const requiredAt = at.child('affinity', name, 'requiredDuringSchedulingIgnoredDuringExecution')
    const preferredAt = at.child('affinity', name, 'preferredDuringSchedulingIgnoredDuringExecution')
    const unselective = (term: PodAffinityTerm, termAt: Path): readonly string[] =>
      term.labelSelector === undefined ? [`${termAt.child('labelSelector')}: ${nullSelectorText}`] : []
    return [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
        unselective(term, requiredAt.index(index)),
      ),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ podAffinityTerm }, index) =>
        unselective(podAffinityTerm, preferredAt.index(index).child('podAffinityTerm')),
      ),
    ]
  })
}

function addressWarnings(at: Path, { dnsConfig, hostAliases = [] }: PodSpec): readonly string[] {
  if (dnsConfig === undefined && hostAliases.length === 0) return none
  return [
    ...(dnsConfig?.nameservers ?? []).flatMap((address, index) =>
      ipWarnings(at.child('dnsConfig', 'nameservers').index(index), address),
    ),
    ...hostAliases.flatMap(({ ip }, index) => ipWarnings(at.child('hostAliases').index(index).child('ip'), ip)),
  ]
}

const podSeccompKey = 'seccomp.security.alpha.kubernetes.io/pod'

function seccompWarnings(metaAt: Path, meta: Partial<ObjectMeta>, spec: PodSpec): readonly string[] {
  if (spec.securityContext?.seccompProfile !== undefined || meta.annotations?.[podSeccompKey] === undefined) return []
  const where = metaAt.child('annotations').key(podSeccompKey)
  return [`${where}: non-functional in v1.27+; use the "seccompProfile" field instead`]
}

interface Written {
  readonly metadata?: ObjectMeta
  readonly spec?: PodSpec
}

function specWarnings(root: Path, { metadata: meta = {}, spec }: Written, isTemplate: boolean): readonly string[] {
  if (spec === undefined) return []
  const [at, metaAt] = [root.child('spec'), root.child('metadata')]
  const containers = containersOf(at, spec)
  const volumes = spec.volumes ?? []
  const around = { meta, metaAt, spec, isTemplate }
  const graceAt = at.child('terminationGracePeriodSeconds')
  return [
    ...nodeWarnings(at, spec),
    ...spreadWarnings(at, spec),
    ...annotationWarnings(metaAt, meta),
    ...volumes.flatMap((volume, index) => volumeWarnings(at.child('volumes').index(index), volume)),
    ...volumes.flatMap(volumePathWarnings),
    ...listWarnings(at, spec),
    ...fractionWarnings(() => at.child('overhead').key('memory'), spec.overhead?.['memory']),
    ...fractionWarnings(() => at.child('overhead').key('ephemeral-storage'), spec.overhead?.['ephemeral-storage']),
    ...seccompWarnings(metaAt, meta, spec),
    ...containers.flatMap((placed) => containerWarnings(placed, around)),
    ...portWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${graceAt}: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityTerms(at, spec),
    ...addressWarnings(at, spec),
  ]
}

/** What is said of a template of pods. */
export function podTemplateWarnings(at: Path, template: PodTemplateSpec | undefined): readonly string[] {
  return template === undefined ? [] : specWarnings(at, template, true)
}

/**
 * A name that becomes part of host names and is no DNS label.
 * @param use what the name is used in, as the warning puts it.
 */
export function hostNameWarnings(name: string | undefined, use: string): readonly string[] {
  const problems = dnsLabel(name ?? '')
  if (problems.length === 0) return []
  const result = 'which can result in surprising behavior; a DNS label is recommended'
  return [`metadata.name: this is used in ${use}, ${result}: [${problems.join(' ')}]`]
}

function statusWarnings({ status }: Pod): readonly string[] {
  return (['podIPs', 'hostIPs'] as const).flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ ip }, index) => ipWarnings(path('status', list).index(index).child('ip'), ip)),
  )
}

/** Pods: nothing is said of changes, which nobody but controllers makes. */
export const podWarnings: AnyWarningRules = warningRules<Pod>({
  create: (pod) => [...hostNameWarnings(pod.metadata.name, "the Pod's hostname"), ...specWarnings(path(), pod, false)],
  status: statusWarnings,
})
