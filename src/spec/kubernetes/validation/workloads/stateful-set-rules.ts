/** Stateful sets (apps/validation, v1.36). */
import type { StatefulSet, StatefulSetSpec } from '../../objects/apps-v1.generated.ts'
import type { PodTemplateSpec, Volume } from '../../objects/core-v1.generated.ts'
import { each, ifSet, matchesIfSet, nonNegative, oneOf } from '../checks.ts'
import { forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsLabel } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { selectorMatches } from '../labels.ts'
import { selectorMismatch, templateSpec, validatePodTemplate } from '../pods/pod-template.ts'
import { sameValue } from '../same-value.ts'
import { validateClaimSpec } from '../storage/persistent-volume-claim-spec.ts'
import { intOrPercentValue, notAbove100Percent, validateIntOrPercent } from './int-or-percent.ts'
import { collisionsNotLower, nonNegativeCounts, replicaParts } from './replica-counts.ts'
import { requiredSelector, runsForEver } from './workload-template.ts'

const specPath = path('spec')
const statusPath = path('status')

function management(at: Path, policy: string | undefined): FieldError[] {
  if (policy === undefined || policy === '') return [required(at)]
  if (policy === 'OrderedReady' || policy === 'Parallel') return []
  return [invalid(at, policy, "must be 'OrderedReady' or 'Parallel'")]
}

type Strategy = NonNullable<StatefulSetSpec['updateStrategy']>

function rollingUpdate(at: Path, rolling: NonNullable<Strategy['rollingUpdate']>): FieldError[] {
  const unavailableAt = at.child('maxUnavailable')
  return [
    ...nonNegative(at.child('partition'), rolling.partition),
    ...ifSet(rolling.maxUnavailable, (value) => [
      ...validateIntOrPercent(unavailableAt, value),
      ...(intOrPercentValue(value) === 0 ? [invalid(unavailableAt, value, 'cannot be 0')] : []),
      ...notAbove100Percent(unavailableAt, value),
    ]),
  ]
}

function updateStrategy(at: Path, strategy: Strategy | undefined): FieldError[] {
  const type: string = strategy?.type ?? ''
  const rolling = strategy?.rollingUpdate
  const rollingAt = at.child('rollingUpdate')
  if (type === '') return [required(at)]
  if (type === 'RollingUpdate') return rolling === undefined ? [] : rollingUpdate(rollingAt, rolling)
  if (type !== 'OnDelete') {
    const value = internal('apps.StatefulSetUpdateStrategy', strategy)
    return [invalid(at, value, "must be 'RollingUpdate' or 'OnDelete'")]
  }
  if (rolling === undefined) return []
  const value = internal('apps.RollingUpdateStatefulSetStrategy', rolling)
  return [invalid(rollingAt, value, "only allowed for updateStrategy 'RollingUpdate'")]
}

/** The template as its pods will be: claims become volumes of the same name, host names are the set's. */
function effectiveTemplate(spec: StatefulSetSpec): PodTemplateSpec | undefined {
  const { template } = spec
  if (template === undefined) return undefined
  const { hostname: _hostname, subdomain: _subdomain, ...pod } = templateSpec(template)
  const names = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? '')
  if (names.length === 0) return { ...template, spec: pod }
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }) as Volume)
  const others = (pod.volumes ?? []).filter((volume) => !names.includes(volume.name))
  return { ...template, spec: { ...pod, volumes: [...claims, ...others] } }
}

function validateSpec(spec: StatefulSetSpec, isUpdate: boolean): FieldError[] {
  const retentionAt = specPath.child('persistentVolumeClaimRetentionPolicy')
  const templateAt = specPath.child('template')
  const template = effectiveTemplate(spec)
  const isMatch = selectorMatches(spec.selector, template?.metadata?.labels)
  const claims = isUpdate ? [] : spec.volumeClaimTemplates
  return [
    ...management(specPath.child('podManagementPolicy'), spec.podManagementPolicy),
    ...updateStrategy(specPath.child('updateStrategy'), spec.updateStrategy),
    ...ifSet(spec.persistentVolumeClaimRetentionPolicy, (policy) => [
      ...oneOf(retentionAt.child('whenDeleted'), policy.whenDeleted, ['Retain', 'Delete']),
      ...oneOf(retentionAt.child('whenScaled'), policy.whenScaled, ['Retain', 'Delete']),
    ]),
    ...each(specPath.child('volumeClaimTemplates'), claims, (claim, at) =>
      validateClaimSpec(at.child('spec'), claim.spec),
    ),
    ...nonNegative(specPath.child('replicas'), spec.replicas),
    ...nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    ...nonNegative(specPath.child('ordinals.start'), spec.ordinals?.start),
    ...(isUpdate ? [] : matchesIfSet(specPath.child('serviceName'), spec.serviceName, dnsLabel)),
    ...requiredSelector(specPath.child('selector'), spec.selector, 'statefulset'),
    ...(isMatch === undefined
      ? [invalid(specPath.child('selector'), spec.selector, '')]
      : [...selectorMismatch(templateAt, template, isMatch), ...validatePodTemplate(templateAt, template)]),
    ...runsForEver(templateAt, spec.template, 'StatefulSet'),
  ]
}

const mutableMembers = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

function frozenPart(spec: StatefulSetSpec | undefined): object {
  const rest: Record<string, unknown> = { ...spec }
  for (const member of mutableMembers) delete rest[member]
  return rest
}

const frozenText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

/** The rules of stateful sets. */
export const statefulSetRules: AnyKindRules = kindRules<StatefulSet>({
  name: dnsLabel,
  create: ({ spec }) => validateSpec(spec ?? ({} as StatefulSetSpec), false),
  update: ({ object, old }) => [
    ...validateSpec(object.spec ?? ({} as StatefulSetSpec), true),
    ...(sameValue(frozenPart(object.spec), frozenPart(old.spec)) ? [] : [forbidden(specPath, frozenText)]),
  ],
  status: ({ object: { status }, old }) => [
    ...nonNegativeCounts(statusPath, status, [
      ...['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      ...['observedGeneration', 'collisionCount'],
    ]),
    ...replicaParts(statusPath, status, {
      parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      readyText: 'cannot be greater than status.readyReplicas',
    }),
    ...collisionsNotLower(statusPath, status, old.status),
  ],
})
