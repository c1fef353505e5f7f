/** What a build knows while it runs: the whole build's parts, and the stage that is being built. */
import type { ExpandOptions } from '#spec/dockerfile/expand-word.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Machine } from '#world/ports/machine.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Random } from '#world/ports/random.ts'
import type { BuildRequest } from '../build-request.ts'
import type { CacheProbe } from '../cache/probe-cache.ts'
import type { RootedTree } from '../context/rooted-tree.ts'
import type { WorkFolders } from '../context/work-folders.ts'
import type { BuildArgs } from '../graph/build-args.ts'
import type { BuildPlan } from '../graph/from-dockerfile.ts'
import { environmentOf } from '../graph/run-config.ts'
import type { BuildContainers, BuildImage, BuildImages, FetchUrl } from '../ports.ts'
import type { Progress } from './progress.ts'

export interface SolverDeps {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
  readonly kernel: Kernel
  readonly processes: Processes
  readonly machine: Machine
  readonly containers: BuildContainers
  readonly fetchUrl: FetchUrl
  readonly folders: WorkFolders
  /** What `docker_version` of built images says. */
  readonly version: string
}

/** One build. */
export interface BuildRun {
  readonly deps: SolverDeps
  readonly images: BuildImages
  readonly request: BuildRequest
  readonly plan: BuildPlan
  readonly context: RootedTree
  readonly args: BuildArgs
  readonly cache: CacheProbe
  readonly progress: Progress
  /** Stages that are done, in order. */
  readonly finished: FinishedStage[]
  /** Containers of steps, not removed yet. */
  readonly leftovers: Set<string>
  readonly signal: AbortSignal
}

export interface FinishedStage {
  readonly name: string
  readonly image: BuildImage | undefined
  readonly config: ImageRunConfig
}

/** The stage that is being built; steps replace its parts. */
export interface StageState {
  readonly name: string
  image: BuildImage | undefined
  config: ImageRunConfig
  author: string
  cmdSet: boolean
}

/** Variables that words of the current stage see: its environment, then its arguments. */
export function expandOptionsOf(run: BuildRun, stage: StageState): ExpandOptions {
  const variables = run.args.visible()
  for (const [name, value] of environmentOf(stage.config)) variables.set(name, value)
  return { variables, escape: run.plan.dockerfile.directives.escape }
}
