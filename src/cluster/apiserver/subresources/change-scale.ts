/** PUT and PATCH of a scale, applies too: the wanted scale, and who then owns the object's replicas. */
import { builtInMergeTypes } from '#spec/kubernetes/apply/merge-type.ts'
import { readManagers, writeManagers, type Managers } from '#spec/kubernetes/apply/managers.ts'
import { managersAfterScale, type ReplicasPath, scaleManagers } from '#spec/kubernetes/apply/scale-managers.ts'
import { builtInTypes } from '#spec/kubernetes/schema/type-rows.ts'
import { type ApiObject, withMetadata } from '../api-object.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import type { ServedResource } from '../served-resource.ts'
import type { ServerParts } from '../server-parts.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { configurationMerge, isApply, patchedView } from '../writes/patch-object.ts'
import { checkPlace } from '../writes/settle-change.ts'
import { trackWrite } from '../writes/track-fields.ts'
import { changeObject } from '../writes/write-object.ts'

const apiVersion = 'autoscaling/v1'
const kind = 'Scale'
const type = builtInTypes.find('io.k8s.api.autoscaling.v1.Scale')

/** How a kind of object shows and takes its scale. */
export interface ScaleView {
  of(object: ApiObject): ApiObject
  /** The object with the number of a scale. @throws 400, 422. */
  taken(object: ApiObject, scale: ApiObject): ApiObject
  readonly replicasPath: ReplicasPath
}

/** Changes an object's replicas as a request on its scale asks. @throws 400 to 422. */
export function changeScale(parts: ServerParts, request: ApiRequest, view: ScaleView): Promise<ApiAnswer> {
  const wants = wantedScale(parts, request)
  return changeObject(parts, request, {
    repeats: wants.repeats,
    isApplied: true,
    next: async (live) => {
      const before = managersIn(live)
      const managedFields = entriesOf(scaleManagers(before, view.replicasPath))
      const scale = await wants.from(withMetadata(view.of(live), { managedFields }))
      const taken = view.taken(live, scale)
      const owners = { before, scale: managersIn(scale) }
      const after = managersAfterScale(owners, view.replicasPath, request.resource.apiVersion)
      return withMetadata(taken, { managedFields: entriesOf(after) })
    },
  })
}

interface WantedScale {
  readonly repeats: boolean
  /** The scale after the request, with its managers. */
  from(live: ApiObject): Promise<ApiObject>
}

function wantedScale(parts: ServerParts, request: ApiRequest): WantedScale {
  const scaleRequest = { ...request, resource: scaleRow(request.resource) }
  if (isApply(request)) return { repeats: true, from: configurationMerge(parts, scaleRequest) }
  const body = request.verb === 'update' ? decodeBody(request, { apiVersion, kind, type }) : undefined
  if (body !== undefined) checkPlace(request, body)
  return {
    repeats: (body?.metadata.resourceVersion ?? '') === '',
    from: async (live) => {
      const next = body ?? patchedView(scaleRequest, live)
      return trackWrite(scaleRequest, { live, next, now: parts.view.now() })
    },
  }
}

/** The resource's row as that of scales, for whoever reads and owns them. */
function scaleRow(resource: ServedResource): ServedResource {
  const { custom: _, ...row } = resource
  const mergeType = type === undefined ? row.mergeType : builtInMergeTypes.of(type)
  return { ...row, apiVersion, kind, type, mergeType, conversion: undefined, versions: undefined }
}

function managersIn(object: ApiObject): Managers {
  const read = readManagers(object.metadata.managedFields)
  return typeof read === 'string' ? new Map() : read
}

function entriesOf(managers: Managers): ApiObject['metadata']['managedFields'] {
  const entries = writeManagers(managers)
  return entries.length === 0 ? undefined : (entries as unknown as ApiObject['metadata']['managedFields'])
}
