/** An image as rows of `images`: one for each tag or digest. */
import { ago } from '#cli/output/human-units.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import type { ListingShape, Row } from '#cli/output/listing.ts'
import { goTime } from '#cli/docker/timestamps.ts'
import { shortId } from './container-listing.ts'

export interface ImageSummary {
  readonly Id: string
  readonly ParentId?: string
  readonly RepoTags?: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Created: number
  readonly Size: number
  readonly SharedSize?: number
  readonly VirtualSize?: number
  readonly Containers?: number
}

/** How `images` lays out its rows. */
export function imageListing({ digests }: { readonly digests: boolean }): ListingShape {
  return {
    typeName: '*formatter.imageContext',
    table:
      `{{if .Repository}}{{.Repository}}\t{{.Tag}}\t${digests ? '{{.Digest}}\t' : ''}{{.ID}}\t{{.CreatedSince}}\t{{.Size}}{{end}}`.replace(
        /^\{\{if \.Repository\}\}|\{\{end\}\}$/g,
        '',
      ),
    quiet: '{{.ID}}',
    raw: `repository: {{.Repository}}\n{{if .Tag}}tag: {{.Tag}}\n{{end}}${digests ? 'digest: {{.Digest}}\n' : ''}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`,
    headers: {
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      Digest: 'DIGEST',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      Size: 'SIZE',
      Containers: 'CONTAINERS',
      VirtualSize: 'SIZE',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
    },
  }
}

export interface ImageRowOptions {
  readonly nowMs: number
  readonly full: boolean
  readonly digests: boolean
}

interface Name {
  readonly repository: string
  readonly tag: string
  readonly digest: string
}

/** The rows of one image. */
export function imageRows(image: ImageSummary, options: ImageRowOptions): readonly Row[] {
  return namesOf(image, options.digests).map((name) => ({
    ID: options.full ? image.Id : shortId(image.Id),
    Repository: name.repository,
    Tag: name.tag,
    Digest: name.digest,
    CreatedSince: ago(image.Created * 1000, options.nowMs),
    CreatedAt: goTime(image.Created * 1000),
    Size: formatDecimalSize(image.Size, 3),
    Containers: (image.Containers ?? -1) === -1 ? 'N/A' : String(image.Containers),
    VirtualSize: formatDecimalSize(image.Size),
    SharedSize: (image.SharedSize ?? -1) === -1 ? 'N/A' : formatDecimalSize(image.SharedSize ?? 0),
    UniqueSize: (image.SharedSize ?? -1) === -1 ? 'N/A' : formatDecimalSize(image.Size - (image.SharedSize ?? 0)),
  }))
}

const untagged = '<none>'

function namesOf(image: ImageSummary, digests: boolean): readonly Name[] {
  const tags = (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>')
  const byRepository = new Map<string, { tags: string[]; digests: string[] }>()
  const entry = (repository: string): { tags: string[]; digests: string[] } => {
    const found = byRepository.get(repository) ?? { tags: [], digests: [] }
    byRepository.set(repository, found)
    return found
  }
  for (const text of tags) {
    const colon = text.lastIndexOf(':')
    entry(text.slice(0, colon)).tags.push(text.slice(colon + 1))
  }
  for (const text of image.RepoDigests ?? []) {
    if (text === '<none>@<none>') continue
    const at = text.indexOf('@')
    entry(text.slice(0, at)).digests.push(text.slice(at + 1))
  }
  const names: Name[] = []
  for (const [repository, found] of byRepository) names.push(...rowsOf(repository, found, digests))
  return names.length > 0 ? names : [{ repository: untagged, tag: untagged, digest: untagged }]
}

function rowsOf(
  repository: string,
  { tags, digests }: { readonly tags: readonly string[]; readonly digests: readonly string[] },
  wanted: boolean,
): readonly Name[] {
  if (tags.length === 0)
    return wanted
      ? digests.map((digest) => ({ repository, tag: untagged, digest }))
      : digests.slice(0, 1).map((digest) => ({ repository, tag: untagged, digest }))
  if (!wanted || digests.length === 0) return tags.map((tag) => ({ repository, tag, digest: untagged }))
  return tags.flatMap((tag) => digests.map((digest) => ({ repository, tag, digest })))
}
