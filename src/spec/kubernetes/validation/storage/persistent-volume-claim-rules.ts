/** Claims of persistent volumes (core/validation, v1.36). */
import type { PersistentVolumeClaim } from '../../objects/core-v1.generated.ts'
import { eachEntry, immutableText, isEmpty, matches } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain, qualifiedName } from '../formats.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { hasInvalidSelectorValue } from '../labels.ts'
import { compareAmounts, isNativeResource, validateAmount } from '../pods/resources.ts'
import { sameValue } from '../same-value.ts'
import { internalDiff } from '../spec-diff.ts'
import { validateClaimSpec } from './persistent-volume-claim-spec.ts'
import { needsVersion, notNegative } from './volume-status.ts'

type Amounts = Readonly<Record<string, string>>
const specPath = path('spec')

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'
const claimText =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

/** A claim that had its class as an annotation, or none, may get it as a member. */
function isClassUpgraded({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  if (old.spec?.storageClassName !== undefined || spec?.storageClassName === undefined) return false
  const annotation = old.metadata.annotations?.[classAnnotation]
  return annotation === undefined || annotation === spec.storageClassName
}

/** What a bound claim asks for, with the storage that it asked for before. */
function resourcesUndone({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): object {
  const requests = { ...(spec?.resources?.requests as Amounts | undefined) }
  const storage = storageOf(old)
  if (storage !== undefined) requests['storage'] = storage
  return { ...spec?.resources, requests }
}

function storageOf(claim: PersistentVolumeClaim): string | undefined {
  return (claim.spec?.resources?.requests as Amounts | undefined)?.['storage']
}

/** The claim's spec with every permitted change undone. */
function permittedUndone(object: PersistentVolumeClaim, old: PersistentVolumeClaim): object {
  const { spec, status } = object
  const before = old.spec
  const undone: Record<string, unknown> = { ...spec }
  const restore = (member: string, value: unknown): void => {
    if (value === undefined) delete undone[member]
    else undone[member] = value
  }
  if ((before?.volumeName ?? '') === '') restore('volumeName', before?.volumeName)
  if (isClassUpgraded(object, old)) restore('storageClassName', undefined)
  if (status?.phase !== 'Bound') return undone
  restore('volumeAttributesClassName', before?.volumeAttributesClassName)
  undone['resources'] = resourcesUndone(object, old)
  return undone
}

function claimClasses(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = [object.spec?.volumeAttributesClassName, old.spec?.volumeAttributesClassName]
  const at = specPath.child('volumeAttributesClassName')
  if (now === before || old.status?.currentVolumeAttributesClassName === undefined) return []
  const suffix = 'is forbidden when status.currentVolumeAttributesClassName is not nil'
  if (now === undefined) return [forbidden(at, `update to nil ${suffix}`)]
  return now === '' ? [forbidden(at, `update to empty string ${suffix}`)] : []
}

function annotationChange(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const annotation = object.metadata.annotations?.[classAnnotation] ?? ''
  const before = old.metadata.annotations?.[classAnnotation] ?? ''
  const isMoved = before !== '' && object.spec?.storageClassName === before && annotation === ''
  if (annotation === before || isMoved) return []
  return [invalid(path('metadata', 'annotations', classAnnotation), annotation, immutableText)]
}

/** A claim may shrink only as far as its volume is not smaller already. */
function sizeChange(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = [storageOf(object), storageOf(old)]
  const stored = (old.status?.capacity as Amounts | undefined)?.['storage']
  if (compareAmounts(now, before) >= 0 || compareAmounts(now, stored) > 0) return []
  return [forbidden(specPath.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity')]
}

function claimChange(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = annotationChange(object, old)
  const undone = permittedUndone(object, old)
  if (!sameValue(undone, old.spec)) {
    const difference = internalDiff('core.PersistentVolumeClaimSpec', old.spec, undone)
    errors.push(forbidden(specPath, `${claimText}\n${difference}`))
  }
  errors.push(...sizeChange(object, old))
  if (object.spec?.volumeMode !== old.spec?.volumeMode) {
    errors.push(invalid(path('volumeMode'), object.spec?.volumeMode ?? null, immutableText))
  }
  return [...errors, ...claimClasses(object, old)]
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort()

function allocatedName(at: Path, name: string): FieldError[] {
  const errors = matches(at, name, qualifiedName)
  const isKnown = !isNativeResource(name) || name === 'storage'
  return errors.length > 0 || isKnown ? errors : [notSupported(at, name, ['storage'])]
}

function claimStatus(object: PersistentVolumeClaim): FieldError[] {
  const { status } = object
  const statusPath = path('status')
  const statesAt = statusPath.child('allocatedResourceStatuses')
  const allocatedAt = statusPath.child('allocatedResources')
  return [
    ...needsVersion(object),
    ...(isEmpty(object.spec?.accessModes) ? [required(path('Spec', 'accessModes'))] : []),
    ...eachEntry(statusPath.child('capacity'), status?.capacity as Amounts | undefined, (_, amount, at) =>
      notNegative(at, amount),
    ),
    ...eachEntry(statesAt, status?.allocatedResourceStatuses, (name, state) => [
      ...allocatedName(statesAt, name),
      ...(resizeStates.includes(state) ? [] : [notSupported(statesAt, name, resizeStates)]),
    ]),
    ...eachEntry(allocatedAt, status?.allocatedResources as Amounts | undefined, (name, amount, at) => {
      const errors = [...allocatedName(allocatedAt, name), ...notNegative(at, amount)]
      return errors.length > 0 ? errors : validateAmount(at, 'storage', amount)
    }),
  ]
}

/** The rules of claims. */
export const persistentVolumeClaimRules: AnyKindRules = kindRules<PersistentVolumeClaim>({
  name: dnsSubdomain,
  create: ({ spec }) => validateClaimSpec(specPath, spec),
  update: ({ object, old }) => {
    const hasGroup = old.spec?.dataSource?.apiGroup !== undefined || old.spec?.dataSourceRef?.apiGroup !== undefined
    const options = {
      allowInvalidSelectorValues: hasInvalidSelectorValue(old.spec?.selector),
      allowInvalidApiGroup: hasGroup,
    }
    return [...validateClaimSpec(specPath, object.spec, options), ...claimChange(object, old)]
  },
  status: ({ object }) => claimStatus(object),
})
