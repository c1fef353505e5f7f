/** Which fields a kind can be selected by, and their values in an object (v1.36). */
import { type FieldTerm, fieldSelectorError } from './parse-field-selector.ts'

type Json = Readonly<Record<string, unknown>>

/** What a selector may name for one kind. */
export interface SelectableFields {
  /** Fields with a value of their own, by label. */
  readonly values: Readonly<Record<string, (object: Json) => unknown>>
  /** Old labels and what they stand for. */
  readonly aliases?: Readonly<Record<string, string>>
  /** The answer to any other label. */
  readonly unsupported: (label: string) => string
}

/** A member by its path, undefined where the path breaks off. */
export function valueAt(object: unknown, ...path: readonly (string | number)[]): unknown {
  let at = object
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[step]
  }
  return at
}

const path = (label: string): ((object: Json) => unknown) => {
  const steps = label.split('.')
  return (object) => valueAt(object, ...steps)
}
const paths = (labels: readonly string[]): Readonly<Record<string, (object: Json) => unknown>> =>
  Object.fromEntries(labels.map((label) => [label, path(label)]))

const metadata = paths(['metadata.name', 'metadata.namespace'])
const plainUnsupported = (label: string): string => `field label not supported: ${label}`

/** Kinds without fields of their own. */
const fallback: SelectableFields = {
  values: metadata,
  unsupported: (label) =>
    `${JSON.stringify(label)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
}

const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
/** Events are one resource under two groups: either member of each pair may hold the value. */
function eventReference(prefix: string): Readonly<Record<string, (object: Json) => unknown>> {
  return Object.fromEntries(
    referenceFields.map((name) => [
      `${prefix}.${name}`,
      (object: Json) => valueAt(object, 'involvedObject', name) ?? valueAt(object, 'regarding', name),
    ]),
  )
}
const reporter = (object: Json): unknown => object['reportingComponent'] ?? object['reportingController']
const source = (object: Json): unknown =>
  valueAt(object, 'source', 'component') ?? valueAt(object, 'deprecatedSource', 'component') ?? reporter(object)

const kinds: Readonly<Record<string, SelectableFields>> = {
  '/Pod': {
    values: {
      ...metadata,
      ...paths([
        'spec.nodeName',
        'spec.restartPolicy',
        'spec.schedulerName',
        'spec.serviceAccountName',
        'status.phase',
        'status.nominatedNodeName',
      ]),
      'spec.hostNetwork': (pod) => valueAt(pod, 'spec', 'hostNetwork') === true,
      'status.podIP': (pod) => valueAt(pod, 'status', 'podIPs', 0, 'ip') ?? valueAt(pod, 'status', 'podIP'),
      'status.podIPs': () => '',
    },
    aliases: { 'spec.host': 'spec.nodeName' },
    unsupported: plainUnsupported,
  },
  '/Node': {
    values: {
      'metadata.name': path('metadata.name'),
      'spec.unschedulable': (node) => valueAt(node, 'spec', 'unschedulable') === true,
    },
    unsupported: plainUnsupported,
  },
  '/ReplicationController': {
    values: { ...metadata, 'status.replicas': (rc) => valueAt(rc, 'status', 'replicas') ?? 0 },
    unsupported: plainUnsupported,
  },
  '/Event': {
    values: {
      ...metadata,
      ...eventReference('involvedObject'),
      ...paths(['reason', 'type']),
      reportingComponent: reporter,
      source,
    },
    unsupported: plainUnsupported,
  },
  'events.k8s.io/Event': {
    values: {
      ...metadata,
      ...eventReference('regarding'),
      ...paths(['reason', 'type']),
      reportingController: reporter,
    },
    unsupported: plainUnsupported,
  },
  '/Namespace': { values: paths(['metadata.name', 'status.phase']), unsupported: plainUnsupported },
  '/Secret': { values: { ...metadata, ...paths(['type']) }, unsupported: plainUnsupported },
  '/Service': { values: { ...metadata, ...paths(['spec.clusterIP', 'spec.type']) }, unsupported: plainUnsupported },
  'batch/Job': {
    values: { ...metadata, 'status.successful': (job) => valueAt(job, 'status', 'succeeded') ?? 0 },
    unsupported: (label) => `field label ${JSON.stringify(label)} not supported for Job`,
  },
  'certificates.k8s.io/CertificateSigningRequest': {
    values: paths(['metadata.name', 'spec.signerName']),
    unsupported: plainUnsupported,
  },
  'resource.k8s.io/ResourceSlice': {
    values: paths(['metadata.name', 'spec.nodeName', 'spec.driver']),
    unsupported: (label) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${label}`,
  },
}

/** What a built-in kind can be selected by. */
export function selectableFieldsOf(group: string, kind: string): SelectableFields {
  return kinds[`${group}/${kind}`] ?? fallback
}

/** What a custom resource can be selected by: `jsonPaths` are those of its version's `selectableFields` (`.spec.color`). */
export function customSelectableFields(jsonPaths: readonly string[], namespaced: boolean): SelectableFields {
  const base = namespaced ? metadata : { 'metadata.name': path('metadata.name') }
  return {
    values: { ...base, ...paths(jsonPaths.map((text) => text.replace(/^\./, ''))) },
    unsupported: plainUnsupported,
  }
}

/** The terms with old labels renamed. Throws `KUBERNETES_FIELD_SELECTOR` for labels that the kind does not know. */
export function supportedTerms(terms: readonly FieldTerm[], fields: SelectableFields): readonly FieldTerm[] {
  return terms.map((term) => {
    const field = fields.aliases?.[term.field] ?? term.field
    if (!Object.hasOwn(fields.values, field)) throw fieldSelectorError(fields.unsupported(term.field))
    return { ...term, field }
  })
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** The values that selectors compare, for all fields of the kind. */
export function fieldValues(object: Json, fields: SelectableFields): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields.values).map(([label, read]) => [label, asText(read(object))]))
}
