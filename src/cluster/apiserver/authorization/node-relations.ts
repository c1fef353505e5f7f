/** Which stored objects have to do with a node: its own, and those that the pods bound to it need. */
import type { ObjectReference, PersistentVolume, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type ApiObject, textAt } from '../api-object.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import { type PodReferences, referencesOf } from '../pod-references.ts'

/** Resources of which a node may read what it needs. */
export type RelatedResource =
  | '/pods'
  | '/secrets'
  | '/configmaps'
  | '/serviceaccounts'
  | '/persistentvolumeclaims'
  | '/persistentvolumes'
  | 'storage.k8s.io/volumeattachments'
  | 'resource.k8s.io/resourceclaims'
  | 'resource.k8s.io/resourceslices'

interface Place {
  readonly namespace: string
  readonly name: string
}

/** The relations of one node. */
export class NodeRelations {
  readonly #cache: ObjectCache
  readonly #node: string

  constructor(cache: ObjectCache, node: string) {
    this.#cache = cache
    this.#node = node
  }

  /** Whether an object of a resource has to do with the node. */
  has(resource: RelatedResource, { namespace, name }: Place): boolean {
    switch (resource) {
      case '/pods':
        return this.#namesNode(resource, `${namespace}/${name}`, ['spec', 'nodeName'])
      case 'storage.k8s.io/volumeattachments':
      case 'resource.k8s.io/resourceslices':
        return this.#namesNode(resource, name, ['spec', 'nodeName'])
      case '/serviceaccounts':
        return this.#podsIn(namespace).some(({ spec }) => spec.serviceAccountName === name)
      case '/secrets':
        return this.#refers(namespace, ({ secrets }) => secrets.has(name)) || this.#isSecretOfVolume(namespace, name)
      case '/configmaps':
        return this.#refers(namespace, ({ configMaps }) => configMaps.has(name))
      case '/persistentvolumeclaims':
        return this.#needsClaim(namespace, name)
      case '/persistentvolumes':
        return this.#needsVolume(this.#find(resource, name) as unknown as PersistentVolume | undefined)
      case 'resource.k8s.io/resourceclaims':
        return this.#refers(namespace, ({ deviceClaims }) => deviceClaims.has(name))
    }
  }

  #find(resource: string, key: string): ApiObject | undefined {
    return this.#cache.collection(resource).get(key)?.value
  }

  #namesNode(resource: string, key: string, path: readonly string[]): boolean {
    const object = this.#find(resource, key)
    return object !== undefined && textAt(object, ...path) === this.#node
  }

  /** Pods of the node; those that stand for its own static pods give it no rights. */
  #podsIn(namespace: string): readonly Pod[] {
    const pods: Pod[] = []
    for (const { value } of this.#cache.collection('/pods').range(`${namespace}/`)) {
      const isMirror = value.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
      if (!isMirror && textAt(value, 'spec', 'nodeName') === this.#node) pods.push(value as unknown as Pod)
    }
    return pods
  }

  #refers(namespace: string, test: (references: PodReferences) => boolean): boolean {
    return this.#podsIn(namespace).some((pod) => test(referencesOf(pod)))
  }

  #needsClaim(namespace: string, name: string): boolean {
    return this.#refers(namespace, ({ claims }) => claims.has(name))
  }

  #needsVolume(volume: PersistentVolume | undefined): boolean {
    const claim: ObjectReference | undefined = volume?.spec?.claimRef
    return claim !== undefined && this.#needsClaim(claim.namespace ?? '', claim.name ?? '')
  }

  #isSecretOfVolume(namespace: string, name: string): boolean {
    for (const { value } of this.#cache.collection('/persistentvolumes').range('')) {
      const volume = value as unknown as PersistentVolume
      const isNamed = secretsOf(volume).some((secret) => secret.namespace === namespace && secret.name === name)
      if (isNamed && this.#needsVolume(volume)) return true
    }
    return false
  }
}

interface SecretPlace {
  readonly namespace?: string
  readonly name?: string
}

/** The secrets of a bound volume that a node needs to mount it (VisitPVSecretNames, v1.36). */
function secretsOf({ spec }: PersistentVolume): readonly SecretPlace[] {
  if (spec?.claimRef === undefined) return []
  const { claimRef, azureFile, csi } = spec
  const beside = claimRef.namespace ?? ''
  const anywhere = [spec.cephfs, spec.flexVolume, spec.rbd, spec.scaleIO, spec.iscsi].map((source) => source?.secretRef)
  const placed = [spec.cinder, spec.storageos].map((source) => source?.secretRef)
  const ofDriver = [csi?.nodeStageSecretRef, csi?.nodePublishSecretRef, csi?.nodeExpandSecretRef]
  return [
    ...(azureFile === undefined
      ? []
      : [{ namespace: azureFile.secretNamespace ?? beside, name: azureFile.secretName }]),
    ...anywhere.flatMap((one) => (one === undefined ? [] : [{ namespace: one.namespace || beside, name: one.name }])),
    ...[...placed, ...ofDriver].filter((one) => one !== undefined),
  ] as readonly SecretPlace[]
}
