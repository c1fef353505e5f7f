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
    const uid = pod.metadata.uid ?? ''
    const nodeName = pod.spec.nodeName ?? ''
    if (this.#gone.has(uid)) this.#violated(`${key} came back after it was deleted`)
    if (before?.uid === uid && before.nodeName !== '' && before.nodeName !== nodeName)
      this.#violated(`${key} was bound to ${before.nodeName}, then to "${nodeName}"`)
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    const address = isOver || pod.spec.hostNetwork === true ? undefined : pod.status?.podIP
    if (address !== undefined) {
      const owner = this.#podAddresses.get(address)
      if (owner !== undefined && owner !== key) this.#violated(`${address} belongs to ${owner} and to ${key}`)
      this.#podAddresses.set(address, key)
    }
    this.#pods.set(key, { uid, nodeName, address })
  }

  #takeService(key: string, service: Service | undefined): void {
    const before = this.#services.get(key)
    if (before !== undefined) this.#serviceAddresses.delete(before)
    this.#services.delete(key)
    const address = service?.spec.clusterIP ?? ''
    if (address === '' || address === 'None') return
    const owner = this.#serviceAddresses.get(address)
    if (owner !== undefined && owner !== key) this.#violated(`${address} belongs to ${owner} and to ${key}`)
    this.#serviceAddresses.set(address, key)
    this.#services.set(key, address)
  }

  #violated(what: string): void {
    if (this.violations.length < violationsMost) this.violations.push(what)
  }
}

function parse(value: Uint8Array): unknown {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
}
