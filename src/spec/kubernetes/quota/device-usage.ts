/** What claims of devices count for: by class, as many devices as they may be given at most (resource_claims.go, v1.36). */
import { quantityOfUnits } from '#base/data/quantity.ts'
import type {
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
} from '../objects/resource-v1.generated.ts'
import { type Amounts, largest, plus } from '#base/data/amounts.ts'

/** Behind the name of a class: quotas of its devices. */
export const classSuffix = '.deviceclass.resource.k8s.io/devices'
/** As many as one claim can be given: who asks for all devices may get so many. */
const devicesMax = 32

/** Whether devices are counted under a name: `gold.deviceclass.resource.k8s.io/devices`. */
export function isDeviceName(name: string): boolean {
  return name.endsWith(classSuffix)
}

/** The devices of a claim by class. */
export function deviceUsage({ spec }: ResourceClaim): Amounts {
  return (spec.devices?.requests ?? []).reduce<Amounts>((sum, request) => plus(sum, requestUsage(request)), new Map())
}

/** Of alternatives the most expensive counts, for each class. */
function requestUsage({ exactly, firstAvailable = [] }: DeviceRequest): Amounts {
  if (firstAvailable.length > 0) {
    return firstAvailable.reduce<Amounts>((most, one) => largest(most, usageBy(one)), new Map())
  }
  return exactly === undefined ? new Map() : usageBy(exactly)
}

function usageBy({ deviceClassName, allocationMode, count = 0 }: ExactDeviceRequest | DeviceSubRequest): Amounts {
  const devices = allocationMode === 'All' ? devicesMax : allocationMode === 'ExactCount' ? count : 0
  return new Map([[`${deviceClassName}${classSuffix}`, quantityOfUnits(devices)]])
}
