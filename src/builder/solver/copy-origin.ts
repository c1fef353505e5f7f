/** Where COPY takes from: the context, an earlier stage by name or number, or an image. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { RootedTree } from '../context/rooted-tree.ts'
import { stepFailed } from '../errors.ts'
import type { BuildImage } from '../ports.ts'
import type { BuildRun } from './stage-state.ts'

export interface CopyOrigin extends AsyncDisposable {
  readonly tree: RootedTree
}

/** Opens the origin named by `--from`; empty: the context. Throws `invalid` ("invalid from flag value x: …"). */
export async function openCopyOrigin(run: BuildRun, from: string): Promise<CopyOrigin> {
  if (from === '') return { tree: run.context, [Symbol.asyncDispose]: () => Promise.resolve() }
  const image = await findImage(run, from)
  if (image === undefined) {
    const empty = await run.deps.folders.make()
    return { tree: new RootedTree(run.deps, empty.path), [Symbol.asyncDispose]: () => empty[Symbol.asyncDispose]() }
  }
  const view = await run.images.view(image)
  return { tree: new RootedTree(run.deps, view.path), [Symbol.asyncDispose]: () => view[Symbol.asyncDispose]() }
}

/** Undefined: a stage on scratch that has made nothing. */
async function findImage(run: BuildRun, from: string): Promise<BuildImage | undefined> {
  const invalid = (why: string, cause?: unknown): GantryError =>
    stepFailed(`invalid from flag value ${from}: ${why}`, { cause })
  const named = run.finished.find((stage) => stage.name !== '' && stage.name === from.toLowerCase())
  if (named !== undefined) return named.image
  if (/^\d+$/.test(from)) {
    const index = Number(from)
    if (index === run.finished.length) throw invalid('refers to current build stage')
    const stage = run.finished[index]
    if (stage === undefined) throw invalid('index out of bounds')
    return stage.image
  }
  try {
    return await run.images.obtain(from, {
      pull: run.request.pull,
      platform: run.request.platform,
      credentials: run.request.credentials,
      onProgress: (message) => run.progress.message(message),
      signal: run.signal,
    })
  } catch (error) {
    if (run.signal.aborted || !(error instanceof GantryError)) throw error
    throw invalid(messageOf(error), error)
  }
}
