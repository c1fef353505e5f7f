/** One version of a custom resource: how its objects are read, defaulted and checked (apiextensions registry, v1.36). */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { coerceMetadata, validateEmbedded } from '#spec/kubernetes/structural/coerce-metadata.ts'
import { Correlation } from '#spec/kubernetes/structural/correlation.ts'
import { checkRules } from '#spec/kubernetes/structural/check-rules.ts'
import { decodeResource } from '#spec/kubernetes/structural/decode-resource.ts'
import { fillDefaults } from '#spec/kubernetes/structural/fill-defaults.ts'
import { validateListTypes } from '#spec/kubernetes/structural/list-types.ts'
import { type RuleTree, ruleTree } from '#spec/kubernetes/structural/rule-tree.ts'
import type { SchemaNode } from '#spec/kubernetes/structural/schema-node.ts'
import { validateValue } from '#spec/kubernetes/structural/validate-value.ts'
import { distinctErrors, type FieldError, invalid } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { dnsSubdomain } from '#spec/kubernetes/validation/formats.ts'
import { validateMetadata, validateMetadataUpdate } from '#spec/kubernetes/validation/metadata.ts'
import type { ApiObject } from '../api-object.ts'
import type { CustomScale, CustomVerdict, CustomVersion } from '../resource-versions.ts'
import { deprecationWarning } from './deprecation-warning.ts'
import { valueAtPath } from './value-at-path.ts'

const replicasMax = 2_147_483_647
const root = path()

/** The behaviour of a version. `node` is its schema with pruned defaults. */
export function customVersion(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  node: SchemaNode | undefined,
): CustomVersion {
  const scale = scaleOf(version)
  const namespaced = definition.spec.scope === 'Namespaced'
  const statusNode = version.subresources?.status === undefined ? undefined : node?.properties.get('status')
  let rules: { readonly tree: RuleTree | undefined } | undefined
  // Compiled when the first object is checked: most versions of most definitions never see one.
  const tree = (): RuleTree | undefined => (rules ??= { tree: ruleTree(node, true) }).tree
  return {
    schema: version.schema?.openAPIV3Schema,
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    deprecation: deprecationWarning(definition, version),
    scale,
    decode: (object) => decodeResource(object, node),
    withMetadata: (tree) =>
      ({ ...(tree as ApiObject), metadata: coerceMetadata(tree['metadata'] ?? {}).value }) as ApiObject,
    withDefaults: (object) => fillDefaults(object, node) as ApiObject,
    checkCreate: (object) => {
      const metadata = validateMetadata(object.metadata, { namespaced, name: dnsSubdomain, anyFinalizer: true })
      const errors = [
        ...metadata,
        ...(node === undefined ? [] : validateValue(root, object, { node })),
        ...scaleErrors(object, scale, 'spec'),
        ...scaleErrors(object, scale, 'status'),
        ...validateEmbedded(root, object, { node }),
        ...validateListTypes(root, object, node),
      ]
      return withRules(errors, tree, { object, old: undefined, correlation: undefined })
    },
    checkUpdate: (object, old, subresource) => {
      const correlation = node === undefined ? undefined : new Correlation(object, old, node)
      const metadata = validateMetadataUpdate(object.metadata, old.metadata, { anyFinalizer: true })
      const own =
        subresource === 'status'
          ? statusErrors(object, { statusNode, scale, correlation })
          : [
              ...(node === undefined ? [] : validateValue(root, object, { node, correlation })),
              ...scaleErrors(object, scale, 'spec'),
              ...scaleErrors(object, scale, 'status'),
              ...validateEmbedded(root, object, { node }),
            ]
      const errors = [...metadata, ...own, ...newListErrors(object, old, node)]
      return withRules(errors, tree, { object, old, correlation })
    },
  }
}

function scaleOf({ subresources }: CustomResourceDefinitionVersion): CustomScale | undefined {
  const scale = subresources?.scale
  if (scale === undefined) return undefined
  const bare = (text: string): string => text.replace(/^\./, '')
  const { labelSelectorPath = '' } = scale
  return {
    specReplicas: bare(scale.specReplicasPath),
    statusReplicas: bare(scale.statusReplicasPath),
    labelSelector: labelSelectorPath === '' ? undefined : bare(labelSelectorPath),
  }
}

/** Repeated items count only when there were none before. */
function newListErrors(object: ApiObject, old: ApiObject, node: SchemaNode | undefined): FieldError[] {
  const errors = validateListTypes(root, object, node)
  return errors.length > 0 && validateListTypes(root, old, node).length > 0 ? [] : errors
}

function statusErrors(
  object: ApiObject,
  of: {
    readonly statusNode: SchemaNode | undefined
    readonly scale: CustomScale | undefined
    readonly correlation: Correlation | undefined
  },
): FieldError[] {
  const { statusNode: node, scale, correlation } = of
  const { status } = object
  const own =
    status === undefined || node === undefined
      ? []
      : validateValue(path('status'), status, { node, correlation: correlation?.member('status') })
  return [...own, ...scaleErrors(object, scale, 'status')]
}

function scaleErrors(object: ApiObject, scale: CustomScale | undefined, half: 'spec' | 'status'): FieldError[] {
  if (scale === undefined) return []
  const name = half === 'spec' ? scale.specReplicas : scale.statusReplicas
  const errors = countErrors(name, valueAtPath(object, name))
  if (half === 'spec' || scale.labelSelector === undefined) return errors
  const selector = valueAtPath(object, scale.labelSelector)
  if (selector === undefined || typeof selector === 'string') return errors
  return [...errors, invalid(path(`.${scale.labelSelector}`), '', typeText(scale.labelSelector, selector, 'string'))]
}

function countErrors(name: string, value: unknown): FieldError[] {
  const at = path(`.${name}`)
  if (value === undefined) return []
  if (typeof value !== 'number' || !Number.isInteger(value)) return [invalid(at, 0, typeText(name, value, 'int64'))]
  if (value < 0) return [invalid(at, value, 'should be a non-negative integer')]
  return value > replicasMax ? [invalid(at, value, `should be less than or equal to ${replicasMax}`)] : []
}

function goType(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : 'string'
}

function typeText(name: string, value: unknown, wanted: string): string {
  const shown = typeof value === 'string' ? value : JSON.stringify(value)
  return `.${name} accessor error: ${shown} is of the type ${goType(value)}, expected ${wanted}`
}

/** Failures after which rules are not evaluated: the values may not be what the rules were compiled for. */
const blocking: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

function withRules(
  errors: readonly FieldError[],
  tree: () => RuleTree | undefined,
  {
    object,
    old,
    correlation,
  }: {
    readonly object: ApiObject
    readonly old: ApiObject | undefined
    readonly correlation: Correlation | undefined
  },
): CustomVerdict {
  const rules = tree()
  if (rules === undefined) return { causes: distinctErrors(errors), warnings: [] }
  if (errors.some(({ reason }) => blocking.has(reason))) {
    const skipped =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
    return { causes: distinctErrors([...errors, invalid(path('<nil>'), null, skipped)]), warnings: [] }
  }
  const verdict = checkRules(rules, { at: root, value: object, old, correlation })
  return { causes: distinctErrors([...errors, ...verdict.errors]), warnings: verdict.warnings }
}
