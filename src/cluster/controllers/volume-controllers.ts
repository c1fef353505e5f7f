/** The controllers of storage: claims, volumes, their makers, and where volumes are attached. */
import type { ControllerRow } from './controller-row.ts'
import { startAttachDetachController } from './volumes/attach-detach.ts'
import { startVolumeBinder } from './volumes/binder.ts'
import { startEphemeralVolumeController } from './volumes/ephemeral.ts'
import { startExpandController } from './volumes/expand.ts'
import { type HostPaths, simulatedHostPaths, startHostPathProvisioner } from './volumes/host-path-provisioner.ts'
import { hostPathProvisioner } from './volumes/plan-host-path.ts'
import { startAttributesClassProtection, startClaimProtection, startVolumeProtection } from './volumes/protection.ts'

export interface VolumesConfig {
  /** Where volumes of the built-in provisioner are; pretended unless told. */
  readonly hostPaths?: HostPaths
}

/** The rows of `controllers.ts`. */
export function volumeControllers({ hostPaths = simulatedHostPaths }: VolumesConfig): readonly ControllerRow[] {
  const binder = 'persistent-volume-binder'
  const attributes = 'volumeattributesclass-protection-controller'
  return [
    { account: binder, component: 'persistentvolume-controller', start: startVolumeBinder },
    {
      account: binder,
      component: hostPathProvisioner,
      start: (context) => startHostPathProvisioner(context, hostPaths),
    },
    { account: 'expand-controller', component: 'volume_expand', start: startExpandController },
    { account: 'ephemeral-volume-controller', component: 'ephemeral_volume', start: startEphemeralVolumeController },
    { account: 'attachdetach-controller', component: 'attachdetach-controller', start: startAttachDetachController },
    { account: 'pvc-protection-controller', component: 'pvc-protection-controller', start: startClaimProtection },
    { account: 'pv-protection-controller', component: 'pv-protection-controller', start: startVolumeProtection },
    { account: attributes, component: attributes, start: startAttributesClassProtection },
  ]
}
