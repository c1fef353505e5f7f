/** Query parameters and bodies of API calls, the same for both transports. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { DeleteOptions, ListOptions, PatchType, Selection, WatchOptions, WriteOptions } from './kube-client.ts'

/** Parameters by name; undefined ones are not sent. */
export type CallQuery = Readonly<Record<string, string | undefined>>

/** The media type of each kind of patch. */
export const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

export function writeQuery(options: WriteOptions & { readonly force?: boolean } = {}): CallQuery {
  return {
    fieldManager: options.fieldManager,
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldValidation: options.fieldValidation,
    force: options.force === true ? 'true' : undefined,
  }
}

export function selectionQuery({ labelSelector, fieldSelector }: Selection = {}): CallQuery {
  return { labelSelector, fieldSelector }
}

export function listQuery(options: ListOptions = {}): CallQuery {
  const { limit, resourceVersion, resourceVersionMatch } = options
  return {
    ...selectionQuery(options),
    limit: limit === undefined ? undefined : String(limit),
    continue: options.continue,
    resourceVersion,
    resourceVersionMatch,
  }
}

export function watchQuery(options: WatchOptions = {}): CallQuery {
  const { bookmarks, initialEvents, timeoutSeconds, resourceVersion } = options
  return {
    ...selectionQuery(options),
    watch: 'true',
    resourceVersion,
    timeoutSeconds: timeoutSeconds === undefined ? undefined : String(timeoutSeconds),
    allowWatchBookmarks: bookmarks === true || initialEvents === true ? 'true' : undefined,
    ...(initialEvents === true ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : {}),
  }
}

/** The DeleteOptions of a call. */
export function deleteBody(options: DeleteOptions = {}): JsonObject {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
  }
}
