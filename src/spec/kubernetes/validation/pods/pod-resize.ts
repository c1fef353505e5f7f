/** Resizing a pod in place: only cpu and memory change, and the quality of service stays. */
import { isSidecar } from '../../pods/pod-containers.ts'
import type { Pod, PodSpec, ResourceRequirements } from '../../objects/core-v1.generated.ts'
import { each } from '../checks.ts'
import { forbidden, invalid, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { sameValue } from '../same-value.ts'
import { mirrorAnnotation } from './pod-annotations.ts'
import type { AnyContainer } from './pod-options.ts'
import { qosClass } from '../../pods/qos-class.ts'

type Amounts = Readonly<Record<string, string>>
const specPath = path('spec')

function isRemoved(now: Amounts | undefined, before: Amounts | undefined): boolean {
  return Object.keys(before ?? {}).some((name) => now?.[name] === undefined)
}

function validateRemoved(
  at: Path,
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
): FieldError[] {
  return (['requests', 'limits'] as const)
    .filter((kind) => isRemoved(now?.[kind] as Amounts, before?.[kind] as Amounts))
    .map((kind) => forbidden(at.child(kind), `resource ${kind} cannot be removed`))
}

function withOldAmounts(now: Amounts | undefined, before: Amounts | undefined): Amounts {
  const { cpu: _cpu, memory: _memory, ...rest } = now ?? {}
  const kept = Object.entries(before ?? {}).filter(([name]) => name === 'cpu' || name === 'memory')
  return { ...rest, ...Object.fromEntries(kept) }
}

function withOldResources(
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
): ResourceRequirements {
  return {
    limits: withOldAmounts(now?.limits as Amounts, before?.limits as Amounts),
    requests: withOldAmounts(now?.requests as Amounts, before?.requests as Amounts),
  } as ResourceRequirements
}

/** Equality of resources where absent means without entries. */
function sameResources(a: ResourceRequirements | undefined, b: ResourceRequirements | undefined): boolean {
  return (['limits', 'requests', 'claims'] as const).every(
    (kind) => sameValue(a?.[kind] ?? {}, b?.[kind] ?? {}) || sameValue(a?.[kind], b?.[kind]),
  )
}

function isOnlyResized(container: AnyContainer, old: AnyContainer): boolean {
  const { resources, ...rest } = container
  const { resources: before, ...others } = old
  return (
    sameValue(rest, others) &&
    sameResources(withOldResources(resources, before), {
      ...before,
      claims: undefined,
    } as unknown as ResourceRequirements) &&
    (before?.claims ?? []).length === 0
  )
}

type Lists = 'containers' | 'initContainers'

function validateOrder(member: Lists, spec: PodSpec, old: PodSpec): FieldError[] {
  const [now, before] = [spec[member] ?? [], old[member] ?? []]
  const at = specPath.child(member)
  if (now.length !== before.length) return [forbidden(at, `${member} may not be added or removed on resize`)]
  return each(at, before, (container, itemAt, index) =>
    now[index]?.name === container.name
      ? []
      : [forbidden(itemAt.child('name'), `${member} may not be renamed or reordered on resize`)],
  )
}

function validateInit(at: Path, container: AnyContainer, old: AnyContainer): FieldError[] {
  const errors: FieldError[] = []
  if (!isOnlyResized(container, old)) {
    errors.push(forbidden(at, 'only cpu and memory resources for init or sidecar containers are mutable'))
  }
  if (isSidecar(container) || sameValue(container, old)) return errors
  const restarts = (container.resizePolicy ?? []).filter((policy) => policy.restartPolicy === 'RestartContainer')
  const text = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'
  return [...errors, ...restarts.map(() => forbidden(at, text))]
}

function validateContainerChanges(spec: PodSpec, old: PodSpec): FieldError[] {
  const text = 'only cpu and memory resources are mutable'
  const lists = (['initContainers', 'containers'] as const).flatMap((member) =>
    each(specPath.child(member), old[member], (before, itemAt, index) =>
      validateRemoved(itemAt.child('resources'), spec[member]?.[index]?.resources, before.resources),
    ),
  )
  const changed = (old.containers ?? []).flatMap((before, index) => {
    const container = spec.containers[index]
    return container === undefined || isOnlyResized(container, before) ? [] : [forbidden(specPath, text)]
  })
  const init = each(specPath.child('initContainers'), old.initContainers, (before, itemAt, index) => {
    const container = spec.initContainers?.[index]
    return container === undefined ? [] : validateInit(itemAt, container, before)
  })
  return [...lists, ...changed, ...init]
}

function validatePodLevel(spec: PodSpec, old: PodSpec): FieldError[] {
  const at = specPath.child('resources')
  const [now, before] = [spec.resources, old.resources]
  if (before !== undefined && now === undefined) return [forbidden(at, 'pod-level resources cannot be removed')]
  const removed = (['requests', 'limits'] as const)
    .filter((kind) => before !== undefined && isRemoved(now?.[kind] as Amounts, before[kind] as Amounts))
    .map((kind) => forbidden(at.child(kind), `pod-level resource ${kind} cannot be removed`))
  const undone = now === undefined ? undefined : withOldResources(now, before)
  if (sameResources(undone, before)) return removed
  return [...removed, forbidden(specPath, 'only cpu and memory resources are mutable at pod-level')]
}

function isNodeUnable(pod: Pod): boolean {
  const running = (pod.status?.containerStatuses ?? []).find((status) => status.state?.running !== undefined)
  return running !== undefined && running.resources === undefined
}

/** Why a pod is of a sort that is never resized; undefined for others. */
function whyFixed(pod: Pod): string | undefined {
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return 'static pods cannot be resized'
  return pod.spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined
}

/** A write to the resize subresource. */
export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  const why = whyFixed(old)
  if (why !== undefined) return [forbidden(path(''), why)]
  const errors: FieldError[] = []
  if ((old.status?.qosClass ?? qosClass(old.spec)) !== qosClass(pod.spec)) {
    const text = 'Pod QOS Class may not change as a result of resizing'
    errors.push(invalid(specPath, pod.status?.qosClass ?? '', text))
  }
  if (isNodeUnable(old)) errors.push(forbidden(specPath, 'Pod running on node without support for resize'))
  errors.push(...validatePodLevel(pod.spec, old.spec))
  const order = [
    ...validateOrder('containers', pod.spec, old.spec),
    ...validateOrder('initContainers', pod.spec, old.spec),
  ]
  if (order.length > 0) return [...errors, ...order]
  errors.push(...validateContainerChanges(pod.spec, old.spec))
  if (errors.length > 0) return errors
  const rest = (spec: PodSpec): object => ({ ...spec, containers: [], initContainers: [], resources: undefined })
  return sameValue(rest(pod.spec), rest(old.spec))
    ? []
    : [forbidden(specPath, 'only cpu and memory resources are mutable')]
}
