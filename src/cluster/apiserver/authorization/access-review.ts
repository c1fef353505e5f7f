/** A question as a SubjectAccessReview sends it to a webhook (authorization.k8s.io/v1), and the answer; pure. */
import { parseSelector, type SelectorOperator } from '#base/data/label-selector.ts'
import { type FieldTerm, parseFieldSelector } from '#spec/kubernetes/selectors/parse-field-selector.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { isJsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Access, Decision } from './access.ts'

/** One term of a selector as reviews have it. */
interface Term {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

/** The members of a review's spec, in upstream's order; empty ones are left out. */
export function reviewSpec(access: Access): JsonObject {
  const { user, isResource, verb, path } = access
  const { name, groups, extra = {}, uid = '' } = user
  return {
    ...(isResource
      ? { resourceAttributes: resourceAttributes(access) }
      : { nonResourceAttributes: withoutEmpty({ path, verb }) }),
    ...withoutEmpty({ user: name }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
    ...withoutEmpty({ uid }),
  }
}

function withoutEmpty(members: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ''))
}

function resourceAttributes(access: Access): JsonObject {
  const { namespace, verb, group, version = '', resource, subresource, name } = access
  const fields = fieldTerms(access.fieldSelector ?? '')
  const labels = labelTerms(access.labelSelector ?? '')
  return {
    ...withoutEmpty({ namespace, verb, group, version, resource, subresource, name }),
    ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }),
  }
}

/** What cannot be read is left out: terms only narrow a question. */
function termsOf<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read()
  } catch {
    return []
  }
}

function fieldTerms(text: string): readonly Term[] {
  const operators: Readonly<Record<FieldTerm['operator'], string>> = { '=': 'In', '!=': 'NotIn' }
  return termsOf(() => (text === '' ? [] : parseFieldSelector(text))).map(({ field, operator, value }) => ({
    key: field,
    operator: operators[operator],
    values: [value],
  }))
}

const labelOperators: Readonly<Partial<Record<SelectorOperator, string>>> = {
  in: 'In',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
}

/** By key, as upstream sorts them; comparisons of numbers are left out. */
function labelTerms(text: string): readonly Term[] {
  const requirements = termsOf(() => (text === '' ? [] : parseSelector(text)))
  return requirements
    .toSorted((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)))
    .flatMap(({ key, operator, values }): readonly Term[] => {
      const name = labelOperators[operator]
      if (name === undefined) return []
      return [{ key, operator: name, ...(values.length === 0 ? {} : { values: values.toSorted() }) }]
    })
}

/** The review of a version: `v1beta1` calls the groups `group`. */
export function reviewOf(spec: JsonObject, version: string): JsonObject {
  const { groups, ...rest } = spec
  const sent = version === 'v1beta1' && groups !== undefined ? { ...rest, group: groups } : spec
  return {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${version}`,
    metadata: {},
    spec: sent,
    status: { allowed: false },
  }
}

/** The decision of an answered review. @throws Error for what is no answer. */
export function decisionOf(answer: unknown, version: string): Decision {
  if (!isJsonObject(answer)) throw new Error('the answer is no object')
  const { kind = 'SubjectAccessReview', apiVersion = `authorization.k8s.io/${version}`, status } = answer
  if (kind !== 'SubjectAccessReview' || apiVersion !== `authorization.k8s.io/${version}`)
    throw new Error(`the answer is a ${String(kind)} of ${String(apiVersion)}`)
  const said = isJsonObject(status) ? status : {}
  const [isAllowed, isDenied] = [said['allowed'] === true, said['denied'] === true]
  const reason = typeof said['reason'] === 'string' ? said['reason'] : ''
  if (!isDenied) return { allowed: isAllowed, reason }
  const error = 'webhook subject access review returned both allow and deny response'
  return { allowed: false, denied: true, reason, ...(isAllowed ? { error } : {}) }
}
