/** The volume binder: brings claims and volumes together, orders volumes from their makers, and reclaims released ones. */
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '#clients/kubernetes/resources.table.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Informer, Lister } from '#kit/reconcile/informer.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { annotation, claimsOf, classNameOf, hasAnnotation, namesClass } from './claim-names.ts'
import { planClaim } from './plan-claim.ts'
import { planVolume } from './plan-volume.ts'
import { ToldClaims } from './told-claims.ts'
import { recyclerName, recyclerNamespace } from './plan-recycling.ts'
import { observeVolumes } from './volume-metrics.ts'

const claimPrefix = 'claim:'
const volumePrefix = 'volume:'
const openIndex = 'unbound-of-class'
const claimIndex = 'claim'
const recyclerPrefix = 'recycler-for-'
/** What claims that name no class are filed under. */
const anyClass = '*'

/** Starts the controller. */
export function startVolumeBinder(context: ControllerContext): Controller {
  const claims = context.informers.of(persistentVolumeClaims)
  const volumes = context.informers.of(persistentVolumes)
  const classes = context.informers.of(storageClasses)
  const podCache = context.informers.of(pods)
  podCache.addIndex(claimIndex, claimsOf)
  claims.addIndex(openIndex, openClassOf)
  volumes.addIndex(claimIndex, ({ spec: { claimRef } }) =>
    claimRef === undefined ? [] : [keyFrom(claimRef.namespace, claimRef.name ?? '')],
  )
  if (context.metrics !== undefined) observeVolumes(context.metrics, { claims, volumes })
  const told = new ToldClaims()
  const openOf = (className: string): readonly string[] =>
    claims.byIndex(openIndex, className).map((claim) => claimPrefix + keyOf(claim))
  return createController(context, {
    name: 'persistentvolume-binder',
    // One at a time, so that two claims never want the same volume.
    workers: 1,
    watches: [
      watch(claims, ({ object, previous }) => [
        ...claimKeys(object, previous),
        ...volumes.byIndex(claimIndex, keyOf(object)).map((volume) => volumePrefix + keyOf(volume)),
      ]),
      watch(volumes, ({ object, previous }) => [
        ...volumeKeys(object, previous),
        ...(isOffered(object, previous) ? [...openOf(classNameOf(object)), ...openOf(anyClass)] : []),
      ]),
      watch(classes, ({ object }) => [...openOf(object.metadata.name), ...openOf(anyClass)]),
      watch(podCache, ({ object, previous, type }) => podKeys(claims, { object, previous, type })),
    ],
    reconcile: (key): Plan | Promise<Plan> => {
      if (key.startsWith(claimPrefix)) {
        const claim = claims.get(key.slice(claimPrefix.length))
        if (claim === undefined) {
          told.forget(key)
          return nothingToDo
        }
        const used = podCache.byIndex(claimIndex, keyOf(claim))
        const plan = planClaim({ claim, volumes: volumes.list(), classes: classes.list(), pods: used })
        return told.fresh(key, claim, plan)
      }
      const volume = volumes.get(key.slice(volumePrefix.length))
      return volume === undefined ? nothingToDo : planFor(volume, { context, claims, podCache })
    },
  })
}

function openClassOf(claim: PersistentVolumeClaim): readonly string[] {
  if (hasAnnotation(claim, annotation.bindCompleted)) return []
  return [namesClass(claim) ? classNameOf(claim) : anyClass]
}

function claimKeys(claim: PersistentVolumeClaim, previous: PersistentVolumeClaim | undefined): readonly string[] {
  const names = new Set([claim.spec.volumeName ?? '', previous?.spec.volumeName ?? ''])
  names.delete('')
  return [claimPrefix + keyOf(claim), ...[...names].map((name) => volumePrefix + name)]
}

function volumeKeys(volume: PersistentVolume, previous: PersistentVolume | undefined): readonly string[] {
  const keys = new Set([volumePrefix + keyOf(volume)])
  for (const reference of [volume.spec.claimRef, previous?.spec.claimRef]) {
    if (reference !== undefined) keys.add(claimPrefix + keyFrom(reference.namespace, reference.name ?? ''))
  }
  return [...keys]
}

/** True when the volume has become one that a claim may take. */
function isOffered(volume: PersistentVolume, previous: PersistentVolume | undefined): boolean {
  const isFree = volume.spec.claimRef === undefined && volume.status?.phase === 'Available'
  return isFree && volume !== previous
}

/** Open claims are told about their pods, volumes about the pods that empty them or still use them. */
function podKeys(
  claims: Lister<PersistentVolumeClaim>,
  change: { readonly object: Pod; readonly previous?: Pod | undefined; readonly type: string },
): readonly string[] {
  const { object, previous, type } = change
  const { name, namespace } = object.metadata
  if (namespace === recyclerNamespace && name.startsWith(recyclerPrefix))
    return [volumePrefix + name.slice(recyclerPrefix.length)]
  if (type === 'updated' && previous?.spec.nodeName === object.spec.nodeName) return []
  return claimsOf(object).flatMap((key) => {
    const claim = claims.get(key)
    return claim === undefined || hasAnnotation(claim, annotation.bindCompleted) ? [] : [claimPrefix + key]
  })
}

async function planFor(
  volume: PersistentVolume,
  seen: {
    readonly context: ControllerContext
    readonly claims: Lister<PersistentVolumeClaim>
    readonly podCache: Informer<Pod>
  },
): Promise<Plan> {
  const { claimRef } = volume.spec
  const key = keyFrom(claimRef?.namespace, claimRef?.name ?? '')
  return planVolume({
    volume,
    claim: await claimOf(volume, seen.context, seen.claims),
    recycler: seen.podCache.get(keyFrom(recyclerNamespace, recyclerName(volume))),
    users: claimRef === undefined ? [] : seen.podCache.byIndex(claimIndex, key),
  })
}

/** The claim that a volume is bound to. A claim that the cache does not know may only be new: the server is asked. */
async function claimOf(
  volume: PersistentVolume,
  { client }: ControllerContext,
  claims: Lister<PersistentVolumeClaim>,
): Promise<PersistentVolumeClaim | undefined> {
  const { uid = '', namespace, name = '' } = volume.spec.claimRef ?? {}
  if (uid === '') return undefined
  const known = claims.get(keyFrom(namespace, name))
  if (known?.metadata.uid === uid) return known
  if (known === undefined && isEnded(volume)) return undefined
  const live = await liveClaim(client, namespace, name)
  return live?.metadata.uid === uid ? live : undefined
}

const isEnded = ({ status }: PersistentVolume): boolean => status?.phase === 'Released' || status?.phase === 'Failed'

async function liveClaim(
  client: ControllerContext['client'],
  namespace: string | undefined,
  name: string,
): Promise<PersistentVolumeClaim | undefined> {
  try {
    return await client.get(persistentVolumeClaims, name, { namespace })
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}
