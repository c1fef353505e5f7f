/**
 * The parts of an autoscaler that autoscaling/v1 has no field for, as the texts of its annotations: metrics in v1's older
 * form, and behaviour under the names that Go gives its members (conversion of autoscaling/v1, v1.36). Pure.
 */
import { type ApiObject, objectAt } from '../api-object.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

type Json = Readonly<Record<string, unknown>>

/** Members that say something, in the order given. */
function some(members: Json): Json {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null))
}

const memberOf: Readonly<Record<string, string>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
  External: 'external',
}

/** Where a source of metrics keeps its amounts: what is wanted, or what was seen. */
type Side = 'target' | 'current'

/** How each kind of metric is written in v1, of its v2 form and the amounts in it. */
const inV1: Readonly<Record<string, (source: Json, amount: Json, side: Side) => Json>> = {
  object: ({ describedObject, metric }, amount, side) => ({
    target: describedObject,
    metricName: objectAt(metric)['name'],
    [`${side}Value`]: amount['value'] ?? '0',
    selector: objectAt(metric)['selector'],
    averageValue: amount['averageValue'],
  }),
  pods: ({ metric }, amount, side) => ({
    metricName: objectAt(metric)['name'],
    [`${side}AverageValue`]: amount['averageValue'] ?? '0',
    selector: objectAt(metric)['selector'],
  }),
  resource: ({ name }, amount, side) => ({ name, ...averages(amount, side) }),
  containerResource: ({ name, container }, amount, side) => ({ name, ...averages(amount, side), container }),
  external: ({ metric }, amount, side) => ({
    metricName: objectAt(metric)['name'],
    metricSelector: objectAt(metric)['selector'],
    [`${side}Value`]: amount['value'] ?? (side === 'current' ? '0' : undefined),
    [`${side}AverageValue`]: amount['averageValue'],
  }),
}

const averages = (amount: Json, side: Side): Json => ({
  [`${side}AverageUtilization`]: amount['averageUtilization'],
  [`${side}AverageValue`]: amount['averageValue'] ?? (side === 'current' ? '0' : undefined),
})

/** How each kind of metric is written in v2, of its v1 form. */
const inV2: Readonly<Record<string, (source: Json, side: Side) => Json>> = {
  object: (source, side) => {
    const { target: describedObject, metricName: name, selector, averageValue } = source
    const value = source[`${side}Value`]
    const isAverage = averageValue !== undefined && side === 'target'
    const amount = isAverage
      ? { type: 'AverageValue', ...(isNothing(value) ? {} : { value }) }
      : { type: 'Value', value }
    return { describedObject, [side]: amountOf(side, { ...amount, averageValue }), metric: some({ name, selector }) }
  },
  pods: (source, side) => {
    const { metricName: name, selector } = source
    const averageValue = source[`${side}AverageValue`]
    return { metric: some({ name, selector }), [side]: amountOf(side, { type: 'AverageValue', averageValue }) }
  },
  resource: (source, side) => ({ name: source['name'], [side]: averagesOf(source, side) }),
  containerResource: (source, side) => ({
    name: source['name'],
    container: source['container'],
    [side]: averagesOf(source, side),
  }),
  external: (source, side) => {
    const { metricName: name, metricSelector: selector } = source
    const [value, averageValue] = [source[`${side}Value`], source[`${side}AverageValue`]]
    const type = value === undefined ? 'AverageValue' : 'Value'
    return { metric: some({ name, selector }), [side]: amountOf(side, { type, value, averageValue }) }
  },
}

const isNothing = (quantity: unknown): boolean => quantity === undefined || quantity === '0'

/** What is wanted has a type, what was seen has none. */
function amountOf(side: Side, { type, ...amounts }: Json): Json {
  return some(side === 'target' ? { type, ...amounts } : amounts)
}

function averagesOf(source: Json, side: Side): Json {
  const averageUtilization = source[`${side}AverageUtilization`]
  const averageValue = source[`${side}AverageValue`]
  const type = averageUtilization === undefined ? 'AverageValue' : 'Utilization'
  return amountOf(side, { type, averageValue, averageUtilization })
}

/** One metric of v2, wanted or seen, in the form of v1. */
export function metricInV1(metric: JsonObject, side: Side): Json {
  const member = memberOf[String(metric['type'])] ?? ''
  const source = objectAt(metric, member)
  const written = inV1[member]?.(source, objectAt(source, side), side)
  return written === undefined ? metric : { type: metric['type'], [member]: some(written) }
}

/** One metric of v1, wanted or seen, in the form of v2. */
export function metricInV2(metric: JsonObject, side: Side): JsonObject {
  const member = memberOf[String(metric['type'])] ?? ''
  const read = inV2[member]?.(objectAt(metric, member), side)
  return (read === undefined ? metric : { type: metric['type'], [member]: read }) as JsonObject
}

const ruleNames = ['stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance']
const policyNames = ['type', 'value', 'periodSeconds']
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** Behaviour as the annotation has it: Go's names of all members, and null where there is nothing. */
export function behaviourInV1(behaviour: JsonObject): Json {
  const policies = (list: unknown): unknown =>
    Array.isArray(list) ? list.map((policy: Json) => named(policyNames, (name) => policy[name])) : null
  const rules = (direction: string): Json | null => {
    const found = behaviour[direction] as Json | undefined
    if (found === undefined) return null
    return named(ruleNames, (name) => (name === 'policies' ? policies(found[name]) : (found[name] ?? null)))
  }
  return { ScaleUp: rules('scaleUp'), ScaleDown: rules('scaleDown') }
}

function named(names: readonly string[], valueOf: (name: string) => unknown): Json {
  return Object.fromEntries(names.map((name) => [capital(name), valueOf(name)]))
}

/** Behaviour of the annotation's text; Go reads its names in any case. Undefined when it says nothing. */
export function behaviourInV2(value: unknown): ApiObject['spec'] | undefined {
  const behaviour = pick(value, ['scaleUp', 'scaleDown'], (rules) =>
    pick(rules, ruleNames, (inner, name) =>
      name === 'policies' && Array.isArray(inner)
        ? inner.map((one) => pick(one, policyNames, (plain) => plain))
        : inner,
    ),
  )
  return Object.keys(behaviour).length === 0 ? undefined : behaviour
}

function pick(value: unknown, names: readonly string[], read: (inner: unknown, name: string) => unknown): Json {
  const found = Object.entries(objectAt(value)).map(([key, inner]): [string, unknown] => {
    const name = names.find((one) => one.toLowerCase() === key.toLowerCase()) ?? key
    return [name, inner === null ? undefined : read(inner, name)]
  })
  return some(Object.fromEntries(found.filter(([name]) => names.includes(name))))
}
