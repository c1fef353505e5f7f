/** Warnings about the containers of a pod: repeated variables, ports that overlap, fractions of bytes (pkg/api/pod, v1.36). */
import { appArmorKey, appArmorOf } from '../pods/app-armor.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { Container, ContainerPort, PodSpec } from '../objects/core-v1.generated.ts'
import type { ObjectMeta } from '../objects/objects.ts'
import type { Path } from '../validation/field-path.ts'
import { sameValue } from '../validation/same-value.ts'
import { fractionWarnings } from './storage-warnings.ts'

interface PlacedContainer {
  readonly container: Container
  readonly at: Path
}

/** All containers of a pod with their paths: init containers first. */
export function containersOf(at: Path, spec: PodSpec): readonly PlacedContainer[] {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const
  return lists.flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, at: at.child(list).index(index) })),
  )
}

const seccompKey = 'container.seccomp.security.alpha.kubernetes.io/'
export interface PodAround {
  readonly meta: Partial<ObjectMeta>
  readonly metaAt: Path
  readonly spec: PodSpec
  /** Pods are told of AppArmor elsewhere. */
  readonly isTemplate: boolean
}

function profileWarnings({ container }: PlacedContainer, around: PodAround): readonly string[] {
  const annotationsAt = around.metaAt.child('annotations')
  const annotations = around.meta.annotations ?? {}
  const warnings: string[] = []
  const { securityContext, name } = container
  if (securityContext?.seccompProfile === undefined && annotations[seccompKey + name] !== undefined) {
    warnings.push(
      `${annotationsAt.key(seccompKey + name)}: non-functional in v1.27+; use the "seccompProfile" field instead`,
    )
  }
  const written = annotations[appArmorKey + name]
  if (!around.isTemplate || securityContext?.appArmorProfile !== undefined || written === undefined) return warnings
  const ofPod = around.spec.securityContext?.appArmorProfile
  if (ofPod !== undefined && sameValue(ofPod, appArmorOf(written))) return warnings
  warnings.push(
    `${annotationsAt.key(appArmorKey + name)}: deprecated since v1.30; use the "appArmorProfile" field instead`,
  )
  return warnings
}

const byteResources = ['memory', 'ephemeral-storage'] as const

function sizeWarnings({ container, at }: PlacedContainer): readonly string[] {
  const { limits, requests } = container.resources ?? {}
  const resourcesAt = at.child('resources')
  const warnings: string[] = []
  for (const name of byteResources) {
    warnings.push(...fractionWarnings(() => resourcesAt.child('limits').key(name), limits?.[name]))
    warnings.push(...fractionWarnings(() => resourcesAt.child('requests').key(name), requests?.[name]))
  }
  return warnings
}

/** A variable may be defined again from its former value; anything else hides that value. */
function variableWarnings({ container, at }: PlacedContainer): readonly string[] {
  if ((container.env ?? []).length < 2) return []
  const seen = new Set<string>()
  return (container.env ?? []).flatMap(({ name, value = '', valueFrom }, index) => {
    const reference = `$(${name})`
    const hides = valueFrom !== undefined || value === reference || !value.includes(reference)
    const isRepeated = seen.has(name)
    seen.add(name)
    if (!isRepeated || !hides) return []
    const where = at.child('env').index(index)
    return [`${where}: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`]
  })
}

/** What is said of one container by itself. */
export function containerWarnings(placed: PlacedContainer, around: PodAround): readonly string[] {
  return [...profileWarnings(placed, around), ...sizeWarnings(placed), ...variableWarnings(placed)]
}

interface PlacedPort {
  readonly port: ContainerPort
  readonly at: Path
}

function printedPort({ name = '', hostPort = 0, containerPort, protocol = 'TCP', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
}

function clash(a: ContainerPort, b: ContainerPort): string | undefined {
  const [ip, otherIp] = [a.hostIP ?? '', b.hostIP ?? '']
  const [port, otherPort] = [a.hostPort ?? 0, b.hostPort ?? 0]
  if (ip === otherIp && port === otherPort) return 'duplicate'
  if (port === 0 || otherPort === 0) return 'overlapping'
  return port === otherPort && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined
}

/** Ports of one number that are compared with each other; an answer has no room for more. */
const comparedMost = 100

/** Ports of all containers of a pod against each other: first by number, then by name. */
export function portWarnings(containers: readonly PlacedContainer[]): readonly string[] {
  const ports: readonly PlacedPort[] = containers.flatMap(({ container, at }) =>
    (container.ports ?? []).map((port, index) => ({ port, at: at.child('ports').index(index) })),
  )
  const byNumber = new Map<string, PlacedPort[]>()
  const warnings: string[] = []
  for (const placed of ports) {
    const { port, at } = placed
    const isBound = (port.hostIP ?? '') === '' || (port.hostPort ?? 0) !== 0
    if (!isBound) warnings.push(`${at}: hostIP set without hostPort: ${printedPort(port)}`)
    const key = `${port.containerPort}/${port.protocol ?? ''}`
    const others = byNumber.get(key) ?? []
    for (const other of others) {
      const kind = clash(port, other.port)
      if (kind !== undefined) warnings.push(`${at}: ${kind} port definition with ${other.at}`)
    }
    if (others.length < comparedMost) others.push(placed)
    byNumber.set(key, others)
  }
  return [...warnings, ...portNameWarnings(ports)]
}

function portNameWarnings(ports: readonly PlacedPort[]): readonly string[] {
  const first = new Map<string, Path>()
  return ports.flatMap(({ port, at }) => {
    const name = port.name ?? ''
    if (name === '') return []
    const other = first.get(name)
    if (other === undefined) first.set(name, at)
    if (other === undefined) return []
    const use = `services and probes that select ports by name will use ${other}`
    return [`${at}: duplicate port name ${goQuote(name)} with ${other}, ${use}`]
  })
}
