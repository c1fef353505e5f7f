/** What must hold in every cluster whatever fails: checked change by change, as the API server takes each in. */
import type { Collection, CollectionEvent } from '#cluster/apiserver/cache/collection.ts'
import type { ObjectCache } from '#cluster/apiserver/cache/object-cache.ts'
import type { Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'

const violationsMost = 100

/** Broken invariants in words; the first ones tell enough. */
export class Violations {
  readonly found: string[] = []

  add(what: string): void {
    if (this.found.length < violationsMost) this.found.push(what)
  }
}

interface SeenPod {
  readonly uid: string
  readonly nodeName: string
  readonly address: string | undefined
}

/** Looks at every change of pods and services from now on. Objects are looked at as the cache holds them: nothing is read twice. */
export function watchInvariants(cache: Pick<ObjectCache, 'collection'>, violations: Violations): Disposable {
  const invariants = new ClusterInvariants(violations)
  const pods = follow<Pod>(cache.collection('/pods'), (place, pod) => invariants.takePod(place, pod))
  const services = follow<Service>(cache.collection('/services'), (place, service) =>
    invariants.takeService(place, service),
  )
  return {
    [Symbol.dispose]: () => {
      pods[Symbol.dispose]()
      services[Symbol.dispose]()
    },
  }
}

/** Tells of each new state of a collection's objects: `NAMESPACE/NAME` and the object, undefined when it is gone. */
function follow<T>(collection: Collection, take: (place: string, object: T | undefined) => void): Disposable {
  const listener = {
    hear: ({ type, object }: CollectionEvent) =>
      take(object.place, type === 'DELETED' ? undefined : (object.value as unknown as T)),
    flush: () => undefined,
    end: () => undefined,
  }
  collection.listen(listener)
  return { [Symbol.dispose]: () => collection.ignore(listener) }
}

class ClusterInvariants {
  readonly #violations: Violations
  readonly #pods = new Map<string, SeenPod>()
  readonly #podAddresses = new Map<string, string>()
  readonly #serviceAddresses = new Map<string, string>()
  readonly #services = new Map<string, string>()
  readonly #gone = new Set<string>()

  constructor(violations: Violations) {
    this.#violations = violations
  }

  takePod(place: string, pod: Pod | undefined): void {
    const before = this.#pods.get(place)
    if (before?.address !== undefined) this.#podAddresses.delete(before.address)
    if (pod === undefined) {
      this.#pods.delete(place)
      if (before !== undefined) this.#gone.add(before.uid)
      return
    }
    const now = seen(pod)
    if (this.#gone.has(now.uid)) this.#violations.add(`pod ${place} came back after it was deleted`)
    const isSame = before?.uid === now.uid
    if (isSame && before.nodeName !== '' && before.nodeName !== now.nodeName)
      this.#violations.add(`pod ${place} was bound to ${before.nodeName}, then to "${now.nodeName}"`)
    if (now.address !== undefined) this.#claim(this.#podAddresses, now.address, `pod ${place}`)
    this.#pods.set(place, now)
  }

  takeService(place: string, service: Service | undefined): void {
    const before = this.#services.get(place)
    if (before !== undefined) this.#serviceAddresses.delete(before)
    this.#services.delete(place)
    const address = service?.spec.clusterIP ?? ''
    if (address === '' || address === 'None') return
    this.#claim(this.#serviceAddresses, address, `service ${place}`)
    this.#services.set(place, address)
  }

  #claim(addresses: Map<string, string>, address: string, owner: string): void {
    const other = addresses.get(address)
    if (other !== undefined && other !== owner) this.#violations.add(`${address} belongs to ${other} and to ${owner}`)
    addresses.set(address, owner)
  }
}

/** Addresses of pods that are over, and of nodes, may be another's too. */
function seen({ metadata, spec, status }: Pod): SeenPod {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  const address = isOver || spec.hostNetwork === true ? undefined : status?.podIP
  return { uid: metadata.uid ?? '', nodeName: spec.nodeName ?? '', address }
}
