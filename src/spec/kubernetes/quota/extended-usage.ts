/**
 * What a claim of devices counts for under the names of extended resources behind which its classes stand: as much as its
 * pod does not count for itself (resource_claims.go, v1.36).
 */
import { type Amounts, minus } from '#base/data/amounts.ts'
import type { Pod } from '../objects/core-v1.generated.ts'
import type { DeviceClass, ResourceClaim } from '../objects/resource-v1.generated.ts'
import { classBehind, classResourcePrefix, extendedClaimAnnotation } from '../pods/device-resources.ts'
import { classSuffix } from './device-usage.ts'

/** The objects that decide what a claim counts for. */
export interface QuotaDevices {
  readonly classes: () => readonly DeviceClass[]
  readonly claims: (namespace: string) => readonly ResourceClaim[]
  readonly pod: (namespace: string, name: string) => Pod | undefined
}

const prefix = 'requests.'

/** Whether a class stands behind the resource that a quota limits by this name. */
export function isExtendedDeviceName(name: string, { classes }: QuotaDevices): boolean {
  return (
    name.startsWith(prefix) && name.includes('/') && classBehind(name.slice(prefix.length), classes()) !== undefined
  )
}

/**
 * The devices of a claim under the names of extended resources.
 * @param byClass what it counts for by class
 * @param ofPod what the claim's pod counts for
 */
export function extendedUsage(byClass: Amounts, ofPod: Amounts, { classes }: QuotaDevices): Amounts {
  const usage = new Map([...byClass].flatMap(([name, amount]) => namesOf(name, classes()).map((own) => [own, amount])))
  const rest = minus(usage, new Map([...ofPod].filter(([name]) => usage.has(name))))
  return new Map([...rest].filter(([, { nanos }]) => nanos > 0n))
}

function namesOf(name: string, classes: readonly DeviceClass[]): readonly string[] {
  const className = name.endsWith(classSuffix) ? name.slice(0, -classSuffix.length) : ''
  if (className === '') return []
  const extended = classes.find(({ metadata }) => metadata.name === className)?.spec.extendedResourceName ?? ''
  return [`${prefix}${classResourcePrefix}${className}`, ...(extended === '' ? [] : [`${prefix}${extended}`])]
}

/** The pod that counts for a claim already: the one that it was made for, if no other claim was made for that pod before. */
export function podCountedFor(claim: ResourceClaim, { pod: podOf, claims }: QuotaDevices): Pod | undefined {
  const { namespace = '', name } = claim.metadata
  const owner = extendedOwner(claim)
  const pod = owner === undefined ? undefined : podOf(namespace, owner.name)
  if (owner === undefined || pod?.metadata.uid !== owner.uid) return undefined
  const told = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  if (told !== undefined) return told === name ? pod : undefined
  const isFirst = claims(namespace).every((one) => extendedOwner(one)?.uid !== owner.uid || !isBefore(one, claim))
  return isFirst ? pod : undefined
}

/** The pod for whose extended resources a claim says that it was made. */
function extendedOwner({ metadata }: ResourceClaim): { readonly name: string; readonly uid: string } | undefined {
  if (metadata.annotations?.[extendedClaimAnnotation] !== 'true') return undefined
  return metadata.ownerReferences?.find(
    ({ controller, apiVersion, kind }) => controller === true && apiVersion === 'v1' && kind === 'Pod',
  )
}

/** A claim that is not stored yet is newer than all that are. */
function isBefore({ metadata: a }: ResourceClaim, { metadata: b }: ResourceClaim): boolean {
  if (a.uid === b.uid) return false
  const [one, other] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
  return other === '' || one < other || (one === other && a.name < b.name)
}
