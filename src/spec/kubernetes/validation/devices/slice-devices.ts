/** The devices that a driver offers, and the counters they share (resource/validation, v1.36). */
import type { Counter, CounterSet, Device, DeviceAttribute, DeviceTaint } from '../../objects/resource-v1.generated.ts'
import { byteLength, requiredMatches, requiredOneOf } from '../checks.ts'
import { invalid, required, tooLong, tooMany, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain } from '../formats.ts'
import { GoValue } from '../go-value.ts'
import { internal } from '../internal-value.ts'
import { validateNodeSelector } from '../pods/affinity.ts'
import { sameValue } from '../same-value.ts'
import { bindingConditions } from './binding-conditions.ts'
import { deviceCapacity } from './capacity-policy.ts'
import { taintEffects } from './claim-requests.ts'
import { attributeName, boundedList, boundedSet, labelKey, plainName, valueOfLabel } from './device-names.ts'

/** A set of counters that devices of the pool consume. */
function counterSet({ name, counters }: CounterSet, at: Path): FieldError[] {
  return [...requiredMatches(at.child('name'), name, dnsLabel), ...namedCounters(at.child('counters'), counters)]
}

function namedCounters(at: Path, counters: Readonly<Record<string, Counter>> | undefined): FieldError[] {
  const names = Object.keys(counters ?? {})
  if (names.length === 0) return [required(at)]
  return names.length > 32 ? [tooMany(at, names.length, 32)] : names.toSorted().flatMap((name) => plainName(name, at))
}

const versionPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/
const valueBytesMax = 64

function attributeValue(at: Path, attribute: DeviceAttribute): FieldError[] {
  const { bool, int, string, version } = attribute
  const errors: FieldError[] = []
  if (string !== undefined && byteLength(string) > valueBytesMax)
    errors.push(tooLong(at.child('string'), valueBytesMax))
  if (version !== undefined && !versionPattern.test(version)) {
    errors.push(invalid(at.child('version'), version, 'must be a string compatible with semver.org spec 2.0.0'))
  }
  if (version !== undefined && byteLength(version) > valueBytesMax) {
    errors.push(tooLong(at.child('version'), valueBytesMax))
  }
  const count = [bool, int, string, version].filter((value) => value !== undefined).length
  if (count === 1) return errors
  const shown = count === 0 ? '' : internal('resource.DeviceAttribute', attribute)
  return [...errors, invalid(at, shown, 'exactly one value must be specified')]
}

// Longest name of an attribute: a domain, a slash, an identifier.
const keyBytesMax = 63 + 1 + 32

/** The middle of a key that is too long is left out of paths. */
function shownKey(key: string): string {
  if (key.length <= keyBytesMax) return key
  const kept = keyBytesMax - 3
  return `${key.slice(0, Math.floor((kept + 1) / 2))}...${key.slice(key.length - Math.floor(kept / 2))}`
}

function namedValues<T>(
  at: Path,
  values: Readonly<Record<string, T>> | undefined,
  check: (at: Path, value: T) => FieldError[],
): FieldError[] {
  return Object.entries(values ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => [...attributeName(name, at), ...check(at.key(shownKey(name)), value)])
}

function taint({ key, value = '', effect }: DeviceTaint, at: Path): FieldError[] {
  return [
    ...labelKey(key, at.child('key')),
    ...(value === '' ? [] : valueOfLabel(value, at.child('value'))),
    ...requiredOneOf(at.child('effect'), effect, taintEffects),
  ]
}

/** The names of the members that say where devices are, and what is wrong with them. */
export interface Placement {
  readonly set: readonly string[]
  readonly errors: readonly FieldError[]
}

/** A switch that may only be absent or on. */
export function switchedOn(at: Path, value: boolean | undefined, name: string): Placement {
  const child = at.child(name)
  if (value === undefined) return { set: [], errors: [] }
  if (value) return { set: [`\`${name}\``], errors: [] }
  return { set: [], errors: [invalid(child, false, 'must be either unset or set to true')] }
}

/** The node that devices are on, by name. */
export function placedByName(at: Path, name: string | undefined, emptyText: string): Placement {
  const nameAt = at.child('nodeName')
  if (name === undefined) return { set: [], errors: [] }
  if (name === '') return { set: [], errors: [invalid(nameAt, name, emptyText)] }
  return { set: ['`nodeName`'], errors: dnsSubdomain(name).map((text) => invalid(nameAt, name, text)) }
}

function ownPlace(at: Path, device: Device): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  const parts: Placement[] = [placedByName(at, nodeName, 'must not be empty')]
  if (nodeSelector !== undefined) {
    parts.push({ set: ['`nodeSelector`'], errors: validateNodeSelector(at.child('nodeSelector'), nodeSelector) })
  }
  parts.push(switchedOn(at, allNodes, 'allNodes'))
  const set = parts.flatMap((part) => part.set)
  const errors = parts.flatMap((part) => part.errors)
  if (set.length === 1) return errors
  return [...errors, set.length === 0 ? required(at, text) : invalid(at, `{${set.join(', ')}}`, text)]
}

function placeErrors(at: Path, device: Device, perDevice: boolean): FieldError[] {
  if (perDevice) return ownPlace(at, device)
  const { nodeName, nodeSelector, allNodes } = device
  if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return []
  const text =
    '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  return [invalid(at, new GoValue('null'), text)]
}

function countErrors(at: Path, { attributes = {}, capacity = {} }: Device): FieldError[] {
  const values = Object.keys(attributes).length
  const all = values + Object.keys(capacity).length
  const text = (what: string, most: number): string => `the total number of ${what} must not exceed ${most}`
  return [
    ...(all > 32 ? [invalid(at, all, text('attributes and capacities', 32))] : []),
    ...(values > 48 ? [invalid(at, values, text('attribute values', 48))] : []),
  ]
}

/** What a device is checked with: the slice's ways, and the device as it was. */
interface DeviceContext {
  readonly perDevice: boolean
  readonly old: Device | undefined
}

/** One device of a slice. Taints that did not change are not looked at again. */
function sliceDevice(device: Device, at: Path, { perDevice, old }: DeviceContext): FieldError[] {
  const isShared = device.allowMultipleAllocations === true
  const sameTaints = old !== undefined && sameValue(old.taints, device.taints)
  return [
    ...plainName(device.name, at.child('name')),
    ...countErrors(at, device),
    ...namedValues(at.child('attributes'), device.attributes, attributeValue),
    ...namedValues(at.child('capacity'), device.capacity, (valueAt, value) => deviceCapacity(valueAt, value, isShared)),
    ...(sameTaints ? [] : boundedList(at.child('taints'), device.taints, { most: 16, check: taint })),
    ...boundedSet(at.child('consumesCounters'), device.consumesCounters, {
      most: 2,
      key: (consumption) => consumption.counterSet,
      check: (consumption, itemAt) => [
        ...requiredMatches(itemAt.child('counterSet'), consumption.counterSet, dnsLabel),
        ...namedCounters(itemAt.child('counters'), consumption.counters),
      ],
    }),
    ...placeErrors(at, device, perDevice),
    ...bindingConditions(device, at),
  ]
}

/** Every device of a slice, each name once. */
export function sliceDevices(
  at: Path,
  devices: readonly Device[] | undefined,
  context: { readonly perDevice: boolean; readonly old: readonly Device[] },
): FieldError[] {
  const { perDevice, old } = context
  const isAdvanced = (devices ?? []).some(
    ({ taints = [], consumesCounters = [] }) => taints.length > 0 || consumesCounters.length > 0,
  )
  return boundedSet(at, devices, {
    most: isAdvanced ? 64 : 128,
    key: ({ name }) => name,
    check: (device, itemAt) =>
      sliceDevice(device, itemAt, { perDevice, old: old.find(({ name }) => name === device.name) }),
  })
}

/** Sets of counters of a slice. */
export function counterSets(at: Path, sets: readonly CounterSet[] | undefined): FieldError[] {
  return boundedSet(at, sets, { most: 8, key: ({ name }) => name, check: counterSet })
}
