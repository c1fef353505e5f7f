/** Resource slices: members that are off in this release go unless they are there already; names of drivers are warned of. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

const listMembers = ['ints', 'bools', 'strings', 'versions'] as const

function hasLists(attribute: unknown): boolean {
  return listMembers.some((name) => objectAt(attribute)[name] !== undefined)
}

function withoutLists(attribute: unknown): JsonObject {
  const { ints: _, bools: __, strings: ___, versions: ____, ...rest } = objectAt(attribute)
  return rest
}

interface Off {
  readonly lists: boolean
  readonly mappings: boolean
}

/** Which members that are off a slice uses all the same. */
function usedIn(slice: ApiObject | undefined): Off {
  const devices = slice === undefined ? [] : listAt(objectAt(slice, 'spec'), 'devices')
  return {
    lists: devices.some((device) => Object.values(objectAt(device, 'attributes')).some(hasLists)),
    mappings: devices.some((device) => Object.keys(objectAt(device, 'nodeAllocatableResourceMappings')).length > 0),
  }
}

function deviceWithout(device: JsonObject, kept: Off): JsonObject {
  const { nodeAllocatableResourceMappings: mappings, attributes, ...rest } = device
  const entries = Object.entries(objectAt(device, 'attributes'))
  const named = kept.lists ? entries : entries.map(([name, value]) => [name, withoutLists(value)] as const)
  return {
    ...rest,
    ...(attributes === undefined ? {} : { attributes: Object.fromEntries(named) }),
    ...(kept.mappings && mappings !== undefined ? { nodeAllocatableResourceMappings: mappings } : {}),
  }
}

function withoutOff(slice: ApiObject, old: ApiObject | undefined): ApiObject {
  const used = usedIn(slice)
  const kept = usedIn(old)
  if ((!used.lists || kept.lists) && (!used.mappings || kept.mappings)) return slice
  const spec = objectAt(slice, 'spec')
  return {
    ...slice,
    spec: { ...spec, devices: listAt(spec, 'devices').map((one) => deviceWithout(one, kept)) },
  }
}

function caseWarnings(slice: ApiObject): readonly string[] {
  const driver = textAt(slice, 'spec', 'driver')
  if (driver === driver.toLowerCase()) return []
  const name = JSON.stringify(driver)
  return [`spec.driver: driver names should be lowercase; ${name} contains uppercase characters`]
}

export const resourceSliceStrategy: Partial<Strategy> = {
  prepareCreate: (slice) => withoutOff(slice, undefined),
  prepareUpdate: (next, old) => withoutOff(next, old),
  warningsOf: caseWarnings,
}
