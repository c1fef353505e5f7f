/** Discovery: tags, catalog, referrers (distribution spec v1.1, "Content Discovery"). */
import type { Digest } from '#base/data/digest.ts'
import { ociIndex } from '#spec/oci/registry-media-types.ts'
import { RegistryError } from '../errors.ts'
import type { StoredManifest } from '../storage/repositories.ts'
import { nameOf } from './exchange.ts'
import type { RegistryExchange } from './exchange.ts'
import { checkDigest } from './names.ts'
import { paginate } from './pagination.ts'
import type { Page } from './pagination.ts'

const tagsPageMax = 10_000
const catalogPageDefault = 100
const catalogPageMax = 1000
const referrersPageMax = 1000

/** GET /v2/: says that this is a registry, and whether the client is let in. */
export function getBase({ response }: RegistryExchange): Promise<void> {
  response.json(200, {})
  return Promise.resolve()
}

export async function listTags(exchange: RegistryExchange): Promise<void> {
  const { repositories } = exchange.storage
  const name = nameOf(exchange)
  if (!repositories.exists(name)) throw new RegistryError('NAME_UNKNOWN', { detail: { name } })
  const page = pageOf(exchange, await repositories.tags(name), { path: `/v2/${name}/tags/list`, sizeMax: tagsPageMax })
  sendPage(exchange, { name, tags: page.items }, page)
}

export function listCatalog(exchange: RegistryExchange): Promise<void> {
  const asked = exchange.request.query.get('n')
  const page = pageOf(exchange, exchange.storage.repositories.names(), {
    path: '/v2/_catalog',
    sizeMax: asked === undefined ? catalogPageDefault : catalogPageMax,
  })
  sendPage(exchange, { repositories: page.items }, page)
  return Promise.resolve()
}

/** An index of the manifests whose `subject` is the digest; empty, not missing, when there is none. */
export async function listReferrers(exchange: RegistryExchange): Promise<void> {
  const { request, response, storage } = exchange
  const name = nameOf(exchange)
  const subject = checkDigest(request.params['digest'])
  const wanted = request.query.get('artifactType')
  const path = `/v2/${name}/referrers/${subject}`
  const page = paginate((await storage.repositories.referrers(name, subject)).toSorted(), {
    n: request.query.get('n'),
    last: request.query.get('last'),
    path,
    sizeMax: referrersPageMax,
  })
  const manifests: object[] = []
  for (const digest of page.items as readonly Digest[]) {
    const stored = await storage.repositories.manifest(name, digest)
    const artifactType = stored === undefined ? undefined : artifactTypeOf(stored)
    if (stored !== undefined && (wanted === undefined || wanted === artifactType))
      manifests.push(describe(stored, artifactType))
  }
  const filter = wanted === undefined ? '' : `&artifactType=${encodeURIComponent(wanted)}`
  response.send(200, JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }), {
    'content-type': ociIndex,
    ...(wanted === undefined ? {} : { 'oci-filters-applied': 'artifactType' }),
    ...(page.link === undefined ? {} : { link: page.link.replace('>;', `${filter}>;`) }),
  })
}

function describe(stored: StoredManifest, artifactType: string | undefined): object {
  const { annotations } = stored.document
  return {
    mediaType: stored.mediaType,
    digest: stored.digest,
    size: stored.content.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

/** An image manifest without an artifact type is of its config's type (distribution spec v1.1, "Listing Referrers"). */
function artifactTypeOf({ document }: StoredManifest): string | undefined {
  return document.artifactType ?? (document.kind === 'image' ? document.config.mediaType : undefined)
}

function pageOf(
  { request }: RegistryExchange,
  sorted: readonly string[],
  link: { readonly path: string; readonly sizeMax: number },
): Page {
  return paginate(sorted, { n: request.query.get('n'), last: request.query.get('last'), ...link })
}

function sendPage({ response }: RegistryExchange, body: object, page: Page): void {
  response.json(200, body, page.link === undefined ? {} : { link: page.link })
}
