/**
 * Whether a webhook or policy is about a request: its rules, also by another version of the same objects, and its selectors
 * for namespaces and objects (apiserver admission/plugin/webhook/predicates, v1.36).
 */
import {
  type LabelSelectorObject,
  matchesSelector,
  type Requirement,
  selectorFromObject,
} from '#base/data/label-selector.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, textAt } from '../api-object.ts'
import type { ServedResource } from '../served-resource.ts'
import { notFound } from '../status-errors.ts'
import type { AdmissionRequest } from './admission.ts'

/** The group whose objects no webhook or policy may stand in the way of. */
const exemptKinds: ReadonlySet<string> = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

/** Subresources that are created: what the server then does to the pod itself is nobody's to refuse again. */
const created: ReadonlySet<string> = new Set(['binding', 'eviction'])

/** Whether webhooks and policies may look at a request at all. */
export function isAdmissible({ group, resource }: ServedResource, operation: string, subresource: string): boolean {
  if (group === '' && resource === 'pods' && created.has(subresource)) return operation === 'CREATE'
  return !(group === 'admissionregistration.k8s.io' && exemptKinds.has(resource))
}

/** The namespace that a request is in; a request about a namespace counts as in it. */
export function namespaceOf({ resource, namespace, name }: AdmissionRequest): string {
  return resource.group === '' && resource.resource === 'namespaces' ? name : namespace
}

const has = (list: unknown, wanted: string): boolean =>
  Array.isArray(list) && (list as readonly unknown[]).some((one) => one === '*' || one === wanted)

/** Whether a rule of a webhook or policy names a request's operation, resource and scope. */
export function matchesRule(rule: JsonObject, request: AdmissionRequest, resource: ServedResource): boolean {
  return (
    inScope(textAt(rule, 'scope'), request) &&
    has(rule['operations'], request.operation) &&
    has(rule['apiGroups'], resource.group) &&
    has(rule['apiVersions'], resource.version) &&
    namesResource(rule['resources'], resource.resource, request.subresource)
  )
}

function inScope(scope: string, request: AdmissionRequest): boolean {
  const isNamespaced = request.namespace !== ''
  if (scope === 'Namespaced') return isNamespaced
  return scope !== 'Cluster' || !isNamespaced
}

function namesResource(list: unknown, resource: string, subresource: string): boolean {
  if (!Array.isArray(list)) return false
  return (list as readonly string[]).some((entry) => {
    const [name, sub = ''] = entry.split('/', 2)
    return (name === '*' || name === resource) && (sub === '*' || sub === subresource)
  })
}

/**
 * The resource as which a request is shown to a webhook or policy: the requested one where a rule names it, else (for match
 * policy `Equivalent`) another version of the same objects that a rule names; undefined when none does.
 */
export function matchedResource(
  rules: readonly JsonObject[],
  request: AdmissionRequest,
  matchPolicy: string,
): ServedResource | undefined {
  if (rules.some((rule) => matchesRule(rule, request, request.resource))) return request.resource
  if (matchPolicy === 'Exact') return undefined
  const { storage } = request.resource
  const others = Array.from(request.view.resources.all()).filter(
    (other) => other.storage === storage && other !== request.resource,
  )
  for (const rule of rules) {
    const found = others.find((other) => matchesRule(rule, request, other))
    if (found !== undefined) return found
  }
  return undefined
}

/** An object in another version of its resource. */
export function inVersion(object: ApiObject, from: ServedResource, to: ServedResource): ApiObject {
  if (from === to) return object
  const stored = from.conversion?.toStored(object) ?? object
  return to.conversion?.fromStored(stored) ?? { ...stored, apiVersion: to.apiVersion }
}

/** Has whoever converts a resource do so before `inVersion` is asked. @throws 500 when a conversion webhook fails. */
export async function convertAhead(
  object: ApiObject | undefined,
  from: ServedResource,
  to: ServedResource,
): Promise<void> {
  if (object === undefined || from === to) return
  await from.conversion?.ahead?.toStored(object)
  await to.conversion?.ahead?.fromStored([from.conversion?.toStored(object) ?? object])
}

/** As `convertAhead`, for both states of a request's object. */
export async function convertRequestAhead(
  { object, old, resource }: AdmissionRequest,
  as: ServedResource,
): Promise<void> {
  if (as === resource) return
  await convertAhead(object, resource, as)
  await convertAhead(old, resource, as)
}

/** Selectors read once, by the object that holds them. */
export class SelectorMatcher {
  readonly #parsed = new WeakMap<object, readonly Requirement[]>()

  /** Whether a selector fits labels; an absent or empty one fits all. */
  matches(selector: unknown, labels: Readonly<Record<string, string>> | undefined): boolean {
    if (typeof selector !== 'object' || selector === null) return true
    let requirements = this.#parsed.get(selector)
    if (requirements === undefined) {
      requirements = selectorFromObject(selector as LabelSelectorObject)
      this.#parsed.set(selector, requirements)
    }
    return requirements.length === 0 || matchesSelector(requirements, labels)
  }

  /** Whether a namespace selector fits the namespace of a request. @throws 404 when there is no such namespace. */
  matchesNamespace(selector: unknown, request: AdmissionRequest): boolean {
    const name = namespaceOf(request)
    if (name === '' || this.#isEmpty(selector)) return true
    const isOwn = request.namespace === '' && request.object !== undefined && request.subresource === ''
    const namespace = isOwn ? request.object : request.view.find('/namespaces', '', name)
    if (namespace === undefined) throw notFound({ group: '', resource: 'namespaces', name })
    return this.matches(selector, namespace.metadata.labels)
  }

  #isEmpty(selector: unknown): boolean {
    return (
      listAt(selector, 'matchExpressions').length === 0 &&
      Object.keys((selector as LabelSelectorObject | undefined)?.matchLabels ?? {}).length === 0
    )
  }

  /** Whether an object selector fits the object of a request as it is or as it was. */
  matchesObject(selector: unknown, { object, old }: AdmissionRequest): boolean {
    if (this.#isEmpty(selector)) return true
    return [object, old].some((one) => one !== undefined && this.matches(selector, one.metadata.labels))
  }
}
