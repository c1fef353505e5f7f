/** Server-side tables: rows of cells with as much of the object as the client asked for. */
import { rowConditions } from '#spec/kubernetes/printers/table.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, objectAt } from '../api-object.ts'
import type { ServedResource } from '../served-resource.ts'

export interface TableOptions {
  /** `includeObject`. */
  readonly include: 'None' | 'Metadata' | 'Object'
  /** Seconds since 1970: ages are counted up to here. */
  readonly nowSeconds: number
  readonly metadata?: JsonObject
  /** Later tables of a watch go without columns. */
  readonly withoutColumns?: boolean
}

/** The table of some objects of one resource. */
export function tableOf(resource: ServedResource, objects: readonly ApiObject[], options: TableOptions): JsonObject {
  const { printer, group, kind } = resource
  const { include, nowSeconds, metadata = {}, withoutColumns = false } = options
  const rows = inShownOrder(resource, objects).map((object) => {
    const conditions = rowConditions(group, kind, object)
    return {
      cells: printer.cells(object, nowSeconds),
      ...(conditions === undefined ? {} : { conditions }),
      ...rowObject(object, include),
    }
  })
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withoutColumns ? null : printer.columns,
    rows,
  }
}

function rowObject(object: ApiObject, include: TableOptions['include']): object {
  if (include === 'None') return {}
  if (include === 'Object') return { object }
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } }
}

/** Flow schemas are shown in the order in which they are asked; everything else as it is listed. */
function inShownOrder({ kind }: ServedResource, objects: readonly ApiObject[]): readonly ApiObject[] {
  if (kind !== 'FlowSchema' || objects.length < 2) return objects
  const precedence = (object: ApiObject): number => Number(objectAt(object, 'spec')['matchingPrecedence'] ?? 0)
  return objects.toSorted((a, b) => precedence(a) - precedence(b))
}
