/**
 * The image builder behind `POST /build`: a context and a request in, an image out, the classic builder's output on the
 * way. What fails before the first message is an error of the request; later ones belong into the stream.
 */
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseDockerfile } from '#spec/dockerfile/parse-dockerfile.ts'
import type { Machine } from '#world/ports/machine.ts'
import { familiarTag } from './build-request.ts'
import type { BuildRequest } from './build-request.ts'
import { createCacheProbe } from './cache/probe-cache.ts'
import { receiveContext } from './context/build-context.ts'
import type { BuildContext } from './context/build-context.ts'
import { createWorkFolders } from './context/work-folders.ts'
import { openRemoteContext } from './context/remote-context.ts'
import { BuildArgs } from './graph/build-args.ts'
import { planBuild } from './graph/from-dockerfile.ts'
import type { BuildImageStore, BuildMessage } from './ports.ts'
import { removeContainers } from './solver/commit-step.ts'
import { createProgress, shortId } from './solver/progress.ts'
import { solve } from './solver/solve.ts'
import type { BuildRun, SolverDeps } from './solver/stage-state.ts'

export interface BuilderDeps extends Omit<SolverDeps, 'folders'> {
  readonly imageStore: BuildImageStore
  /** Folder of the builder's own for contexts and downloads; emptied at the start. */
  readonly workDirectory: string
}

/** The parts of one builder. */
interface Workshop extends SolverDeps {
  readonly imageStore: BuildImageStore
  /** Settled when what an earlier program left is gone. */
  readonly swept: Promise<unknown>
}

export interface BuildInput {
  readonly request: BuildRequest
  /** The context's tar as it arrives; not read when the request names a remote one. */
  readonly context: AsyncIterable<Uint8Array>
  /** Takes a message of the output stream; waits while the client is behind. */
  readonly emit: (message: BuildMessage) => Promise<void>
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export interface Builder extends AsyncDisposable {
  /**
   * Builds and tags an image and gives its id. Throws `GantryError` with Docker's message; the exit code of a failed
   * command is in `details.code`. A build that is aborted removes its containers and leaves no tag.
   */
  build(input: BuildInput): Promise<Digest>
  /** Ends a build by its `buildid`; false when there is none. */
  cancel(buildId: string): boolean
  /** `POST /build/prune`: the classic cache is the images themselves, so there is nothing of its own to delete. */
  prune(): { readonly CachesDeleted: readonly string[]; readonly SpaceReclaimed: number }
}

/** Creates the builder. Disposing it ends all builds and waits for them. */
export function createBuilder(deps: BuilderDeps): Builder {
  const folders = createWorkFolders(deps, deps.workDirectory)
  const swept = Promise.all([folders.sweep(), deps.imageStore.sweep()])
  // A failure shows in the first build, not as an unhandled rejection before it.
  swept.catch(() => undefined)
  const workshop: Workshop = { ...deps, folders, swept }
  const running = new Map<
    object,
    { readonly buildId: string; readonly controller: AbortController; readonly done: Promise<unknown> }
  >()
  return {
    async build(input) {
      const controller = new AbortController()
      const done = runBuild(workshop, { ...input, signal: AbortSignal.any([input.signal, controller.signal]) })
      const key = {}
      running.set(key, { buildId: input.request.buildId, controller, done })
      try {
        return await done
      } finally {
        running.delete(key)
      }
    },
    cancel(buildId) {
      const found = [...running.values()].filter((build) => buildId !== '' && build.buildId === buildId)
      for (const build of found) build.controller.abort(cancelled())
      return found.length > 0
    },
    prune: () => ({ CachesDeleted: [], SpaceReclaimed: 0 }),
    async [Symbol.asyncDispose]() {
      const builds = [...running.values()]
      for (const build of builds) build.controller.abort(cancelled())
      await Promise.allSettled([swept, ...builds.map((build) => build.done)])
    },
  }
}

async function runBuild(deps: Workshop, input: BuildInput): Promise<Digest> {
  const { request, signal, emit } = input
  signal.throwIfAborted()
  await deps.swept
  await using context = await openContext(deps, input)
  const dockerfile = parseDockerfile(context.dockerfile)
  const plan = planBuild(dockerfile, request)
  using images = deps.imageStore.open('build')
  const progress = createProgress(emit, request.quiet)
  const run: BuildRun = {
    deps,
    images,
    request,
    plan,
    context: context.tree,
    args: new BuildArgs(request.buildArgs, platformArgs(deps.machine)),
    cache: createCacheProbe({ images, disabled: request.noCache, sources: request.cacheFrom }),
    progress,
    finished: [],
    leftovers: new Set(),
    signal,
  }
  if (dockerfile.warnings.length > 0) await progress.warning(`${dockerfile.warnings.join('\n')}\n`)
  try {
    const image = await solve(run)
    await finish(run, image.id, emit)
    return image.id
  } catch (error) {
    await cleanUp(run)
    throw error
  }
}

async function openContext(deps: Workshop, { request, context, signal }: BuildInput): Promise<BuildContext> {
  const { dockerfile, remote } = request
  if (remote === '') return await receiveContext(deps, context, { dockerfile, signal })
  return await openRemoteContext(deps, { url: remote, dockerfile, signal })
}

async function finish(run: BuildRun, id: Digest, emit: BuildInput['emit']): Promise<void> {
  const { request, progress, images } = run
  if (request.quiet) await emit({ stream: `${id}\n` })
  await progress.text(`Successfully built ${shortId(id)}\n`)
  for (const tag of request.tags) {
    await images.tag(id, tag)
    await progress.text(`Successfully tagged ${familiarTag(tag)}\n`)
  }
}

/** After a failure: containers go when asked for or when nobody is left to look at them; a quiet build shows what it held back. */
async function cleanUp(run: BuildRun): Promise<void> {
  const { request, signal, leftovers, progress } = run
  if (signal.aborted) {
    for (const id of leftovers) await run.deps.containers.remove(id)
    return
  }
  if (request.forceRemove) await removeContainers(run, true)
  await progress.reveal()
}

/** Values that a stage sees once it declares them (Dockerfile reference, "Automatic platform ARGs"). */
function platformArgs(machine: Machine): Record<string, string> {
  const platform = {
    PLATFORM: `${machine.os}/${machine.ociArchitecture}`,
    OS: machine.os,
    ARCH: machine.ociArchitecture,
    VARIANT: '',
  }
  return Object.fromEntries(
    Object.entries(platform).flatMap(([name, value]) => [
      [`TARGET${name}`, value],
      [`BUILD${name}`, value],
    ]),
  )
}

function cancelled(): GantryError {
  return new GantryError('BUILD_CANCELLED', 'cancelled', 'build cancelled', { remedy: 'Start the build again.' })
}
