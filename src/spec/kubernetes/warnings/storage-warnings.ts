/** Warnings about volumes, claims, classes and drivers (pkg/api/persistentvolume, persistentvolumeclaim and storage, v1.36). */
import { goQuote } from '#base/data/go-quote.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../objects/core-v1.generated.ts'
import type { CSIDriver, CSIStorageCapacity, StorageClass } from '../objects/storage-v1.generated.ts'
import { path, type Path } from '../validation/field-path.ts'
import { amountOf } from '../validation/pods/resources.ts'
import { sameValue } from '../validation/same-value.ts'
import { nodeExpressionWarnings, nodeLabelWarnings, nodeTermWarnings } from './node-labels.ts'
import { type AnyWarningRules, warningRules } from './warning-rules.ts'

const milli = 1_000_000n
const none: readonly string[] = []

/** An amount of bytes that is no whole number, to the thousandth. */
export function fractionWarnings(at: () => Path, amount: string | undefined): readonly string[] {
  if (amount === undefined) return none
  const { nanos } = amountOf(amount)
  const thousandths = nanos / milli + (nanos % milli === 0n ? 0n : 1n)
  if (thousandths % 1000n === 0n) return none
  return [`${at()}: fractional byte value ${goQuote(amount)} is invalid, must be an integer`]
}

/** Sizes that a claim asks for. */
export function claimWarnings(at: Path, spec: PersistentVolumeClaimSpec | undefined): readonly string[] {
  const { requests, limits } = spec?.resources ?? {}
  return [
    ...fractionWarnings(() => at.child('resources', 'requests').key('storage'), requests?.['storage']),
    ...fractionWarnings(() => at.child('resources', 'limits').key('storage'), limits?.['storage']),
  ]
}

function annotationWarnings(
  annotations: Readonly<Record<string, string>> | undefined,
  texts: Readonly<Record<string, string>>,
): readonly string[] {
  const at = path('metadata', 'annotations')
  return Object.entries(texts).flatMap(([key, text]) =>
    annotations?.[key] === undefined ? [] : [`${at.key(key)}: ${text}`],
  )
}

const classText = 'deprecated since v1.8; use "storageClassName" attribute instead'
const classAnnotation = 'volume.beta.kubernetes.io/storage-class'
const volumeAnnotations = {
  [classAnnotation]: classText,
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
}

const retiredSources = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const

function volumeWarnings({ metadata, spec }: PersistentVolume): readonly string[] {
  const at = path('spec')
  const termsAt = at.child('nodeAffinity', 'required', 'nodeSelectorTerms')
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []
  const recycled =
    'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'
  return [
    ...annotationWarnings(metadata.annotations, volumeAnnotations),
    ...(spec?.persistentVolumeReclaimPolicy === 'Recycle'
      ? [`${at.child('persistentVolumeReclaimPolicy')}: ${recycled}`]
      : []),
    ...terms.flatMap((term, index) => nodeTermWarnings(termsAt.index(index), term, false)),
    ...retiredSources.flatMap(([member, name, text]) =>
      spec?.[member] === undefined ? [] : [`${at.child(name)}: ${text}`],
    ),
  ]
}

function wholeClaimWarnings({ metadata, spec }: PersistentVolumeClaim): readonly string[] {
  return [
    ...annotationWarnings(metadata.annotations, { [classAnnotation]: classText }),
    ...claimWarnings(path('spec'), spec),
  ]
}

function classWarnings({ allowedTopologies = [] }: StorageClass): readonly string[] {
  const at = path('allowedTopologies')
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
    matchLabelExpressions.flatMap(({ key }, inner) =>
      nodeLabelWarnings(
        key,
        (text) => `${at.index(index).child('matchLabelExpressions').index(inner).child('key')}: ${text}`,
      ),
    ),
  )
}

function capacityWarnings({ nodeTopology }: CSIStorageCapacity): readonly string[] {
  const at = path('nodeTopology')
  return [
    ...nodeExpressionWarnings(at.child('matchExpressions'), nodeTopology?.matchExpressions),
    ...Object.keys(nodeTopology?.matchLabels ?? {}).flatMap((label) =>
      nodeLabelWarnings(label, (text) => `${at.child('matchLabels', label)}: ${text}`),
    ),
  ]
}

const tokensText =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

function driverWarnings({ spec }: CSIDriver): readonly string[] {
  const asks = (spec.tokenRequests?.length ?? 0) > 0
  return asks && spec.serviceAccountTokenInSecrets === undefined ? [tokensText] : []
}

/** The rows of the kinds of storage. */
export const storageWarnings: Readonly<Record<string, AnyWarningRules>> = {
  '/PersistentVolume': warningRules<PersistentVolume>({ create: volumeWarnings, update: volumeWarnings }),
  '/PersistentVolumeClaim': warningRules<PersistentVolumeClaim>({
    create: wholeClaimWarnings,
    update: wholeClaimWarnings,
  }),
  'storage.k8s.io/StorageClass': warningRules<StorageClass>({ create: classWarnings, update: classWarnings }),
  'storage.k8s.io/CSIStorageCapacity': warningRules<CSIStorageCapacity>({
    create: capacityWarnings,
    update: capacityWarnings,
  }),
  'storage.k8s.io/CSIDriver': warningRules<CSIDriver>({
    create: driverWarnings,
    update: (driver, old) =>
      sameValue(driver.spec.tokenRequests, old.spec.tokenRequests) ? [] : driverWarnings(driver),
  }),
}
