/** What must hold in every cluster whatever fails: checked write by write. */
import type { StoreEvent } from '#kit/store/versioned-store.ts'
import type { Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'

const podPrefix = '/registry//pods/'
const servicePrefix = '/registry//services/'
const violationsMost = 100

interface SeenPod {
  readonly uid: string
  readonly nodeName: string
  readonly address: string | undefined
}

export class ClusterInvariants {
  readonly violations: string[] = []
  readonly #pods = new Map<string, SeenPod>()
  readonly #podAddresses = new Map<string, string>()
  readonly #serviceAddresses = new Map<string, string>()
  readonly #services = new Map<string, string>()
  readonly #gone = new Set<string>()
  #revision = 0

  /** Looks at one write. */
  take(event: StoreEvent): void {
    const { key, modRevision, value } = event.entry
    if (modRevision < this.#revision) this.#violated(`revision ${modRevision} came after ${this.#revision}`)
    this.#revision = modRevision
    if (key.startsWith(podPrefix)) this.#takePod(key, event.type === 'delete' ? undefined : (parse(value) as Pod))
    else if (key.startsWith(servicePrefix)) {
      this.#takeService(key, event.type === 'delete' ? undefined : (parse(value) as Service))
    }
  }

  #takePod(key: string, pod: Pod | undefined): void {
    const before = this.#pods.get(key)
    if (before?.address !== undefined) this.#podAddresses.delete(before.address)
    if (pod === undefined) {
      this.#pods.delete(key)
      if (before !== undefined) this.#gone.add(before.uid)
      return
    }
    const now = seen(pod)
    if (this.#gone.has(now.uid)) this.#violated(`${key} came back after it was deleted`)
    const isSame = before?.uid === now.uid
    if (isSame && before.nodeName !== '' && before.nodeName !== now.nodeName)
      this.#violated(`${key} was bound to ${before.nodeName}, then to "${now.nodeName}"`)
    if (now.address !== undefined) this.#claim(this.#podAddresses, now.address, key)
    this.#pods.set(key, now)
  }

  #claim(addresses: Map<string, string>, address: string, key: string): void {
    const owner = addresses.get(address)
    if (owner !== undefined && owner !== key) this.#violated(`${address} belongs to ${owner} and to ${key}`)
    addresses.set(address, key)
  }

  #takeService(key: string, service: Service | undefined): void {
    const before = this.#services.get(key)
    if (before !== undefined) this.#serviceAddresses.delete(before)
    this.#services.delete(key)
    const address = service?.spec.clusterIP ?? ''
    if (address === '' || address === 'None') return
    this.#claim(this.#serviceAddresses, address, key)
    this.#services.set(key, address)
  }

  #violated(what: string): void {
    if (this.violations.length < violationsMost) this.violations.push(what)
  }
}

/** Addresses of pods that are over, and of nodes, may be another's too. */
function seen({ metadata, spec, status }: Pod): SeenPod {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  const address = isOver || spec.hostNetwork === true ? undefined : status?.podIP
  return { uid: metadata.uid ?? '', nodeName: spec.nodeName ?? '', address }
}

function parse(value: Uint8Array): unknown {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
}
