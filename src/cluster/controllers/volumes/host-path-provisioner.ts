/** The provisioner of host paths: makes a directory for each claim of its classes and removes it with the claim. */
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '#clients/kubernetes/resources.table.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import type { Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { classNameOf } from './claim-names.ts'
import { type HostPathPlan, planHostPathClaim, planHostPathVolume } from './plan-host-path.ts'

const claimPrefix = 'claim:'
const volumePrefix = 'volume:'

/** Where volumes' directories are, and how they come and go. */
export interface HostPaths {
  /** The folder that holds all of them. */
  readonly directory: string
  make(path: string): Promise<void>
  remove(path: string): Promise<void>
}

/** Directories of machines that are only pretended. */
export const simulatedHostPaths: HostPaths = {
  directory: '/var/lib/gantry/volumes',
  make: () => Promise.resolve(),
  remove: () => Promise.resolve(),
}

/** Starts the provisioner. */
export function startHostPathProvisioner(context: ControllerContext, paths: HostPaths): Controller {
  const claims = context.informers.of(persistentVolumeClaims)
  const volumes = context.informers.of(persistentVolumes)
  const classes = context.informers.of(storageClasses)
  const nodeCache = context.informers.of(nodes)
  const planFor = (key: string): HostPathPlan => {
    if (key.startsWith(volumePrefix)) {
      const volume = volumes.get(key.slice(volumePrefix.length))
      return volume === undefined ? { plan: {} } : planHostPathVolume(volume, paths.directory)
    }
    const claim = claims.get(key.slice(claimPrefix.length))
    if (claim === undefined) return { plan: {} }
    return planHostPathClaim({
      claim,
      storageClass: classes.get(classNameOf(claim)),
      volume: volumes.get(claim.spec.volumeName ?? ''),
      directory: paths.directory,
      hasNode: (name) => nodeCache.get(name) !== undefined,
    })
  }
  return createController(context, {
    name: 'host-path-provisioner',
    watches: [
      watch(claims, ({ object }) => [claimPrefix + keyOf(object)]),
      watch(volumes, ({ object }) => [volumePrefix + keyOf(object)]),
      watch(classes, () => []),
      watch(nodeCache, () => []),
    ],
    reconcile: async (key): Promise<Plan> => {
      const { directory, plan } = planFor(key)
      if (directory === undefined) return plan
      try {
        await (directory.do === 'make' ? paths.make(directory.path) : paths.remove(directory.path))
        return plan
      } catch (error) {
        const reason = directory.do === 'make' ? 'ProvisioningFailed' : 'VolumeFailedDelete'
        const event = { type: 'Warning', reason, message: messageOf(error) } as const
        return {
          ...(plan.subject === undefined ? {} : { subject: plan.subject }),
          events: [event],
          lookAgainAfterMs: 15_000,
        }
      }
    },
  })
}
