/** The registry's routes as data: method, path, what the client needs to be allowed, who answers. */
import type { Route } from '#kit/http/routes.ts'
import { deleteBlob, getBlob } from './blobs.ts'
import type { RegistryHandler } from './exchange.ts'
import { getBase, listCatalog, listReferrers, listTags } from './listings.ts'
import { deleteManifest, getManifest, putManifest } from './manifests.ts'
import { cancelUpload, finishUpload, getUpload, patchUpload, startUpload } from './uploads.ts'

/** `base`: any account that is let in at all; `catalog`: the list of everything; the others: actions on the named repository. */
export type RouteAccess = 'base' | 'catalog' | 'pull' | 'push' | 'delete'

export interface RegistryRoute extends Route<RegistryHandler> {
  readonly access: RouteAccess
  /** Name for metrics. */
  readonly name: string
}

const row = (
  method: string,
  path: string,
  rest: Pick<RegistryRoute, 'access' | 'name' | 'handler'>,
): RegistryRoute => ({ method, path, ...rest })
const manifest = '/v2/{name...}/manifests/{reference}'
const blob = '/v2/{name...}/blobs/{digest}'
const uploads = '/v2/{name...}/blobs/uploads'
const upload = '/v2/{name...}/blobs/uploads/{id}'

export const registryRoutes: readonly RegistryRoute[] = [
  row('GET', '/v2', { access: 'base', name: 'base', handler: getBase }),
  row('GET', '/v2/', { access: 'base', name: 'base', handler: getBase }),
  row('HEAD', '/v2/', { access: 'base', name: 'base', handler: getBase }),
  row('GET', '/v2/_catalog', { access: 'catalog', name: 'catalog', handler: listCatalog }),
  row('GET', '/v2/{name...}/tags/list', { access: 'pull', name: 'tags', handler: listTags }),
  row('GET', '/v2/{name...}/referrers/{digest}', { access: 'pull', name: 'referrers', handler: listReferrers }),
  row('GET', manifest, { access: 'pull', name: 'manifest', handler: getManifest }),
  row('HEAD', manifest, { access: 'pull', name: 'manifest', handler: getManifest }),
  row('PUT', manifest, { access: 'push', name: 'manifest', handler: putManifest }),
  row('DELETE', manifest, { access: 'delete', name: 'manifest', handler: deleteManifest }),
  row('GET', blob, { access: 'pull', name: 'blob', handler: getBlob }),
  row('HEAD', blob, { access: 'pull', name: 'blob', handler: getBlob }),
  row('DELETE', blob, { access: 'delete', name: 'blob', handler: deleteBlob }),
  row('POST', uploads, { access: 'push', name: 'upload', handler: startUpload }),
  row('POST', `${uploads}/`, { access: 'push', name: 'upload', handler: startUpload }),
  row('GET', upload, { access: 'push', name: 'upload', handler: getUpload }),
  row('HEAD', upload, { access: 'push', name: 'upload', handler: getUpload }),
  row('PATCH', upload, { access: 'push', name: 'upload', handler: patchUpload }),
  row('PUT', upload, { access: 'push', name: 'upload', handler: finishUpload }),
  row('DELETE', upload, { access: 'push', name: 'upload', handler: cancelUpload }),
]
