/** What may change in a pod after it was created: the spec's mutable list, ephemeral containers, resizing. */
import type {
  Affinity,
  EphemeralContainer,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  Toleration,
} from '../../objects/core-v1.generated.ts'
import { each, inRange, requiredText, joined } from '../checks.ts'
import { forbidden, invalid, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { internal, internalList } from '../internal-value.ts'
import { sameValue } from '../same-value.ts'
import { internalDiff } from '../spec-diff.ts'
import { validateTolerations } from './affinity.ts'
import { validateImageBlanks } from './containers.ts'
import { mirrorAnnotation } from './pod-annotations.ts'
import type { AnyContainer } from './pod-options.ts'

const specPath = path('spec')
const mutableText = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

type Containers = readonly AnyContainer[] | undefined

function validateContainerCount(at: Path, containers: Containers, old: Containers): FieldError[] {
  if ((containers ?? []).length === (old ?? []).length) return []
  return [forbidden(at, 'pod updates may not add or remove containers')]
}

function validateImages(at: Path, containers: Containers): FieldError[] {
  return each(at, containers, (container, itemAt) =>
    joined(requiredText(itemAt.child('image'), container.image), validateImageBlanks(itemAt, container)),
  )
}

function validateDeadline(spec: PodSpec, old: PodSpec): { readonly errors: FieldError[]; readonly stop: boolean } {
  const at = specPath.child('activeDeadlineSeconds')
  const [seconds, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds]
  if (seconds === undefined) {
    const text = 'must not update from a positive integer to nil value'
    return { errors: before === undefined ? [] : [invalid(at, null, text)], stop: false }
  }
  const range = inRange(at, seconds, [0, 2147483647])
  if (range.length > 0) return { errors: range, stop: true }
  if (before === undefined || before >= seconds) return { errors: [], stop: false }
  return { errors: [invalid(at, seconds, 'must be less than or equal to previous value')], stop: true }
}

function isSameToleration(a: Toleration, b: Toleration): boolean {
  return sameValue({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined })
}

function validateAddedTolerations(spec: PodSpec, old: PodSpec): FieldError[] {
  const at = specPath.child('tolerations')
  const kept = (old.tolerations ?? []).every((before) =>
    (spec.tolerations ?? []).some((toleration) => isSameToleration(toleration, before)),
  )
  if (!kept) return [forbidden(at, 'existing toleration can not be modified except its tolerationSeconds')]
  return validateTolerations(at, spec.tolerations)
}

function validateRemovedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name))
  return each(specPath.child('schedulingGates'), spec.schedulingGates, ({ name }, itemAt) => {
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`
    return known.has(name) ? [] : [forbidden(itemAt.child('name'), text)]
  })
}

/** Image updates are free: the new containers with the images of the old ones. */
function withOldImages<T extends { readonly image?: string }>(
  containers: readonly T[],
  old: readonly T[] | undefined,
): readonly T[] {
  return containers.map((container, index) => {
    const image = old?.[index]?.image
    return image === undefined ? container : { ...container, image }
  })
}

function validateNodeSelectorGrowth(spec: PodSpec, old: PodSpec): FieldError[] {
  const now = spec.nodeSelector ?? {}
  const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => now[key] === value)
  if (kept) return []
  const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
  return [invalid(specPath.child('nodeSelector'), spec.nodeSelector ?? null, text)]
}

function isTermGrown(term: NodeSelectorTerm | undefined, old: NodeSelectorTerm): boolean {
  const { matchExpressions = [], matchFields = [] } = term ?? {}
  const [expressions, fields] = [old.matchExpressions ?? [], old.matchFields ?? []]
  if (expressions.length + fields.length === 0) return matchExpressions.length + matchFields.length === 0
  return (
    sameValue(matchExpressions.slice(0, expressions.length), expressions) &&
    sameValue(matchFields.slice(0, fields.length), fields)
  )
}

function validateAffinityGrowth(affinity: NodeAffinity | undefined, old: NodeAffinity | undefined): FieldError[] {
  const member = 'requiredDuringSchedulingIgnoredDuringExecution'
  const at = specPath.child('affinity', 'nodeAffinity', member, 'nodeSelectorTerms')
  const before = old?.[member]?.nodeSelectorTerms ?? []
  const terms = affinity?.[member]?.nodeSelectorTerms
  if (before.length > 0 && before.length !== (terms ?? []).length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    return [invalid(at, internalList('core.NodeSelectorTerm', terms), text)]
  }
  return each(at, before, (term, itemAt, index) => {
    if (isTermGrown(terms?.[index], term)) return []
    const value = internal('core.NodeSelectorTerm', terms?.[index])
    return [invalid(itemAt, value, 'only additions are allowed (no mutations or deletions)')]
  })
}

/** What a pod that waits at a gate may still change: the spec with those changes undone, and their errors. */
function gatedChanges(spec: PodSpec, old: PodSpec): { readonly errors: FieldError[]; readonly undone: PodSpec } {
  if ((old.schedulingGates ?? []).length === 0) return { errors: [], undone: spec }
  const nodes = spec.affinity?.nodeAffinity
  const before = old.affinity?.nodeAffinity
  const errors = [...validateNodeSelectorGrowth(spec, old)]
  const undone = replaced(spec, 'nodeSelector', old.nodeSelector)
  if (sameValue(nodes, before)) return { errors, undone }
  errors.push(...validateAffinityGrowth(nodes, before))
  const others: Affinity = { ...spec.affinity }
  const isAlone = others.podAffinity === undefined && others.podAntiAffinity === undefined && old.affinity === undefined
  const affinity = isAlone ? undefined : replaced(others, 'nodeAffinity', before)
  return { errors, undone: replaced(undone, 'affinity', affinity as PodSpec['affinity']) }
}

/** A copy with one member of another value, or without it. */
function replaced<T extends object, K extends keyof T>(object: T, member: K, value: T[K] | undefined): T {
  const { [member]: _, ...rest } = object
  return (value === undefined ? rest : { ...rest, [member]: value }) as T
}

/** The new spec with every permitted change undone: what still differs is forbidden. */
function withoutPermitted(spec: PodSpec, old: PodSpec): PodSpec {
  let undone: PodSpec = { ...spec, containers: withOldImages(spec.containers, old.containers) }
  if (spec.initContainers !== undefined) {
    undone = { ...undone, initContainers: withOldImages(spec.initContainers, old.initContainers) }
  }
  undone = replaced(undone, 'activeDeadlineSeconds', old.activeDeadlineSeconds)
  undone = replaced(undone, 'schedulingGates', old.schedulingGates)
  undone = replaced(undone, 'tolerations', old.tolerations)
  const before = old.terminationGracePeriodSeconds
  const isRepaired = before !== undefined && before < 0 && spec.terminationGracePeriodSeconds === 1
  return isRepaired ? replaced(undone, 'terminationGracePeriodSeconds', before) : undone
}

/** The difference that is reported, with what upstream's own defaulting shares between both sides. */
export function validatePodSpecUpdate(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = []
  for (const member of ['containers', 'initContainers'] as const) {
    const at = specPath.child(member)
    const count = validateContainerCount(at, spec[member], old[member])
    errors.push(...count)
    if (count.length > 0) return errors
    errors.push(...validateImages(at, spec[member]))
  }
  const deadline = validateDeadline(spec, old)
  errors.push(...deadline.errors)
  if (deadline.stop) return errors
  errors.push(...validateAddedTolerations(spec, old), ...validateRemovedGates(spec, old))
  if (sameValue(spec, old)) return errors
  const gated = gatedChanges(withoutPermitted(spec, old), old)
  errors.push(...gated.errors)
  if (sameValue(gated.undone, old)) return errors
  const difference = internalDiff('core.PodSpec', old, gated.undone)
  return [...errors, forbidden(specPath, `pod updates may not change fields other than ${mutableText}\n${difference}`)]
}

function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined
}

/** Ephemeral containers are only ever added. */
export function validateEphemeralUpdate(pod: Pod, old: Pod): FieldError[] {
  const at = specPath.child('ephemeralContainers')
  if (isMirror(old)) return [forbidden(path(''), 'static pods do not support ephemeral containers')]
  const now = new Map((pod.spec.ephemeralContainers ?? []).map((container) => [container.name, container]))
  return (old.spec.ephemeralContainers ?? []).flatMap((before: EphemeralContainer) => {
    const after = now.get(before.name)
    const name = JSON.stringify(before.name)
    if (after === undefined) return [forbidden(at, `existing ephemeral containers ${name} may not be removed\n`)]
    if (sameValue(before, after)) return []
    const difference = internalDiff('core.EphemeralContainer', before, after)
    return [forbidden(at, `existing ephemeral containers ${name} may not be changed\n${difference}`)]
  })
}
