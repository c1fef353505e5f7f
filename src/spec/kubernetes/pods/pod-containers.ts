/** Which containers of a pod run when, and what they need together (component-helpers resource.PodRequests, v1.36). Pure. */
import { type Amounts, largest, plus } from '#base/data/amounts.ts'

interface Startable {
  readonly restartPolicy?: unknown
}

interface ContainerLists<Container> {
  readonly containers?: readonly Container[] | undefined
  readonly initContainers?: readonly Container[] | undefined
}

/** True for an init container that goes on beside the others. */
export function isSidecar(container: Startable): boolean {
  return container.restartPolicy === 'Always'
}

/** Containers that run as long as the pod: its own, then its sidecars. */
export function lastingContainers<Container extends Startable>(spec: ContainerLists<Container>): readonly Container[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter(isSidecar)]
}

/**
 * What the containers of a pod need together: all that last, or the most that its start needs. Init containers run one
 * after the other beside the sidecars started before them.
 */
export function amountsTogether<Container extends Startable>(
  spec: ContainerLists<Container>,
  amountsOfContainer: (container: Container) => Amounts,
): Amounts {
  let lasting: Amounts = new Map()
  for (const container of spec.containers ?? []) lasting = plus(lasting, amountsOfContainer(container))
  let sidecars: Amounts = new Map()
  let starting: Amounts = new Map()
  for (const container of spec.initContainers ?? []) {
    const own = amountsOfContainer(container)
    if (isSidecar(container)) {
      lasting = plus(lasting, own)
      sidecars = plus(sidecars, own)
      starting = largest(starting, sidecars)
    } else starting = largest(starting, plus(sidecars, own))
  }
  return largest(lasting, starting)
}
