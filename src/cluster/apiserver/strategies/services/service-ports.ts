/** Gives a service its node ports; what it names itself must be free and in range (registry/core/service, v1.36). */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { invalid as invalidField } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../../api-object.ts'
import { internalError, invalid } from '../../status-errors.ts'
import type { StrategyContext } from '../strategy.ts'

const storage = '/services'

/** Types whose ports are open on nodes. */
export function hasNodePorts(service: ApiObject): boolean {
  const type = textAt(service, 'spec', 'type')
  return type === 'NodePort' || type === 'LoadBalancer'
}

/** True for a balanced service whose nodes are asked whether they have endpoints. */
export function needsHealthPort(service: ApiObject): boolean {
  return (
    textAt(service, 'spec', 'type') === 'LoadBalancer' && textAt(service, 'spec', 'externalTrafficPolicy') === 'Local'
  )
}

/** The port at which nodes tell whether they have endpoints; 0 for none. */
export function healthPortOf(service: ApiObject): number {
  return numberOf(objectAt(service, 'spec'), 'healthCheckNodePort')
}

function numberOf(value: JsonObject, member: string): number {
  const found = value[member]
  return typeof found === 'number' ? found : 0
}

/** The node ports that a service names. */
export function nodePortsOf(service: ApiObject): readonly number[] {
  return listAt(service, 'spec', 'ports').flatMap((port) => numberOf(port, 'nodePort') || [])
}

/** Takes ports for one service, from the pool and as it asks. */
class PortTaker {
  readonly #context: StrategyContext
  readonly #service: ApiObject
  readonly #taken: ReadonlySet<number>
  /** Ports that the service names itself, here or further down: none of them is chosen for another. */
  readonly #named: ReadonlySet<number>

  constructor(service: ApiObject, context: StrategyContext) {
    this.#service = service
    this.#context = context
    const others = context.view.list(storage, '').filter(({ metadata }) => metadata.uid !== service.metadata.uid)
    this.#taken = new Set(others.flatMap((other) => [...nodePortsOf(other), healthPortOf(other)]))
    this.#named = new Set([...nodePortsOf(service), healthPortOf(service)])
  }

  /** Why a port cannot be had, undefined when it is the service's now. Dry runs do not look at the range. */
  refusal(port: number): string | undefined {
    const { view, defer, dryRun } = this.#context
    const pool = view.allocations.nodePorts
    const [first, last] = view.config.nodePorts
    if (!pool.contains(port))
      return dryRun
        ? undefined
        : `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
    if (this.#taken.has(port) || pool.isReserved(port)) return 'provided port is already allocated'
    defer(pool.reserve(port))
    return undefined
  }

  /** @throws 422 at the port that asks. */
  take(port: number, index: number): number {
    const why = this.refusal(port)
    if (why === undefined) return port
    const at = path('spec', 'ports').index(index).child('nodePort')
    const subject = { group: '', resource: 'Service', name: this.#service.metadata.name }
    throw invalid(subject, [invalidField(at, port, why)])
  }

  /** @throws 500 when none is left. */
  next(what: string): number {
    const { view, defer } = this.#context
    const pool = view.allocations.nodePorts
    const port = pool.choose((value) => this.#taken.has(value) || this.#named.has(value))
    if (port === undefined) throw internalError(`failed to allocate a ${what}: range is full`)
    defer(pool.reserve(port))
    return port
  }
}

function choosesPorts(service: ApiObject): boolean {
  const isBalanced = textAt(service, 'spec', 'type') === 'LoadBalancer'
  return !isBalanced || objectAt(service, 'spec')['allocateLoadBalancerNodePorts'] !== false
}

/** New services: ports of the same number but another protocol share one port of the nodes. */
function firstPorts(service: ApiObject, taker: PortTaker): readonly JsonObject[] {
  const ports = listAt(service, 'spec', 'ports')
  const byNumber = new Map<number, number>()
  return ports.map((port, index) => {
    const own = numberOf(port, 'nodePort')
    if (own === 0 && !choosesPorts(service)) return port
    const number = numberOf(port, 'port')
    const shared = byNumber.get(number)
    if (shared !== undefined) {
      if (own !== 0 && own !== shared) taker.take(own, index)
      return own === 0 ? { ...port, nodePort: shared } : port
    }
    const named = ports.map((one) => (numberOf(one, 'port') === number ? numberOf(one, 'nodePort') : 0))
    const wanted = named.find((one) => one !== 0)
    const nodePort = wanted === undefined ? taker.next('nodePort') : taker.take(wanted, index)
    byNumber.set(number, nodePort)
    return { ...port, nodePort }
  })
}

function laterPorts(service: ApiObject, old: ApiObject, taker: PortTaker): readonly JsonObject[] {
  const held = new Set(nodePortsOf(old))
  return listAt(service, 'spec', 'ports').map((port, index) => {
    const own = numberOf(port, 'nodePort')
    if (own === 0) return choosesPorts(service) ? { ...port, nodePort: taker.next('nodePort') } : port
    if (!held.has(own)) held.add(taker.take(own, index))
    return port
  })
}

/** The service with its ports. @throws 422 for a port that it cannot have, 500 when none is left. */
export function withNodePorts(service: ApiObject, old: ApiObject | undefined, context: StrategyContext): ApiObject {
  const needsHealth = needsHealthPort(service) && (old === undefined || !needsHealthPort(old))
  if (!hasNodePorts(service) && !needsHealth) return service
  const taker = new PortTaker(service, context)
  const ports = old === undefined ? firstPorts(service, taker) : laterPorts(service, old, taker)
  const spec = { ...objectAt(service, 'spec'), ...(ports.length === 0 ? {} : { ports }) }
  if (!needsHealth) return { ...service, spec }
  const asked = healthPortOf(service)
  const why = asked === 0 ? undefined : taker.refusal(asked)
  const text = `failed to allocate requested HealthCheck NodePort ${asked}: ${why ?? ''}`
  if (why !== undefined) throw internalError(text)
  return {
    ...service,
    spec: { ...spec, healthCheckNodePort: asked === 0 ? taker.next('HealthCheck NodePort') : asked },
  }
}
