/** Device classes, resource claims, their templates, resource slices (resource/validation, v1.36). */
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../objects/resource-v1.generated.ts'
import { ifSet, immutableText, positive } from '../checks.ts'
import { invalid, required, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { dnsSubdomain } from '../formats.ts'
import { internal, internalList } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateNodeSelector } from '../pods/affinity.ts'
import { isExtendedResource } from '../pods/resources.ts'
import { sameValue } from '../same-value.ts'
import { validateTemplateMetadata } from '../template-metadata.ts'
import { deviceClaim } from './claim-requests.ts'
import { claimStatus } from './claim-status.ts'
import { boundedList, poolName } from './device-names.ts'
import { deviceConfiguration, deviceSelectors } from './device-selectors.ts'
import { counterSets, placedByName, type Placement, sliceDevices, switchedOn } from './slice-devices.ts'

const specPath = path('spec')

function deviceClass({ spec }: DeviceClass, old: DeviceClass | undefined): FieldError[] {
  const { selectors, config, extendedResourceName } = spec ?? {}
  const isStored = old !== undefined && sameValue(config, old.spec?.config)
  return [
    ...deviceSelectors(specPath.child('selectors'), selectors),
    ...boundedList(specPath.child('config'), config, {
      most: 32,
      check: (one, at) => deviceConfiguration(one, at, isStored),
    }),
    ...ifSet(extendedResourceName, (name) =>
      isExtendedResource(name)
        ? []
        : [invalid(specPath.child('extendedResourceName'), name, 'must be a valid extended resource name')],
    ),
  ]
}

/** The rules of device classes. */
export const deviceClassRules: AnyKindRules = kindRules<DeviceClass>({
  name: dnsSubdomain,
  create: (object) => deviceClass(object, undefined),
  update: ({ object, old }) => deviceClass(object, old),
})

/** The rules of resource claims: what is asked for never changes, what was allocated is the status. */
export const resourceClaimRules: AnyKindRules = kindRules<ResourceClaim>({
  name: dnsSubdomain,
  create: ({ spec }) => deviceClaim(specPath.child('devices'), spec?.devices),
  update: ({ object, old }) =>
    sameValue(object.spec, old.spec)
      ? []
      : [invalid(specPath, internal('resource.ResourceClaimSpec', object.spec), immutableText)],
  status: ({ object, old }) => claimStatus(object, old),
})

function claimTemplate({ spec }: ResourceClaimTemplate): FieldError[] {
  return [
    ...validateTemplateMetadata(specPath.child('metadata'), spec?.metadata),
    ...deviceClaim(specPath.child('spec', 'devices'), spec?.spec?.devices),
  ]
}

/** The rules of templates of resource claims, which never change. */
export const resourceClaimTemplateRules: AnyKindRules = kindRules<ResourceClaimTemplate>({
  name: dnsSubdomain,
  create: claimTemplate,
  update: ({ object, old }) =>
    sameValue(object.spec, old.spec)
      ? []
      : [invalid(specPath, internal('resource.ResourceClaimTemplateSpec', object.spec), immutableText)],
})

function slicePool(spec: ResourceSliceSpec): FieldError[] {
  const at = specPath.child('pool')
  const pool: Partial<ResourcePool> = spec.pool ?? {}
  const { name, generation = 0, resourceSliceCount = 0 } = pool
  return [
    ...poolName(name, at.child('name')),
    ...positive(at.child('resourceSliceCount'), resourceSliceCount),
    ...(generation < 0 ? [invalid(at.child('generation'), generation, 'must be greater than or equal to zero')] : []),
  ]
}

function selectedNodes({ nodeSelector }: ResourceSliceSpec): Placement {
  if (nodeSelector === undefined) return { set: [], errors: [] }
  const at = specPath.child('nodeSelector')
  const terms = nodeSelector.nodeSelectorTerms ?? []
  const termsAt = at.child('nodeSelectorTerms')
  const shown = internalList('core.NodeSelectorTerm', nodeSelector.nodeSelectorTerms)
  const several = terms.length === 1 ? [] : [invalid(termsAt, shown, 'must have exactly one node selector term')]
  return { set: ['`nodeSelector`'], errors: [...validateNodeSelector(at, nodeSelector), ...several] }
}

function slicePlace(spec: ResourceSliceSpec): FieldError[] {
  const parts = [
    placedByName(specPath, spec.nodeName, 'must be either unset or set to a non-empty string'),
    selectedNodes(spec),
    switchedOn(specPath, spec.allNodes, 'allNodes'),
    switchedOn(specPath, spec.perDeviceNodeSelection, 'perDeviceNodeSelection'),
  ]
  const set = parts.flatMap((part) => part.set)
  const errors = parts.flatMap((part) => part.errors)
  const text = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (set.length === 0) return [...errors, required(specPath, text)]
  if (set.length === 1) return errors
  return [...errors, invalid(specPath, `{${set.join(', ')}}`, `${text}, but multiple fields are set`)]
}

function changedForGood(spec: ResourceSliceSpec, old: ResourceSliceSpec): FieldError[] {
  const rows = [
    [specPath.child('pool', 'name'), spec.pool?.name, old.pool?.name],
    [specPath.child('driver'), spec.driver, old.driver],
    [specPath.child('nodeName'), spec.nodeName, old.nodeName],
  ] as const
  return rows.flatMap(([at, now, before]) => (now === before ? [] : [invalid(at, now ?? null, immutableText)]))
}

function resourceSlice(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined): FieldError[] {
  const { devices, sharedCounters } = spec
  const isBoth = sharedCounters !== undefined && devices !== undefined
  return [
    ...csiDriverName(specPath.child('driver'), spec.driver),
    ...slicePool(spec),
    ...(old === undefined ? [] : changedForGood(spec, old)),
    ...slicePlace(spec),
    ...(isBoth ? [invalid(specPath, '', 'only one of `sharedCounters` or `devices` is allowed')] : []),
    ...sliceDevices(specPath.child('devices'), devices, {
      perDevice: spec.perDeviceNodeSelection === true,
      old: old?.devices ?? [],
    }),
    ...counterSets(specPath.child('sharedCounters'), sharedCounters),
  ]
}

const noSpec = { driver: '', pool: { name: '', generation: 0, resourceSliceCount: 0 } }

/** The rules of resource slices. */
export const resourceSliceRules: AnyKindRules = kindRules<ResourceSlice>({
  name: dnsSubdomain,
  create: ({ spec }) => resourceSlice(spec ?? noSpec, undefined),
  update: ({ object, old }) => resourceSlice(object.spec ?? noSpec, old.spec ?? noSpec),
})
