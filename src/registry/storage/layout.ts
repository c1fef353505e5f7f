/**
 * Where the registry keeps what. The tree is the one that Docker's own registry uses, so that its data directory can be
 * served as it is; referrers and uploads are ours and lie where the other one does not look.
 *
 *     <root>/docker/registry/v2/blobs/sha256/ab/<hex>/data
 *     <root>/docker/registry/v2/repositories/<name>/_layers/sha256/<hex>/link
 *                                            /_manifests/revisions/sha256/<hex>/link
 *                                            /_manifests/tags/<tag>/current/link
 *                                            /_manifests/referrers/sha256/<subject hex>/sha256/<hex>/link
 *     <root>/uploads/<uuid>/data, repository
 */
import { digestHex } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { join } from 'node:path'

export interface Layout {
  readonly blobs: string
  readonly repositories: string
  readonly uploads: string
  blobDirectory(digest: Digest): string
  blobData(digest: Digest): string
  repository(name: string): string
  /** Directory whose `link` says that a repository has a blob. */
  layer(name: string, digest: Digest): string
  revisions(name: string): string
  revision(name: string, digest: Digest): string
  tags(name: string): string
  tag(name: string, tag: string): string
  referrers(name: string): string
  referrersOf(name: string, subject: Digest): string
  referrer(name: string, subject: Digest, digest: Digest): string
  upload(id: string): string
}

/** The paths below a root. Names and tags must have been checked: they become path parts. */
export function createLayout(root: string): Layout {
  const base = join(root, 'docker/registry/v2')
  const blobs = join(base, 'blobs')
  const repositories = join(base, 'repositories')
  const uploads = join(root, 'uploads')
  const below = (directory: string, digest: Digest): string => join(directory, algorithmOf(digest), digestHex(digest))
  const repository = (name: string): string => join(repositories, name)
  const revisions = (name: string): string => join(repository(name), '_manifests/revisions')
  const tags = (name: string): string => join(repository(name), '_manifests/tags')
  const referrers = (name: string): string => join(repository(name), '_manifests/referrers')
  const blobDirectory = (digest: Digest): string =>
    join(blobs, algorithmOf(digest), digestHex(digest).slice(0, 2), digestHex(digest))
  return {
    blobs,
    repositories,
    uploads,
    repository,
    revisions,
    tags,
    referrers,
    blobDirectory,
    blobData: (digest) => join(blobDirectory(digest), 'data'),
    layer: (name, digest) => below(join(repository(name), '_layers'), digest),
    revision: (name, digest) => below(revisions(name), digest),
    tag: (name, tag) => join(tags(name), tag),
    referrersOf: (name, subject) => below(referrers(name), subject),
    referrer: (name, subject, digest) => below(below(referrers(name), subject), digest),
    upload: (id) => join(uploads, id),
  }
}

function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'))
}
