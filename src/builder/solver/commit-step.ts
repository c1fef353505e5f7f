/** The end of a step: an image that stands on the stage's image. */
import type { Digest } from '#base/data/digest.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { formatInstant } from '#world/ports/clock.ts'
import { randomHex } from '#world/ports/random.ts'
import { childImageConfig } from '../exporters/child-image.ts'
import { withComment } from '../graph/run-config.ts'
import type { BuildRun, StageState } from './stage-state.ts'

/** Uses the cache for a step; false when it must be done. Prints " ---> Using cache". */
export async function useCache(run: BuildRun, stage: StageState, containerConfig: ImageRunConfig): Promise<boolean> {
  const hit = await run.cache.find(stage.image, containerConfig, stage.config)
  if (hit === undefined) return false
  await run.progress.text(' ---> Using cache\n')
  stage.image = hit
  return true
}

export interface StepResult {
  readonly containerConfig: ImageRunConfig
  readonly diffId: Digest | undefined
  readonly containerId: string | undefined
}

/** Makes the step's image the stage's. */
export async function commitImage(run: BuildRun, stage: StageState, result: StepResult): Promise<void> {
  const { deps, images } = run
  const parent = stage.image
  const config = childImageConfig({
    parent: parent?.config,
    diffId: result.diffId,
    config: { ...stage.config, Image: parent?.id ?? '' },
    containerConfig: { ...result.containerConfig, Image: parent?.id ?? '' },
    containerId: result.containerId,
    author: stage.author,
    created: formatInstant(deps.clock.now()),
    platform: { os: deps.machine.os, architecture: deps.machine.ociArchitecture },
    version: deps.version,
  })
  stage.image = await images.create({ config, parent: parent?.id, containerId: result.containerId })
}

/**
 * A step that changes metadata only. Docker makes a container for it that never starts; here one is made only when the
 * client asked to keep such containers.
 */
export async function commitMetadata(run: BuildRun, stage: StageState, comment: string): Promise<void> {
  const containerConfig = withComment(stage.config, comment)
  if (await useCache(run, stage, containerConfig)) return
  const containerId = await announceContainer(run, stage, containerConfig)
  await commitImage(run, stage, { containerConfig, diffId: undefined, containerId })
  await removeContainers(run)
}

/** Prints " ---> Running in <id>" for a step without a command and gives the id. */
export async function announceContainer(
  run: BuildRun,
  stage: StageState,
  containerConfig: ImageRunConfig,
): Promise<string> {
  const { deps, request } = run
  const id = request.remove
    ? randomHex(deps.random, 32)
    : await deps.containers.create({ image: stage.image, config: containerConfig, surroundings: request.surroundings })
  run.leftovers.add(id)
  await run.progress.text(` ---> Running in ${id.slice(0, 12)}\n`)
  return id
}

/** Removes the step's containers when the client wants that (`--rm`, the default). */
export async function removeContainers(run: BuildRun, always = false): Promise<void> {
  if (!run.request.remove && !always) return
  for (const id of run.leftovers) {
    run.leftovers.delete(id)
    await run.deps.containers.remove(id)
    await run.progress.text(`Removing intermediate container ${id.slice(0, 12)}\n`)
  }
}
