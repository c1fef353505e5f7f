/** What was allocated to a claim, for whom, and what drivers report of it (resource/validation, v1.36). */
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimStatus,
} from '../../objects/resource-v1.generated.ts'
import { byteLength, ifSet, immutableText, requiredOneOf, requiredText } from '../checks.ts'
import { validateConditions } from '../conditions.ts'
import { forbidden, invalid, tooLong, tooMany, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { internal } from '../internal-value.ts'
import { formatIp, parseCidr } from '../ip-address.ts'
import { validateNodeSelector } from '../pods/affinity.ts'
import { sameValue } from '../same-value.ts'
import { type RequestNames, requestNamesOf, requestReference, requestReferences } from './claim-requests.ts'
import { bindingConditions } from './binding-conditions.ts'
import { boundedList, boundedSet, plainName, poolName, shareId } from './device-names.ts'
import { deviceConfiguration, driverData } from './device-selectors.ts'

type SharedDevice = Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>

/** A device, or a share of one, as messages name it. */
function shownDevice({ driver = '', pool = '', device = '', shareID = '' }: Partial<SharedDevice>): object {
  return { Driver: driver, Pool: pool, Device: device, ShareID: shareID }
}

function deviceKey(device: SharedDevice): string {
  return JSON.stringify(shownDevice(device))
}

function consumer({ resource, name, uid }: ResourceClaimConsumerReference, at: Path): FieldError[] {
  return [
    ...requiredText(at.child('resource'), resource),
    ...requiredText(at.child('name'), name),
    ...requiredText(at.child('uid'), uid),
  ]
}

function result(given: DeviceRequestAllocationResult, at: Path, names: RequestNames): FieldError[] {
  return [
    ...requestReference(given.request ?? '', at.child('request'), names),
    ...csiDriverName(at.child('driver'), given.driver),
    ...poolName(given.pool, at.child('pool')),
    ...plainName(given.device, at.child('device')),
    ...bindingConditions(given, at),
    ...ifSet(given.shareID, (id) => shareId(id, at.child('shareID'))),
  ]
}

function allocation(given: AllocationResult, at: Path, names: RequestNames): FieldError[] {
  const devicesAt = at.child('devices')
  return [
    ...boundedList(devicesAt.child('results'), given.devices?.results, {
      most: 32,
      check: (one, oneAt) => result(one, oneAt, names),
    }),
    ...boundedList(devicesAt.child('config'), given.devices?.config, {
      most: 64,
      check: (one, oneAt) => [
        ...requiredOneOf(oneAt.child('source'), one.source, ['FromClaim', 'FromClass']),
        ...requestReferences(oneAt.child('requests'), one.requests, names),
        ...deviceConfiguration(one, oneAt),
      ],
    }),
    ...ifSet(given.nodeSelector, (selector) => validateNodeSelector(at.child('nodeSelector'), selector)),
  ]
}

function interfaceAddress(value: string, at: Path): FieldError[] {
  const cidr = parseCidr(value)
  if (cidr === undefined) {
    return [invalid(at, value, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')]
  }
  const canonical = `${formatIp(cidr.address)}/${cidr.prefix}`
  return value === canonical ? [] : [invalid(at, value, `must be in canonical form (${JSON.stringify(canonical)})`)]
}

function networkData({ interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData, at: Path): FieldError[] {
  return [
    ...(byteLength(interfaceName) > 256 ? [tooLong(at.child('interfaceName'), 256)] : []),
    ...(byteLength(hardwareAddress) > 128 ? [tooLong(at.child('hardwareAddress'), 128)] : []),
    ...boundedSet(at.child('ips'), ips, { most: 16, key: (address) => address, check: interfaceAddress }),
  ]
}

const conditionsMost = 8

function deviceStatus(given: AllocatedDeviceStatus, at: Path, allocated: ReadonlySet<string>): FieldError[] {
  const { conditions = [], data } = given
  const conditionsAt = at.child('conditions')
  return [
    ...csiDriverName(at.child('driver'), given.driver),
    ...poolName(given.pool, at.child('pool')),
    ...plainName(given.device, at.child('device')),
    ...ifSet(given.shareID, (id) => shareId(id, at.child('shareID'))),
    ...(allocated.has(deviceKey(given))
      ? []
      : [invalid(at, shownDevice(given), 'must be an allocated device in the claim')]),
    ...(conditions.length > conditionsMost ? [tooMany(conditionsAt, conditions.length, conditionsMost)] : []),
    ...validateConditions(conditionsAt, conditions),
    ...ifSet(data, (value) => driverData(value, at.child('data'), 10 * 1024)),
    ...ifSet(given.networkData, (value) => networkData(value, at.child('networkData'))),
  ]
}

function reservations(at: Path, next: ResourceClaimStatus, { old, isDeleted }: Before): FieldError[] {
  if ((next.reservedFor ?? []).length === 0) return []
  if (next.allocation === undefined) return [forbidden(at, 'may not be specified when `allocated` is not set')]
  if (!isDeleted) return []
  const known = old.reservedFor ?? []
  const isNew = (next.reservedFor ?? []).some((one) => !known.some((other) => sameValue(one, other)))
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
  return isNew ? [forbidden(at, text)] : []
}

interface Before {
  readonly old: ResourceClaimStatus
  readonly isDeleted: boolean
}

function allocationChange(at: Path, claim: ResourceClaim, old: ResourceClaimStatus): FieldError[] {
  const now = claim.status?.allocation
  if (now === undefined) return []
  if (old.allocation === undefined) return allocation(now, at, requestNamesOf(claim.spec?.devices))
  const isSame = sameValue(now, old.allocation)
  return isSame ? [] : [invalid(at, internal('resource.AllocationResult', now), immutableText)]
}

/** A changed status: devices only of what is allocated, an allocation that stays as it was made. */
export function claimStatus(claim: ResourceClaim, before: ResourceClaim): FieldError[] {
  const at = path('status')
  const { status = {} } = claim
  const old = before.status ?? {}
  const allocated = new Set((status.allocation?.devices?.results ?? []).map(deviceKey))
  const isDeleted = claim.metadata.deletionTimestamp !== undefined
  return [
    ...boundedSet(at.child('reservedFor'), status.reservedFor, { most: 256, key: ({ uid }) => uid, check: consumer }),
    ...boundedSet(at.child('devices'), status.devices, {
      most: Number.POSITIVE_INFINITY,
      key: deviceKey,
      show: shownDevice,
      check: (one, oneAt) => deviceStatus(one, oneAt, allocated),
    }),
    ...reservations(at.child('reservedFor'), status, { old, isDeleted }),
    ...allocationChange(at.child('allocation'), claim, old),
  ]
}
