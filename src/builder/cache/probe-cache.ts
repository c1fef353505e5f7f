/**
 * The classic build cache: a step is known when an image with the same parent was made by the same configuration. With
 * `--cache-from`, only images that the named ones stand on count, and their histories are searched too.
 */
import type { ImageConfig, ImageRunConfig } from '#spec/oci/image-config.ts'
import type { BuildImage, BuildImages } from '../ports.ts'
import { sameStep } from './compare-config.ts'

export interface CacheProbe {
  /** The image that already holds the step's result. */
  find(
    parent: BuildImage | undefined,
    containerConfig: ImageRunConfig,
    result: ImageRunConfig,
  ): Promise<BuildImage | undefined>
  /** A new stage: a miss in the one before is forgotten. */
  enterStage(): void
}

export interface CacheOptions {
  readonly images: BuildImages
  readonly disabled: boolean
  /** References of `--cache-from`; those that are not here are passed over. */
  readonly sources: readonly string[]
}

/** Creates the cache of one build. After the first miss of a stage nothing else in it is looked up. */
export function createCacheProbe({ images, disabled, sources }: CacheOptions): CacheProbe {
  const found = sources.flatMap((reference) => images.find(reference) ?? [])
  const lookUp = async (
    parent: BuildImage | undefined,
    config: ImageRunConfig,
    result: ImageRunConfig,
  ): Promise<BuildImage | undefined> => {
    const local = images.children(parent?.id).find((child) => sameStep(child.config.container_config, config))
    if (sources.length === 0) return local
    if (local !== undefined && found.some((source) => standsOn(images, source, local))) return local
    const command = (config.Cmd ?? []).join(' ')
    const source = found.find((candidate) => historyContinues(candidate.config, parent?.config, command))
    if (source === undefined) return undefined
    const restored = restoreStep(source.config, parent?.config, { result, containerConfig: config })
    return await images.create({ config: restored, parent: parent?.id, containerId: undefined })
  }
  let missed = disabled
  return {
    async find(parent, containerConfig, result) {
      if (missed) return undefined
      const hit = await lookUp(parent, containerConfig, result)
      missed = hit === undefined
      return hit
    },
    enterStage() {
      missed = disabled
    },
  }
}

function standsOn(images: BuildImages, image: BuildImage, ancestor: BuildImage): boolean {
  let current: BuildImage | undefined = image
  for (let depth = 0; current !== undefined && depth < 1000; depth += 1) {
    if (current.id === ancestor.id) return true
    current = current.parent === undefined ? undefined : images.find(current.parent)
  }
  return false
}

/** True when an image's history is the parent's and then this command. Pure. */
export function historyContinues(source: ImageConfig, parent: ImageConfig | undefined, command: string): boolean {
  const mine = parent?.history ?? []
  const theirs = source.history ?? []
  const layers = parent?.rootfs.diff_ids ?? []
  return (
    theirs.length > mine.length &&
    layers.every((layer, at) => source.rootfs.diff_ids[at] === layer) &&
    mine.every(
      (entry, at) =>
        entry.created_by === theirs[at]?.created_by &&
        (entry.empty_layer ?? false) === (theirs[at]?.empty_layer ?? false),
    ) &&
    theirs[mine.length]?.created_by === command
  )
}

/** The image of one step cut out of a longer history. Pure. */
export function restoreStep(
  source: ImageConfig,
  parent: ImageConfig | undefined,
  made: { readonly result: ImageRunConfig; readonly containerConfig: ImageRunConfig },
): ImageConfig {
  const count = (parent?.history ?? []).length + 1
  const history = (source.history ?? []).slice(0, count)
  const layers = history.filter((entry) => entry.empty_layer !== true).length
  return {
    architecture: source.architecture,
    ...(source.author === undefined ? {} : { author: source.author }),
    config: made.result,
    container_config: made.containerConfig,
    ...(history.at(-1)?.created === undefined ? {} : { created: history.at(-1)?.created ?? '' }),
    ...(source.docker_version === undefined ? {} : { docker_version: source.docker_version }),
    history,
    os: source.os,
    rootfs: { type: 'layers', diff_ids: source.rootfs.diff_ids.slice(0, layers) },
  }
}
