/** API services that another server stands behind, read from their objects and kept until one of them changes. */
import type { APIService } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'
import type { Collection } from '../cache/collection.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { ServicePort } from '../service-endpoints.ts'

export const apiServiceStorage = 'apiregistration.k8s.io/apiservices'

/** One group version that is served elsewhere. */
export interface RemoteGroup {
  /** `VERSION.GROUP`. */
  readonly name: string
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  readonly service: ServicePort
  /** PEM; empty: those that the system trusts. */
  readonly authorities: string
  readonly insecure: boolean
  readonly isAvailable: boolean
}

/** The remote group of an object, undefined for what is served here. */
export function remoteGroupOf({ metadata, spec, status }: APIService): RemoteGroup | undefined {
  const { service, group = '', version = '' } = spec
  if (service === undefined) return undefined
  const { namespace = '', name = '', port = 443 } = service
  return {
    name: metadata.name,
    group,
    version,
    groupPriority: spec.groupPriorityMinimum,
    versionPriority: spec.versionPriority,
    service: { namespace, name, port },
    authorities: spec.caBundle === undefined ? '' : Buffer.from(spec.caBundle, 'base64').toString(),
    insecure: spec.insecureSkipTLSVerify === true,
    isAvailable: status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') ?? false,
  }
}

/** The remote groups of one server. */
export class RemoteGroups {
  readonly #objects: Collection
  #seen = -1
  #groups: ReadonlyMap<string, RemoteGroup> = new Map()

  constructor(cache: ObjectCache) {
    this.#objects = cache.collection(apiServiceStorage)
  }

  find(group: string, version: string): RemoteGroup | undefined {
    const groups = this.#all()
    return groups.size === 0 ? undefined : groups.get(`${group}/${version}`)
  }

  all(): readonly RemoteGroup[] {
    return [...this.#all().values()]
  }

  #all(): ReadonlyMap<string, RemoteGroup> {
    if (this.#objects.lastChange === this.#seen) return this.#groups
    this.#seen = this.#objects.lastChange
    const groups = Array.from(this.#objects.values(), ({ value }) => remoteGroupOf(value as unknown as APIService))
    this.#groups = new Map(
      groups.flatMap((one) => (one === undefined ? [] : [[`${one.group}/${one.version}`, one] as const])),
    )
    return this.#groups
  }
}
