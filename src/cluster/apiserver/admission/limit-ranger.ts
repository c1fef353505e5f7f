/** LimitRanger: fills in what containers may use at most, and refuses what is outside a namespace's limits. */
import { compareQuantities, formatQuantity, parseQuantity, quantityMillis } from '#base/data/quantity.ts'
import { amountsOf } from '#base/data/amounts.ts'
import { amountsTogether } from '#spec/kubernetes/pods/pod-containers.ts'
import type { PodSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt, withMetadata } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { writesOf } from './pod-requests.ts'

const storage = '/limitranges'
const annotation = 'kubernetes.io/limit-ranger'
/** In the order in which upstream goes through them, fills them in and complains of them. */
const lists = ['containers', 'initContainers'] as const
const claims = writesOf('/persistentvolumeclaims', 'CREATE', 'UPDATE')
const pods = writesOf('/pods', 'CREATE')

type Amounts = Readonly<Record<string, string>>

export const limitRanger: AdmissionStep = {
  name: 'LimitRanger',
  applies: (resource, operation, subresource) =>
    pods(resource, operation, subresource) || claims(resource, operation, subresource),
  mutate: (request, object) => {
    if (request.resource.resource !== 'pods') return object
    return limitsOf(request).reduce(withDefaults, object)
  },
  validate: (request) => {
    const { object, resource, name } = request
    if (object === undefined) return
    const problems = limitsOf(request).flatMap((range) =>
      listAt(range, 'spec', 'limits').flatMap((limit) => problemsWith(limit, object)),
    )
    if (problems.length === 0) return
    const why = problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`
    throw forbidden({ group: '', resource: resource.resource, name }, why)
  },
}

function limitsOf({ view, namespace }: AdmissionRequest): readonly ApiObject[] {
  return view.list(storage, namespace)
}

function withDefaults(pod: ApiObject, range: ApiObject): ApiObject {
  const limit = listAt(range, 'spec', 'limits').find((one) => one['type'] === 'Container')
  if (limit === undefined) return pod
  const notes: string[] = []
  const out: Record<string, unknown> = { ...objectAt(pod, 'spec') }
  for (const list of lists) {
    if (out[list] === undefined) continue
    const word = list === 'containers' ? 'container' : 'init container'
    out[list] = listAt(pod, 'spec', list).map((container) => fill(container, limit, { word, notes }))
  }
  if (notes.length === 0) return pod
  const annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` }
  return withMetadata({ ...pod, spec: out }, { annotations })
}

interface Notes {
  readonly word: string
  readonly notes: string[]
}

function fill(container: JsonObject, limit: JsonObject, { word, notes }: Notes): JsonObject {
  const resources = objectAt(container, 'resources')
  const out: Record<string, unknown> = { ...resources }
  for (const [member, source, noun] of [
    ['requests', 'defaultRequest', 'request'],
    ['limits', 'default', 'limit'],
  ] as const) {
    const own = objectAt(resources, member)
    const added = Object.entries(objectAt(limit, source)).filter(([name]) => own[name] === undefined)
    if (added.length === 0) continue
    out[member] = { ...own, ...Object.fromEntries(added) }
    const names = added.map(([name]) => name).toSorted()
    notes.push(`${names.join(', ')} ${noun} for ${word} ${textAt(container, 'name')}`)
  }
  return { ...container, resources: out }
}

function amountsAt(value: unknown, ...path: readonly string[]): Amounts {
  return objectAt(value, ...path) as Amounts
}

function problemsWith(limit: JsonObject, object: ApiObject): readonly string[] {
  const type = textAt(limit, 'type')
  if (object.kind === 'PersistentVolumeClaim') {
    if (type !== 'PersistentVolumeClaim') return []
    return outside(limit, { type, requests: amountsAt(object, 'spec', 'resources', 'requests'), limits: {} })
  }
  if (type === 'Container') {
    return lists.flatMap((list) =>
      listAt(object, 'spec', list).flatMap((container) =>
        outside(limit, {
          type,
          requests: amountsAt(container, 'resources', 'requests'),
          limits: amountsAt(container, 'resources', 'limits'),
        }),
      ),
    )
  }
  if (type !== 'Pod') return []
  return outside(limit, { type, requests: podTotal(object, 'requests'), limits: podTotal(object, 'limits') })
}

/** What a pod asks for: what its containers need together, or its own word about CPU and memory. */
export function podTotal(pod: ApiObject, which: 'requests' | 'limits'): Amounts {
  const spec = objectAt(pod, 'spec') as unknown as PodSpec
  const together = amountsTogether(spec, ({ resources }) => amountsOf(resources?.[which]))
  const own = [...amountsOf(spec.resources?.[which])].filter(([name]) => name === 'cpu' || name === 'memory')
  return Object.fromEntries([...together, ...own].map(([name, amount]) => [name, formatQuantity(amount)]))
}

interface Use {
  readonly type: string
  readonly requests: Amounts
  readonly limits: Amounts
}

const less = (a: string, b: string): boolean => compareQuantities(parseQuantity(a), parseQuantity(b)) < 0

function outside(limit: JsonObject, use: Use): readonly string[] {
  const { type, requests, limits } = use
  return [
    ...belowLeast(amountsAt(limit, 'min'), use),
    ...aboveMost(amountsAt(limit, 'max'), use),
    ...Object.entries(amountsAt(limit, 'maxLimitRequestRatio')).flatMap(([name, ratio]) =>
      ratioProblems({ name, ratio, type }, requests[name], limits[name]),
    ),
  ]
}

function belowLeast(least: Amounts, { type, requests, limits }: Use): readonly string[] {
  return Object.entries(least).flatMap(([name, amount]) => {
    const what = `minimum ${name} usage per ${type} is ${amount}`
    const [request, limit] = [requests[name], limits[name]]
    if (request === undefined) return [`${what}.  No request is specified`]
    if (less(request, amount)) return [`${what}, but request is ${request}`]
    return limit !== undefined && less(limit, amount) ? [`${what}, but limit is ${limit}`] : []
  })
}

/** Claims have only requests; everything else is held to its limits. */
function aboveMost(most: Amounts, { type, requests, limits }: Use): readonly string[] {
  const [word, used] =
    type === 'PersistentVolumeClaim' ? (['request', requests] as const) : (['limit', limits] as const)
  return Object.entries(most).flatMap(([name, amount]) => {
    const what = `maximum ${name} usage per ${type} is ${amount}`
    const own = used[name]
    if (own === undefined) return [`${what}.  No ${word} is specified`]
    return less(amount, own) ? [`${what}, but ${word} is ${own}`] : []
  })
}

function ratioProblems(
  { name, ratio, type }: { readonly name: string; readonly ratio: string; readonly type: string },
  request: string | undefined,
  limit: string | undefined,
): readonly string[] {
  const what = `${name} max limit to request ratio per ${type} is ${ratio}`
  const asked = request === undefined ? 0n : quantityMillis(parseQuantity(request))
  const most = limit === undefined ? 0n : quantityMillis(parseQuantity(limit))
  if (asked === 0n) return [`${what}, but no request is specified or request is 0`]
  if (most === 0n) return [`${what}, but no limit is specified or limit is 0`]
  const observed = Number(most) / Number(asked)
  const allowed = Number(quantityMillis(parseQuantity(ratio))) / 1000
  return observed > allowed ? [`${what}, but provided ratio is ${observed.toFixed(6)}`] : []
}
