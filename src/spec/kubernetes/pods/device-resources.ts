/** Extended resources behind which device classes stand (DRAExtendedResource, on in v1.36): which class is meant by a name. */
import type { DeviceClass } from '../objects/resource-v1.generated.ts'
import { isExtendedResource } from '../validation/pods/resources.ts'

/** Every class can be asked for under this and its name. */
export const classResourcePrefix = 'deviceclass.resource.kubernetes.io/'

/** Says `true` on claims that the scheduler makes for pods that ask for such resources. */
export const extendedClaimAnnotation = 'resource.kubernetes.io/extended-resource-claim'

/** True for names that a device class may stand behind. */
export function mayBeDevices(resource: string): boolean {
  return resource.includes('/') && (resource.startsWith(classResourcePrefix) || isExtendedResource(resource))
}

/** The class behind a resource: of several the newest, of equally old ones the first by name. */
export function classBehind(resource: string, classes: Iterable<DeviceClass>): DeviceClass | undefined {
  let chosen: DeviceClass | undefined
  for (const one of classes) {
    if (resource === `${classResourcePrefix}${one.metadata.name}`) return one
    if (one.spec.extendedResourceName === resource && (chosen === undefined || isPreferred(one, chosen))) chosen = one
  }
  return chosen
}

function isPreferred({ metadata: a }: DeviceClass, { metadata: b }: DeviceClass): boolean {
  const [one, other] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
  return one === other ? a.name < b.name : one > other
}
