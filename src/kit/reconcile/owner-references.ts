/** Ownership: which controller an object belongs to, and taking objects over or letting them go (adoption and release). */
import { matchesSelector, type Requirement } from '#base/data/label-selector.ts'
import type { JsonObject, KubernetesObject, OwnerReference } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from './api-client.ts'
import type { Action } from './plan.ts'

/** The reference that makes `owner` the controller of an object; deleting the owner in the foreground waits for it. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** The owner that controls an object, if one does. */
export function controllerOf(object: Pick<KubernetesObject, 'metadata'>): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true)
}

/** Objects that a selecting owner controls, and what must be done so that it controls the right ones. */
export interface Claimed<T> {
  readonly owned: readonly T[]
  readonly actions: readonly Action[]
}

export interface ClaimTerms<T extends KubernetesObject> {
  readonly owner: KubernetesObject
  readonly selector: readonly Requirement[]
  readonly resource: ApiResource<T>
  /** Finalizers that an adopted object gets and a released one loses. */
  readonly finalizers?: readonly string[]
  /** Further condition on the ones to take over. */
  readonly fits?: (object: T) => boolean
}

/**
 * Sorts candidates: those the owner controls and selects are its own; selected ones without a controller are adopted
 * (unless either side is being deleted); controlled ones that it no longer selects are released.
 */
export function claimObjects<T extends KubernetesObject>(candidates: readonly T[], terms: ClaimTerms<T>): Claimed<T> {
  const owned: T[] = []
  const actions: Action[] = []
  for (const object of candidates) {
    const claim = claimOf(object, terms)
    if (claim === 'own' || claim === 'adopt') owned.push(object)
    if (claim !== 'adopt' && claim !== 'release') continue
    const patch = claim === 'adopt' ? adopt(object, terms) : release(object, terms)
    actions.push({ do: 'patch', resource: terms.resource, object, type: 'strategic', patch })
  }
  return { owned, actions }
}

function claimOf<T extends KubernetesObject>(object: T, terms: ClaimTerms<T>): 'own' | 'adopt' | 'release' | 'none' {
  const { owner } = terms
  const controller = controllerOf(object)
  const fits = matchesSelector(terms.selector, object.metadata.labels) && (terms.fits?.(object) ?? true)
  const isEnding = owner.metadata.deletionTimestamp !== undefined
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return 'none'
    if (fits) return 'own'
    return isEnding ? 'none' : 'release'
  }
  return fits && !isEnding && object.metadata.deletionTimestamp === undefined ? 'adopt' : 'none'
}

function adopt<T extends KubernetesObject>(object: T, { owner, finalizers }: ClaimTerms<T>): JsonObject {
  return {
    metadata: {
      uid: object.metadata.uid,
      ownerReferences: [controllerReference(owner)],
      ...(finalizers === undefined ? {} : { finalizers }),
    },
  }
}

function release<T extends KubernetesObject>(object: T, { owner, finalizers }: ClaimTerms<T>): JsonObject {
  return {
    metadata: {
      uid: object.metadata.uid,
      ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }],
      ...(finalizers === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': finalizers }),
    },
  }
}
