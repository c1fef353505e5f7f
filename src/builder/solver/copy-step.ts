/** COPY and ADD. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { joinPath } from '#spec/dockerfile/clean-path.ts'
import { expandWord } from '#spec/dockerfile/expand-word.ts'
import { parseModeChange } from '#spec/dockerfile/file-mode.ts'
import { heredocMarker } from '#spec/dockerfile/heredoc.ts'
import type { CopyInstruction } from '#spec/dockerfile/instruction-types.ts'
import { combineHashes } from '../cache/content-hash.ts'
import { RootedTree } from '../context/rooted-tree.ts'
import { copyInto } from '../copying/copy-into.ts'
import type { CopyDeps } from '../copying/copy-entry.ts'
import { findSources } from '../copying/find-sources.ts'
import type { CopySource } from '../copying/find-sources.ts'
import { lookupOwner } from '../copying/lookup-owner.ts'
import { downloadSource, heredocSource, isUrl } from '../copying/made-sources.ts'
import type { Scratch } from '../copying/made-sources.ts'
import { stepFailed } from '../errors.ts'
import { withFileComment } from '../graph/run-config.ts'
import { commitImage, useCache } from './commit-step.ts'
import { openCopyOrigin } from './copy-origin.ts'
import { expandOptionsOf } from './stage-state.ts'
import type { BuildRun, StageState } from './stage-state.ts'

/** An instruction with its words expanded. */
interface CopyWords {
  readonly sources: readonly string[]
  readonly destination: string
  readonly chown: string
  readonly chmod: string
}

/** Finds the sources, asks the cache by their contents, copies and commits. Throws `invalid` in Docker's words. */
export async function copyStep(run: BuildRun, stage: StageState, instruction: CopyInstruction): Promise<void> {
  const options = expandOptionsOf(run, stage)
  const expand = (word: string): string => expandWord(word, options)
  const words: CopyWords = {
    sources: instruction.sources.map((word) => (heredocMarker(word) === undefined ? expand(word) : word)),
    destination: expand(instruction.destination),
    chown: expand(instruction.chown),
    chmod: expand(instruction.chmod),
  }
  await using scratch = createScratch(run)
  await using origin = await openCopyOrigin(run, instruction.from)
  const sources = await gather(run, { stage, instruction, words, tree: origin.tree, scratch })
  const keys = sources.map((source) => source.key)
  const key = keys.length === 1 ? (keys[0] ?? '') : combineHashes('multi', keys)
  const flags = `${words.chmod === '' ? '' : `--chmod=${words.chmod} `}${words.chown === '' ? '' : `--chown=${words.chown}`}`
  const containerConfig = withFileComment(
    stage.config,
    `${nameOf(instruction)} ${flags}${key} in ${words.destination} `,
  )
  if (await useCache(run, stage, containerConfig)) return
  await using draft = await run.images.draft(stage.image)
  await writeSources(run, { stage, words, sources, path: draft.path, keepOwners: instruction.from !== '' })
  const diffId = await draft.commit(run.signal)
  await commitImage(run, stage, { containerConfig, diffId, containerId: undefined })
}

interface Gathering {
  readonly stage: StageState
  readonly instruction: CopyInstruction
  readonly words: CopyWords
  readonly tree: RootedTree
  readonly scratch: Scratch
}

async function gather(run: BuildRun, gathering: Gathering): Promise<CopySource[]> {
  const { instruction, words } = gathering
  const sources: CopySource[] = []
  try {
    for (const word of words.sources) sources.push(...(await gatherWord(run, gathering, word)))
    if (sources.length === 0) throw stepFailed('no source files were specified')
  } catch (error) {
    if (!(error instanceof GantryError) || run.signal.aborted) throw error
    throw stepFailed(`${nameOf(instruction)} failed: ${messageOf(error)}`, { kind: error.kind, cause: error })
  }
  if (sources.length > 1 && !words.destination.endsWith('/')) {
    throw stepFailed(
      `When using ${nameOf(instruction)} with more than one source file, the destination must be a directory and end with a /`,
    )
  }
  return sources
}

async function gatherWord(run: BuildRun, gathering: Gathering, word: string): Promise<CopySource[]> {
  const { stage, instruction, words, tree, scratch } = gathering
  const { deps } = run
  const copyDeps: CopyDeps = { ...deps, signal: run.signal }
  const marker = heredocMarker(word)
  const heredoc =
    marker === undefined ? undefined : instruction.heredocs.find((document) => document.name === marker.name)
  if (heredoc !== undefined)
    return [await heredocSource(copyDeps, scratch, { heredoc, expand: expandOptionsOf(run, stage) })]
  if (!isUrl(word)) {
    return await findSources(word, {
      files: deps.files,
      tree,
      fromImage: instruction.from !== '',
      mayUnpack: instruction.kind === 'add',
      signal: run.signal,
    })
  }
  if (instruction.kind === 'copy') throw stepFailed("source can't be a URL for COPY")
  const onProgress = (message: object): Promise<void> => run.progress.message(message)
  return [
    await downloadSource(copyDeps, scratch, {
      url: word,
      destination: words.destination,
      fetchUrl: deps.fetchUrl,
      onProgress,
    }),
  ]
}

interface Writing {
  readonly stage: StageState
  readonly words: CopyWords
  readonly sources: readonly CopySource[]
  readonly path: string
  readonly keepOwners: boolean
}

async function writeSources(run: BuildRun, { stage, words, sources, path, keepOwners }: Writing): Promise<void> {
  const { deps } = run
  const tree = new RootedTree(deps, path)
  const modeChange = words.chmod === '' ? undefined : parseModeChange(words.chmod)
  if (words.chmod !== '' && modeChange === undefined)
    throw stepFailed(`invalid chmod parameter: '${words.chmod}'. it should be octal string and between 0 and 07777`)
  const named = words.chown === '' ? undefined : await lookupOwner(words.chown, tree, deps.files)
  const owner = named ?? (keepOwners ? undefined : { uid: 0, gid: 0 })
  const destination = absoluteDestination(words.destination, stage.config.WorkingDir ?? '')
  for (const source of sources)
    await copyInto({ ...deps, signal: run.signal }, source, { tree, destination, owner, modeChange })
}

/** The destination under WORKDIR, a slash at the end kept. Pure. */
export function absoluteDestination(destination: string, workingDir: string): string {
  const path = destination.startsWith('/') ? joinPath(destination) : joinPath('/', workingDir, destination)
  return destination.endsWith('/') && path !== '/' ? `${path}/` : path
}

function nameOf(instruction: CopyInstruction): string {
  return instruction.kind.toUpperCase()
}

function createScratch(run: BuildRun): Scratch & AsyncDisposable {
  const made: AsyncDisposable[] = []
  return {
    async directory() {
      const directory = await run.deps.folders.make()
      made.push(directory)
      return directory.path
    },
    async [Symbol.asyncDispose]() {
      for (const directory of made) await directory[Symbol.asyncDispose]()
    },
  }
}
