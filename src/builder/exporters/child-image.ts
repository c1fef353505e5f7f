/** The config document of an image that one step made. Pure. */
import type { Digest } from '#base/data/digest.ts'
import type { ImageConfig, ImageHistoryEntry, ImageRunConfig } from '#spec/oci/image-config.ts'

export interface ChildImageOptions {
  /** Undefined: the first on scratch. */
  readonly parent: ImageConfig | undefined
  /** Undefined: the step made no files. */
  readonly diffId: Digest | undefined
  readonly config: ImageRunConfig
  /** The configuration with the step's command: what the cache compares. */
  readonly containerConfig: ImageRunConfig
  readonly containerId: string | undefined
  readonly author: string
  /** RFC 3339 with nanoseconds. */
  readonly created: string
  /** For an image on scratch. */
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string }
  /** What `docker_version` says. */
  readonly version: string
}

/** Fields in alphabetical order, as Docker writes them. */
export function childImageConfig(options: ChildImageOptions): ImageConfig {
  const { parent, diffId, author } = options
  const history: ImageHistoryEntry = {
    created: options.created,
    ...(author === '' ? {} : { author }),
    created_by: (options.containerConfig.Cmd ?? []).join(' '),
    ...(diffId === undefined ? { empty_layer: true } : {}),
  }
  const base: ImageConfig = parent ?? { ...options.platform, rootfs: { type: 'layers', diff_ids: [] } }
  return dropUndefined({
    architecture: base.architecture,
    author: author === '' ? undefined : author,
    config: options.config,
    container: options.containerId,
    container_config: options.containerConfig,
    created: options.created,
    docker_version: options.version,
    history: [...(base.history ?? []), history],
    os: base.os,
    'os.features': base['os.features'],
    'os.version': base['os.version'],
    rootfs: { type: 'layers', diff_ids: [...base.rootfs.diff_ids, ...(diffId === undefined ? [] : [diffId])] },
    variant: base.variant,
  })
}

type Optional<T> = { [K in keyof T]: T[K] | undefined }

function dropUndefined(config: Optional<ImageConfig>): ImageConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as unknown as ImageConfig
}
