/** The config document of an image committed from a container (moby `image.NewChildImage`). Pure. */
import type { Digest } from '#base/data/digest.ts'
import type { ContainerRecord } from '#engine/containers/container-record.ts'
import type { ImageConfig, ImageHistoryEntry, ImageRunConfig } from '#spec/oci/image-config.ts'

export interface CommitPlan {
  readonly record: Pick<ContainerRecord, 'id' | 'config' | 'layers'>
  /** The image that the container was made from; undefined when it is gone. */
  readonly parent: ImageConfig | undefined
  /** What containers of the new image run with. */
  readonly config: ImageRunConfig
  readonly author: string
  readonly comment: string
  /** RFC 3339 with nanoseconds. */
  readonly created: string
  /** The layer of the container's changes; undefined when it changed nothing. */
  readonly diffId: Digest | undefined
  /** For an image whose parent is gone. */
  readonly platform: { readonly os: string; readonly architecture: string }
}

function historyOf({ record, author, comment, created, diffId }: CommitPlan): ImageHistoryEntry {
  return {
    created,
    ...(author === '' ? {} : { author }),
    created_by: (record.config.Cmd ?? []).join(' '),
    ...(comment === '' ? {} : { comment }),
    ...(diffId === undefined ? { empty_layer: true } : {}),
  }
}

/** What the files of the image run on: as the parent says. */
function platformOf({ parent, platform }: CommitPlan): Omit<ImageConfig, 'rootfs'> {
  if (parent === undefined) return platform
  const { architecture, os, variant, 'os.version': version, 'os.features': features } = parent
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { 'os.version': version }),
    ...(features === undefined ? {} : { 'os.features': features }),
  }
}

/** The new image's config: the parent's with one more history entry, and one more layer where there is one. */
export function planCommit(plan: CommitPlan): ImageConfig {
  const { parent, record, author, created, diffId } = plan
  return {
    ...platformOf(plan),
    ...(author === '' ? {} : { author }),
    config: plan.config,
    container: record.id,
    container_config: record.config,
    created,
    history: [...(parent?.history ?? []), historyOf(plan)],
    rootfs: { type: 'layers', diff_ids: [...record.layers, ...(diffId === undefined ? [] : [diffId])] },
  }
}
