/**
 * What a pod asks of a node, in numbers: thousandths of a CPU, bytes, and whole units of everything else. The rules are
 * upstream's (component-helpers resource.PodRequests, v1.36): init containers run one after the other beside the sidecars
 * started before them, overhead comes on top, requests of the pod as a whole win over those of its containers.
 */
import { isSidecar } from '#spec/kubernetes/pods/pod-containers.ts'
import { quantityMillis, quantityUnits, tryParseQuantity } from '#base/data/quantity.ts'
import type { Container, Pod, ResourceList } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** Amounts by resource name. */
export type Amounts = Map<string, number>

/** A container that says nothing counts as this much when nodes are compared (never when they are filtered). */
export const presumedCpuMillis = 100
export const presumedMemoryBytes: number = 200 * 1024 * 1024

const remembered = 4096

/** Reads quantities as numbers; pods repeat the same few texts, so it remembers them. */
export class AmountReader {
  readonly #known = new Map<string, number>()

  /** Thousandths for `cpu`, whole units for the rest; 0 for text that is no quantity. */
  read(resource: string, text: string): number {
    const key = resource === 'cpu' ? `c${text}` : text
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const quantity = tryParseQuantity(String(text))
    const amount =
      quantity === undefined ? 0 : Number(resource === 'cpu' ? quantityMillis(quantity) : quantityUnits(quantity))
    if (this.#known.size >= remembered) this.#known.clear()
    this.#known.set(key, amount)
    return amount
  }

  /** All amounts of a list. */
  list(list: ResourceList | undefined): Amounts {
    const amounts: Amounts = new Map()
    for (const [name, text] of Object.entries(list ?? {})) amounts.set(name, this.read(name, text))
    return amounts
  }
}

/** Amounts as a text that is the same for the same amounts. */
export function askedFor(amounts: Amounts): string {
  let text = ''
  for (const [name, amount] of amounts) text += `${name}=${amount} `
  return text
}

function add(to: Amounts, more: Amounts): void {
  for (const [name, amount] of more) to.set(name, (to.get(name) ?? 0) + amount)
}

function raise(to: Amounts, least: Amounts): void {
  for (const [name, amount] of least) if (amount > (to.get(name) ?? 0)) to.set(name, amount)
}

/** The requests of a pod. With `presume`, containers that ask for no CPU or memory count with a presumed amount. */
export function podRequests(pod: Pod, reader: AmountReader, presume = false): Amounts {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  const statuses = new Map([...containerStatuses, ...initContainerStatuses].map((each) => [each.name, each]))
  const requestsOf = (container: Container): Amounts => {
    const amounts = reader.list(container.resources?.requests)
    const status = statuses.get(container.name)
    // While a resize is under way the larger of what is wanted and what is held counts.
    if (status?.resources?.requests !== undefined) raise(amounts, reader.list(status.resources.requests))
    if (status?.allocatedResources !== undefined) raise(amounts, reader.list(status.allocatedResources))
    if (presume && !amounts.has('cpu')) amounts.set('cpu', presumedCpuMillis)
    if (presume && !amounts.has('memory')) amounts.set('memory', presumedMemoryBytes)
    return amounts
  }
  const total: Amounts = new Map()
  for (const container of pod.spec.containers) add(total, requestsOf(container))
  const sidecars: Amounts = new Map()
  const peak: Amounts = new Map()
  for (const container of pod.spec.initContainers ?? []) {
    const needed = requestsOf(container)
    if (isSidecar(container)) add(sidecars, needed)
    const moment: Amounts = new Map(isSidecar(container) ? [] : needed)
    add(moment, sidecars)
    raise(peak, moment)
  }
  add(total, sidecars)
  raise(total, peak)
  for (const [name, amount] of reader.list(pod.spec.resources?.requests)) total.set(name, amount)
  add(total, reader.list(pod.spec.overhead))
  return total
}
