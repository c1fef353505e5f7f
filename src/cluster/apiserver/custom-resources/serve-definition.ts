/** From a definition to the rows under which its versions are served. */
import { digestOf } from '#base/data/digest.ts'
import { structuralMergeType } from '#spec/kubernetes/apply/structural-merge-type.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import type { Printer } from '#spec/kubernetes/printers/cells.ts'
import { customPrinter } from '#spec/kubernetes/printers/table.ts'
import type { ResourceKind, Subresource } from '#spec/kubernetes/schema/kinds.ts'
import { customSelectableFields } from '#spec/kubernetes/selectors/selectable-fields.ts'
import { type SchemaNode, schemaNode } from '#spec/kubernetes/structural/schema-node.ts'
import { type ApiObject, equalJson, withMember } from '../api-object.ts'
import type { ServedResource } from '../served-resource.ts'
import type { Conversion, ResourceVersions } from '../resource-versions.ts'
import { forbidden, unexplained } from '../status-errors.ts'
import { plainStrategy, type Strategy } from '../strategies/strategy.ts'
import type { CustomVersions, DefinitionConversion } from './convert-custom.ts'
import { customVersion } from './custom-version.ts'
import { finalizerWarnings } from './finalizer-warnings.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'

/** All versions of a definition as rows; those that are not served are there for the server's own use. */
export interface DefinitionRows {
  readonly served: readonly ServedResource[]
  /** The version that objects are written in. */
  readonly stored: ServedResource
}

/** Makes the conversion of a definition. */
export type ConversionOf = (definition: CustomResourceDefinition, versions: CustomVersions) => DefinitionConversion

/** The key of the collection of a definition's objects. */
export function storageOf({ spec }: CustomResourceDefinition): string {
  return `${spec.group}/${spec.names.plural}`
}

/** The OpenAPI name of a kind: `com.example.v1.Widget` of `example.com/v1`. */
export function modelName(group: string, version: string, kind: string): string {
  return [...group.split('.').toReversed(), version, kind].join('.')
}

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'] as const
const partVerbs = ['get', 'patch', 'update'] as const

function subresourcesOf(kind: string, { subresources }: CustomResourceDefinitionVersion): readonly Subresource[] {
  return [
    ...(subresources?.status === undefined ? [] : [{ name: 'status', kind, verbs: partVerbs }]),
    ...(subresources?.scale === undefined
      ? []
      : [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: partVerbs }]),
  ]
}

function infoOf(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): ResourceKind {
  const { group, names, scope, versions } = definition.spec
  const accepted = definition.status?.acceptedNames ?? names
  const {
    plural,
    singular = names.kind.toLowerCase(),
    kind,
    listKind = `${kind}List`,
    shortNames,
    categories,
  } = accepted
  const stored = versions.find((one) => one.storage && one.served)
  const subresources = subresourcesOf(kind, version)
  return {
    group,
    version: version.name,
    kind,
    type: modelName(group, version.name, kind),
    form: 'object',
    listKind,
    resource: plural,
    singular,
    namespaced: scope === 'Namespaced',
    verbs,
    ...(shortNames === undefined || shortNames.length === 0 ? {} : { shortNames }),
    ...(categories === undefined || categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
    ...(stored === undefined ? {} : { storageVersionHash: versionHash(group, stored.name, kind) }),
  }
}

/** Tells clients that caches of another storage version are stale. */
function versionHash(group: string, version: string, kind: string): string {
  const hex = digestOf(Buffer.from(`${group}/${version}/${kind}`)).replace(/^sha256:/, '')
  return Buffer.from(hex.slice(0, 16), 'hex').toString('base64')
}

const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  jsonPath: '.metadata.creationTimestamp',
}

/** The columns up to the first whose path cannot be read. */
function printerFor(columns: readonly CustomResourceColumnDefinition[] | undefined): Printer {
  const own = columns === undefined || columns.length === 0 ? [ageColumn] : columns
  const described = own.map((column) => ({
    ...column,
    description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
  }))
  for (let count = described.length; count > 0; count--) {
    try {
      return customPrinter(described.slice(0, count))
    } catch {
      // A path that cannot be read: try without it and what follows.
    }
  }
  return customPrinter([ageColumn])
}

function strategyFor(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Strategy {
  const hasStatus = version.subresources?.status !== undefined
  const isEnding = definition.metadata.deletionTimestamp !== undefined
  const { group, names } = definition.spec
  const content = (object: ApiObject): ApiObject => withMember(object, 'metadata', undefined)
  return {
    ...plainStrategy,
    unconditionalUpdate: false,
    hasStatus,
    hasGeneration: true,
    statusKeepsMetadata: true,
    changesGeneration: (next, old) => !equalJson(content(next), content(old)),
    prepareCreate: (object) => {
      const subject = { group, resource: names.plural, name: object.metadata.name }
      if (isEnding) throw forbidden(subject, 'create not allowed while custom resource definition is terminating')
      return object
    },
    warningsOf: (object, old) => finalizerWarnings(object.metadata.finalizers, old?.metadata.finalizers),
  }
}

function rowOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  of: {
    readonly conversion: Conversion
    readonly versions: ResourceVersions
    readonly node: SchemaNode | undefined
  },
): ServedResource {
  const info = infoOf(definition, version)
  const { group, resource, kind, listKind = `${kind}List`, namespaced } = info
  const paths = (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath)
  return {
    group,
    version: version.name,
    apiVersion: `${group}/${version.name}`,
    resource,
    kind,
    listKind,
    namespaced,
    info,
    storage: storageOf(definition),
    type: undefined,
    mergeType: structuralMergeType(version.schema?.openAPIV3Schema),
    printer: printerFor(version.additionalPrinterColumns),
    fields: customSelectableFields(paths, namespaced),
    strategy: strategyFor(definition, version),
    conversion: of.conversion,
    versions: of.versions,
    stored: true,
    custom: customVersion(definition, version, of.node),
  }
}

function noVersion(apiVersion: string): never {
  throw unexplained(`request to convert CR to an invalid group/version: ${apiVersion}`)
}

/** The rows of a definition; undefined while its names are not accepted. */
export function rowsOf(definition: CustomResourceDefinition, conversionOf: ConversionOf): DefinitionRows | undefined {
  const { spec, status } = definition
  const isKnown =
    isConditionTrue(status?.conditions, 'NamesAccepted') || isConditionTrue(status?.conditions, 'Established')
  const storage = spec.versions.find((version) => version.storage)
  if (!isKnown || storage === undefined) return undefined
  const nodes = new Map<string, SchemaNode | undefined>(
    spec.versions.map(({ name, schema }) => {
      const props = schema?.openAPIV3Schema
      return [`${spec.group}/${name}`, props === undefined ? undefined : schemaNode(props)] as const
    }),
  )
  const versions: CustomVersions = { group: spec.group, storedVersion: `${spec.group}/${storage.name}`, nodes }
  const { of, convert } = conversionOf(definition, versions)
  const rows = new Map<string, ServedResource>()
  const knows = (apiVersion: string): boolean => rows.has(apiVersion)
  const find = (apiVersion: string): ServedResource => rows.get(apiVersion) ?? noVersion(apiVersion)
  for (const version of spec.versions) {
    const apiVersion = `${spec.group}/${version.name}`
    const node = nodes.get(apiVersion)
    rows.set(
      apiVersion,
      rowOf(definition, version, { conversion: of(apiVersion), versions: { knows, find, convert }, node }),
    )
  }
  const stored = rows.get(versions.storedVersion)
  if (stored === undefined) return undefined
  const served = spec.versions.flatMap(({ name, served: isServed }) =>
    isServed ? [find(`${spec.group}/${name}`)] : [],
  )
  return { stored, served }
}
