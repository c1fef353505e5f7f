/** Priority: a pod's priority is the number of its class; only one class can be everybody's default. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, objectAt, textAt } from '../api-object.ts'
import { forbidden, type Subject } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { isPodWrite, writesOf } from './pod-requests.ts'
import { mentionedName } from './mentioned-name.ts'

const storage = 'scheduling.k8s.io/priorityclasses'
const isClassWrite = writesOf(storage, 'CREATE', 'UPDATE')

export const priority: AdmissionStep = {
  name: 'Priority',
  applies: (resource, operation, subresource) =>
    isPodWrite(resource, operation, subresource) || isClassWrite(resource, operation, subresource),
  mutate: (request, object) => {
    if (request.resource.resource !== 'pods') return object
    return request.operation === 'CREATE' ? prioritised(request, object) : keepPriority(request, object)
  },
  validate: (request) => {
    if (request.resource.resource === 'priorityclasses') checkDefault(request)
  },
}

/** Clients that leave the numbers out of an update mean those that are there. */
function keepPriority({ old }: AdmissionRequest, pod: ApiObject): ApiObject {
  const before = objectAt(old, 'spec')
  const spec = { ...objectAt(pod, 'spec') }
  for (const name of ['priority', 'preemptionPolicy'])
    if (spec[name] === undefined && before[name] !== undefined) spec[name] = before[name]
  return { ...pod, spec }
}

interface Priority {
  readonly value: number
  readonly policy: string
}

/** What a pod says of its priority by itself must be what its class says. */
function checkOwnWords(spec: JsonObject, { value, policy }: Priority, subject: Subject): void {
  const { priority: given, preemptionPolicy: ownPolicy } = spec
  if (given !== undefined && given !== value) {
    const why = `the integer value of priority (${Number(given)}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
    throw forbidden(subject, why)
  }
  if (ownPolicy !== undefined && ownPolicy !== policy) {
    const why = `the string value of PreemptionPolicy (${textAt(spec, 'preemptionPolicy')}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`
    throw forbidden(subject, why)
  }
}

function prioritised(request: AdmissionRequest, pod: ApiObject): ApiObject {
  const spec = objectAt(pod, 'spec')
  const named = textAt(spec, 'priorityClassName')
  const chosen = named === '' ? defaultClass(request) : request.view.find(storage, '', named)
  const subject = { group: '', resource: 'pods', name: mentionedName(request) }
  if (named !== '' && chosen === undefined) throw forbidden(subject, `no PriorityClass with name ${named} was found`)
  const value = Number(chosen?.['value'] ?? 0)
  const policy = textAt(chosen, 'preemptionPolicy') || 'PreemptLowerPriority'
  checkOwnWords(spec, { value, policy }, subject)
  const name = named === '' ? (chosen?.metadata.name ?? '') : named
  return {
    ...pod,
    spec: { ...spec, ...(name === '' ? {} : { priorityClassName: name }), priority: value, preemptionPolicy: policy },
  }
}

/** Of several defaults, which only a race can make, the lowest counts. */
function defaultClass({ view }: AdmissionRequest): ApiObject | undefined {
  const defaults = view.list(storage, '').filter((one) => one['globalDefault'] === true)
  return defaults.toSorted((a, b) => Number(a['value']) - Number(b['value']))[0]
}

function checkDefault({ object, name, view }: AdmissionRequest): void {
  if (object?.['globalDefault'] !== true) return
  const other = view.list(storage, '').find((one) => one['globalDefault'] === true && one.metadata.name !== name)
  if (other === undefined) return
  const why = `PriorityClass ${other.metadata.name ?? ''} is already marked as default. Only one default can exist`
  throw forbidden({ group: 'scheduling.k8s.io', resource: 'priorityclasses', name }, why)
}
