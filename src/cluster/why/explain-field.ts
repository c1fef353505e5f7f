/** Who set a field: the managers that own a path, from the object's managed fields (server-side apply, FieldsV1). */
import { type JsonObject, isJsonObject, type KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type Explanation, finding } from './finding.ts'

/** A step into a member, or into an item by its position or by the value of one of its keys. */
type Step = { readonly member: string } | { readonly item: string }

/** The steps of `spec.containers[web].image`; a leading `.` and `{}` as in JSONPath are allowed. */
export function fieldSteps(path: string): readonly Step[] {
  const bare = path.replace(/^\{?\.?/, '').replace(/\}$/, '')
  const steps: Step[] = []
  for (const [, item, quoted, member] of bare.matchAll(/\[([^\]"']*)\]|\["([^"]*)"\]|([^.[\]]+)/g)) {
    if (member !== undefined) steps.push({ member })
    else if (quoted !== undefined) steps.push({ member: quoted })
    else steps.push({ item: (item ?? '').replace(/^[\w.-]+=/, '') })
  }
  return steps
}

interface Claim {
  readonly manager: string
  readonly operation: string
  readonly time: string
  readonly subresource: string
}

/** Explains a field. `path` is as kubectl's JSONPath has it, with names of items instead of filters. */
export function explainField(object: KubernetesObject, path: string): Omit<Explanation, 'subject'> {
  const steps = fieldSteps(path)
  const value = valueAt(object, steps)
  const claims = claimsOn(object, steps)
  const now = value === undefined ? `${path} is not set` : `${path} is ${shorten(JSON.stringify(value))}`
  if (claims.length === 0) {
    const why =
      value === undefined
        ? 'nobody has set it'
        : 'no manager owns it: it is a default, or the server set it when the object was made'
    return { answer: `${now}.`, findings: [finding(why)] }
  }
  const findings = claims.map(({ manager, operation, time, subresource }) => {
    const through = subresource === '' ? '' : ` through ${subresource}`
    return finding(`${manager} (${operation}${through}) at ${time}`)
  })
  return { answer: `${now}; set by:`, findings }
}

const shownMost = 200

function shorten(text: string): string {
  return text.length <= shownMost ? text : `${text.slice(0, shownMost)}…`
}

function valueAt(object: unknown, steps: readonly Step[]): unknown {
  let value: unknown = object
  for (const step of steps) {
    if ('member' in step) value = isJsonObject(value) ? value[step.member] : undefined
    else value = Array.isArray(value) ? itemOf(value as readonly unknown[], step.item) : undefined
  }
  return value
}

/** The item at a position, or the first that is the value or has it as a member. */
function itemOf(list: readonly unknown[], wanted: string): unknown {
  if (/^\d+$/.test(wanted) && Number(wanted) < list.length) return list[Number(wanted)]
  return list.find((item) => item === wanted || (isJsonObject(item) && hasValue(item, wanted)))
}

function hasValue(item: JsonObject, wanted: string): boolean {
  return Object.values(item).some((value) => String(value) === wanted)
}

function claimsOn(object: KubernetesObject, steps: readonly Step[]): readonly Claim[] {
  return (object.metadata.managedFields ?? []).flatMap((entry) => {
    if (!owns(entry.fieldsV1, steps, object)) return []
    const { manager = '', operation = '', time = '', subresource = '' } = entry
    return [{ manager, operation, time, subresource }]
  })
}

/** True when a set of fields holds the path, something below it, or the whole of something above it. */
function owns(fields: unknown, steps: readonly Step[], object: unknown): boolean {
  let set = fields
  let value = object
  for (const step of steps) {
    if (!isJsonObject(set)) return false
    const element = elementOf(set, step, value)
    // A leaf above the path: the manager set the value there as a whole.
    if (element === undefined) return false
    set = set[element]
    value = valueAt(value, [step])
    if (isJsonObject(set) && Object.keys(set).length === 0) return true
  }
  return isJsonObject(set)
}

function elementOf(set: JsonObject, step: Step, list: unknown): string | undefined {
  if ('member' in step) return Object.hasOwn(set, `f:${step.member}`) ? `f:${step.member}` : undefined
  const item = Array.isArray(list) ? itemOf(list as readonly unknown[], step.item) : undefined
  return Object.keys(set).find((element) => namesItem(element, item))
}

function namesItem(element: string, item: unknown): boolean {
  if (element.startsWith('v:')) return element.slice(2) === JSON.stringify(item)
  if (!element.startsWith('k:') || !isJsonObject(item)) return false
  const keys = JSON.parse(element.slice(2)) as JsonObject
  return Object.entries(keys).every(([name, value]) => item[name] === value)
}
