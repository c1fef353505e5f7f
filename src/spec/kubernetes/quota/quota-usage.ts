/**
 * What objects count for in quotas: pods by what they ask for, services and claims by what they take, everything else by
 * its number (pkg/quota/v1/evaluator, v1.36). The same for admission, which charges, and for the controller, which recounts.
 */
import { parseQuantity, quantityOfUnits, quantityUnits, type Quantity } from '#base/data/quantity.ts'
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../objects/core-v1.generated.ts'
import type { KubernetesObject } from '../objects/objects.ts'
import type { ResourceClaim } from '../objects/resource-v1.generated.ts'
import { type Amounts, plus } from '#base/data/amounts.ts'
import { deviceUsage, isDeviceName } from './device-usage.ts'
import { mayBeDevices } from '../pods/device-resources.ts'
import { extendedUsage, isExtendedDeviceName, podCountedFor, type QuotaDevices } from './extended-usage.ts'
import { podConstraint, podUsage } from './pod-usage.ts'
import { claimInScope, podInScope, scopesOf } from './quota-scopes.ts'

/** A resource as quotas name it. */
export interface QuotaResource {
  readonly group: string
  readonly resource: string
}

const one = quantityOfUnits(1)
const zero = quantityOfUnits(0)
const classSuffix = '.storageclass.storage.k8s.io/'

/** Resources that quotas have always counted under their plain names. */
const plainNames: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
])

/** What is never counted. */
const ignored: ReadonlySet<string> = new Set(['/bindings', '/componentstatuses', '/events', 'events.k8s.io/events'])

/** Whether quotas count a resource at all. */
export function isCounted({ group, resource }: QuotaResource): boolean {
  return !ignored.has(`${group}/${resource}`)
}

/** The name under which objects of a resource are counted: `count/deployments.apps`. */
export function countName({ group, resource }: QuotaResource): string {
  return group === '' ? `count/${resource}` : `count/${resource}.${group}`
}

const kindOf = ({ group, resource }: QuotaResource): string => (group === '' ? resource : `${resource}.${group}`)

/** What decides beside an object what it counts for. */
export interface UsageSurroundings {
  readonly nowMs: number
  /** Left out, claims count for no extended resources. */
  readonly devices?: QuotaDevices | undefined
}

/** What an object counts for. */
export function usageOf(resource: QuotaResource, object: KubernetesObject, around: UsageSurroundings): Amounts {
  switch (kindOf(resource)) {
    case 'pods':
      return podUsage(object as unknown as Pod, around.nowMs)
    case 'services':
      return serviceUsage(object as unknown as Service)
    case 'persistentvolumeclaims':
      return claimUsage(object as unknown as PersistentVolumeClaim)
    case 'resourceclaims.resource.k8s.io':
      return plus(countUsage(resource), devicesOf(object as unknown as ResourceClaim, around))
    default:
      return countUsage(resource)
  }
}

function devicesOf(claim: ResourceClaim, { nowMs, devices }: UsageSurroundings): Amounts {
  const byClass = deviceUsage(claim)
  if (devices === undefined) return byClass
  const pod = podCountedFor(claim, devices)
  return plus(byClass, extendedUsage(byClass, pod === undefined ? new Map() : podUsage(pod, nowMs), devices))
}

function countUsage(resource: QuotaResource): Amounts {
  const usage = new Map([[countName(resource), one]])
  if (resource.group === '' && plainNames.has(resource.resource)) usage.set(resource.resource, one)
  return usage
}

function serviceUsage({ spec }: Service): Amounts {
  const ports = spec?.ports ?? []
  const usage = new Map<string, Quantity>([
    ['count/services', one],
    ['services', one],
    ['services.loadbalancers', zero],
    ['services.nodeports', zero],
  ])
  if (spec?.type === 'NodePort') usage.set('services.nodeports', quantityOfUnits(ports.length))
  if (spec?.type !== 'LoadBalancer') return usage
  // Ports are not allocated yet: what counts is what the service means to have.
  const named = ports.filter(({ nodePort }) => nodePort !== undefined && nodePort !== 0).length
  usage.set('services.nodeports', quantityOfUnits(spec.allocateLoadBalancerNodePorts === false ? named : ports.length))
  usage.set('services.loadbalancers', one)
  return usage
}

function claimUsage(claim: PersistentVolumeClaim): Amounts {
  const usage = new Map<string, Quantity>([
    ['persistentvolumeclaims', one],
    ['count/persistentvolumeclaims', one],
  ])
  const { metadata, spec } = claim
  const storageClass = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? ''
  if (storageClass !== '') usage.set(`${storageClass}${classSuffix}persistentvolumeclaims`, one)
  const bytes = claimedBytes(claim)
  if (bytes === undefined) return usage
  usage.set('requests.storage', bytes)
  if (storageClass !== '') usage.set(`${storageClass}${classSuffix}requests.storage`, bytes)
  return usage
}

/** What a claim asks for, or was given where that is more; in whole bytes. */
function claimedBytes({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const asked = spec?.resources?.requests?.['storage']
  if (asked === undefined) return undefined
  const given = status?.allocatedResources?.['storage'] ?? '0'
  const [wanted, allocated] = [parseQuantity(asked), parseQuantity(given)]
  const most = allocated.nanos > wanted.nanos ? allocated : wanted
  return quantityOfUnits(quantityUnits(most), most.format)
}

const podNames: ReadonlySet<string> = new Set([
  'count/pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
])
const serviceNames: ReadonlySet<string> = new Set([
  'count/services',
  'services',
  'services.nodeports',
  'services.loadbalancers',
])
const claimNames: ReadonlySet<string> = new Set([
  'count/persistentvolumeclaims',
  'persistentvolumeclaims',
  'requests.storage',
])

function isPodName(name: string): boolean {
  if (podNames.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')) return true
  const asked = name.startsWith('requests.') ? name.slice('requests.'.length) : ''
  return mayBeDevices(asked)
}

function isClaimName(name: string): boolean {
  return (
    claimNames.has(name) || (name.includes(classSuffix) && /\/(persistentvolumeclaims|requests\.storage)$/.test(name))
  )
}

/** Which of some names a resource's objects count under. */
export function namesFor(resource: QuotaResource, names: readonly string[], devices?: QuotaDevices): readonly string[] {
  switch (kindOf(resource)) {
    case 'pods':
      return names.filter(isPodName)
    case 'services':
      return names.filter((name) => serviceNames.has(name))
    case 'persistentvolumeclaims':
      return names.filter(isClaimName)
    default: {
      const own = countUsage(resource)
      const isClaims = kindOf(resource) === 'resourceclaims.resource.k8s.io'
      const isDevice = (name: string): boolean =>
        isDeviceName(name) || (devices !== undefined && isExtendedDeviceName(name, devices))
      return names.filter((name) => own.has(name) || (isClaims && isDevice(name)))
    }
  }
}

/** Whether an object is in all scopes of a quota. */
export function inScopes(resource: QuotaResource, object: KubernetesObject, quota: ResourceQuota): boolean {
  const scopes = scopesOf(quota.spec ?? {})
  return scopes.every((scope) => {
    if (kindOf(resource) === 'pods') return podInScope(object as unknown as Pod, scope)
    if (kindOf(resource) === 'persistentvolumeclaims')
      return claimInScope(object as unknown as PersistentVolumeClaim, scope)
    return false
  })
}

/** What an object must say because a quota limits some names, or undefined. */
export function constraintOf(
  resource: QuotaResource,
  object: KubernetesObject,
  limited: readonly string[],
): string | undefined {
  return kindOf(resource) === 'pods' ? podConstraint(object as unknown as Pod, limited) : undefined
}
