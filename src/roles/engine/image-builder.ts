/** The builder, given the engine's images and containers, as the Engine API wants it. */
import { createBuilder } from '#builder/builder.ts'
import { decodeBuildRequest } from '#builder/build-request.ts'
import { createFetchUrl } from '#builder/fetch-url.ts'
import { createImageStore } from '#builder/image-store.ts'
import type { ObtainOptions, StepSurroundings } from '#builder/ports.ts'
import type { ImageBuilder } from '#engine/api/build-routes.ts'
import { engineVersion } from '#engine/api/view-info.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import {
  commitStepContainer,
  createStepContainer,
  removeStepContainer,
  runStepContainer,
} from '#engine/containers/step-containers.ts'
import type { HttpClient } from '#kit/http/client.ts'
import type { HostConfig } from '#spec/docker/container-config.ts'

export interface ImageBuilderDeps {
  readonly parts: EngineParts
  readonly http: HttpClient
  readonly pull: (reference: string, options: ObtainOptions) => Promise<void>
}

function hostConfigOf(surroundings: StepSurroundings): Partial<HostConfig> {
  return {
    NetworkMode: surroundings.networkMode === '' ? 'default' : surroundings.networkMode,
    ExtraHosts: surroundings.extraHosts,
    ShmSize: surroundings.shmSizeBytes,
    Memory: surroundings.memoryBytes,
    MemorySwap: surroundings.memorySwapBytes,
    CpuShares: surroundings.cpuShares,
    CpuPeriod: surroundings.cpuPeriodUs,
    CpuQuota: surroundings.cpuQuotaUs,
    CpusetCpus: surroundings.cpusetCpus,
    CpusetMems: surroundings.cpusetMems,
    CgroupParent: surroundings.cgroupParent,
    Ulimits: surroundings.ulimits,
    // Steps are read from their end of the socket; nobody asks for their logs later.
    LogConfig: { Type: 'none', Config: {} },
  }
}

/** Composes the builder; disposing it ends running builds. */
export function createImageBuilder({ parts, http, pull }: ImageBuilderDeps): ImageBuilder & AsyncDisposable {
  const { world, images } = parts
  const builder = createBuilder({
    ...world,
    version: engineVersion,
    fetchUrl: createFetchUrl(http),
    workDirectory: `${parts.paths.root}/build`,
    imageStore: createImageStore({ images, files: world.files, random: world.random, pull }),
    containers: {
      create: ({ image, config, surroundings, temporary }) =>
        createStepContainer(parts, {
          image: image === undefined ? undefined : { id: image.id, layers: image.config.rootfs.diff_ids },
          config,
          hostConfig: hostConfigOf(surroundings),
          temporary: temporary === true,
        }),
      run: (id, onOutput, signal) => runStepContainer(parts, id, { onOutput, signal }),
      commit: (id, options) => commitStepContainer(parts, id, options),
      remove: (id) => removeStepContainer(parts, id),
    },
  })
  return {
    build: async ({ query, credentials, context, emit, signal }) => {
      await builder.build({ request: decodeBuildRequest(query, credentials), context, emit, signal })
    },
    cancel: (buildId) => builder.cancel(buildId),
    prune: () => builder.prune(),
    [Symbol.asyncDispose]: () => builder[Symbol.asyncDispose](),
  }
}
