/** What custom resources add to the OpenAPI documents. */
import { customSchemas } from '#spec/kubernetes/openapi/custom-schemas.ts'
import type { ExtraResources } from '#spec/kubernetes/openapi/documents.ts'
import type { DocumentedResource, DocumentedSubresource } from '#spec/kubernetes/openapi/operations.ts'
import type { Dialect, Schema } from '#spec/kubernetes/openapi/type-schema.ts'
import type { Subresource } from '#spec/kubernetes/schema/kinds.ts'
import type { ServedResource } from '../served-resource.ts'
import { modelName } from './serve-definition.ts'

function documentedSubresource(sub: Subresource, row: ServedResource): DocumentedSubresource {
  const { name, verbs, kind, group = row.group, version = row.version } = sub
  const type = kind === 'Scale' ? 'io.k8s.api.autoscaling.v1.Scale' : row.info.type
  return { name, verbs, kind, group, version, type, connects: false }
}

function documented(row: ServedResource): DocumentedResource {
  const { group, version, kind, listKind, resource, namespaced, info } = row
  return {
    group,
    version,
    kind,
    resource,
    namespaced,
    verbs: info.verbs,
    type: info.type,
    listType: modelName(group, version, listKind),
    subresources: (info.subresources ?? []).map((sub) => documentedSubresource(sub, row)),
    builtIn: false,
  }
}

/** The custom resources of a group version, or all, as the documents of one dialect describe them. */
export function customDocuments(
  rows: Iterable<ServedResource>,
  dialect: Dialect,
  of?: { readonly group: string; readonly version: string },
): ExtraResources {
  const resources: DocumentedResource[] = []
  const schemas: Record<string, Schema> = {}
  for (const row of rows) {
    const { custom, group, version, info } = row
    if (custom === undefined || (of !== undefined && (group !== of.group || version !== of.version))) continue
    resources.push(documented(row))
    const { schema, selectableFields } = custom
    Object.assign(schemas, customSchemas({ ...row, schema, selectableFields }, info.type, dialect))
  }
  return { resources, schemas }
}
