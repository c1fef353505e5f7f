/** Steps about storage: the default class, protection of what is in use, and growing of claims. */
import { compareQuantities, parseQuantity, tryParseQuantity } from '#base/data/quantity.ts'
import { type ApiObject, objectAt, textAt, withMetadata } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { writesOf } from './pod-requests.ts'

const claims = '/persistentvolumeclaims'
const classes = 'storage.k8s.io/storageclasses'
const isDefault = 'storageclass.kubernetes.io/is-default-class'
const betaIsDefault = 'storageclass.beta.kubernetes.io/is-default-class'

/** The class that is meant when a claim names none: the newest of those marked as default. */
function defaultClass({ view }: AdmissionRequest): ApiObject | undefined {
  const marked = view
    .list(classes, '')
    .filter(
      ({ metadata }) =>
        metadata.annotations?.[isDefault] === 'true' || metadata.annotations?.[betaIsDefault] === 'true',
    )
  return marked.toSorted(
    (a, b) =>
      (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') ||
      (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
  )[0]
}

export const defaultStorageClass: AdmissionStep = {
  name: 'DefaultStorageClass',
  applies: writesOf(claims, 'CREATE'),
  mutate: (request, claim) => {
    const spec = objectAt(claim, 'spec')
    const isNamed =
      spec['storageClassName'] !== undefined ||
      claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined
    const chosen = isNamed ? undefined : defaultClass(request)
    return chosen === undefined ? claim : { ...claim, spec: { ...spec, storageClassName: chosen.metadata.name } }
  },
}

const finalizerOf: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  volumeattributesclasses: 'kubernetes.io/vac-protection',
}

export const storageObjectInUseProtection: AdmissionStep = {
  name: 'StorageObjectInUseProtection',
  applies: ({ resource }, operation, subresource) =>
    subresource === '' && operation === 'CREATE' && finalizerOf[resource] !== undefined,
  mutate: ({ resource }, object) => {
    const finalizer = finalizerOf[resource.resource] ?? ''
    const finalizers = object.metadata.finalizers ?? []
    return finalizers.includes(finalizer) ? object : withMetadata(object, { finalizers: [...finalizers, finalizer] })
  },
}

/** A claim grows only where its class says that its volumes can. */
export const persistentVolumeClaimResize: AdmissionStep = {
  name: 'PersistentVolumeClaimResize',
  applies: writesOf(claims, 'UPDATE'),
  validate: (request) => {
    const { object, old, name, view } = request
    if (!grows(old, object)) return
    const refuse = (why: string): Error => forbidden({ group: '', resource: 'persistentvolumeclaims', name }, why)
    if (textAt(old, 'status', 'phase') !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded')
    const storageClass = view.find(classes, '', textAt(object, 'spec', 'storageClassName'))
    if (storageClass?.['allowVolumeExpansion'] !== true)
      throw refuse(
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
  },
}

function grows(old: unknown, next: unknown): boolean {
  const size = (claim: unknown): string => textAt(claim, 'spec', 'resources', 'requests', 'storage')
  const [before, after] = [tryParseQuantity(size(old)), tryParseQuantity(size(next))]
  if (after === undefined) return false
  return compareQuantities(after, before ?? parseQuantity('0')) > 0
}
