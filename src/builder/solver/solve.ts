/**
 * Runs a plan step by step, as Docker's classic builder does: every stage up to the target, one image a step.
 *
 *     global ARGs -> for each stage: FROM (and its triggers) -> instructions -> finished stage
 */
import { expandWord } from '#spec/dockerfile/expand-word.ts'
import type { ArgInstruction, ArgValue, StageInstruction } from '#spec/dockerfile/instruction-types.ts'
import type { Stage } from '#spec/dockerfile/parse-dockerfile.ts'
import { stepFailed } from '../errors.ts'
import { applyMetadata } from '../graph/apply-metadata.ts'
import type { MetadataInstruction } from '../graph/apply-metadata.ts'
import type { BuildImage } from '../ports.ts'
import { commitMetadata } from './commit-step.ts'
import { copyStep } from './copy-step.ts'
import { beginStage } from './from-step.ts'
import { runStep } from './run-step.ts'
import { expandOptionsOf } from './stage-state.ts'
import type { BuildRun, StageState } from './stage-state.ts'
import { workdirStep } from './workdir-step.ts'

/** Counts "Step n/N" through the build. */
interface Counter {
  done: number
}

/** Builds the plan and gives its last image. Throws what the client shall read; containers of a failed step are left in `run.leftovers`. */
export async function solve(run: BuildRun): Promise<BuildImage> {
  const counter: Counter = { done: 0 }
  for (const instruction of run.plan.dockerfile.globalArgs) {
    await announce(run, counter, instruction.original)
    const options = { variables: run.args.globals(), escape: run.plan.dockerfile.directives.escape }
    for (const arg of instruction.args) run.args.declareGlobal(expandArg(arg, (word) => expandWord(word, options)))
  }
  for (const stage of run.plan.stages) await solveStage(run, counter, stage)
  const unused = run.args.unused()
  if (unused.length > 0)
    await run.progress.text(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`)
  const image = run.finished.at(-1)?.image
  if (image === undefined) throw stepFailed('No image was generated. Is your Dockerfile empty?')
  return image
}

async function solveStage(run: BuildRun, counter: Counter, { from, instructions }: Stage): Promise<void> {
  if (from.name !== '' && run.finished.some((stage) => stage.name === from.name))
    throw stepFailed(`${from.name} stage name already used`)
  await announce(run, counter, from.original)
  const { stage, triggers } = await beginStage(run, from)
  for (const trigger of triggers) await dispatch(run, stage, trigger)
  await run.progress.image(stage.image?.id)
  for (const instruction of instructions) {
    await announce(run, counter, instruction.original)
    await dispatch(run, stage, instruction)
    await run.progress.image(stage.image?.id)
  }
  if (stage.image !== undefined) await run.progress.message({ aux: { ID: stage.image.id } })
  run.finished.push({ name: stage.name, image: stage.image, config: stage.config })
}

async function announce(run: BuildRun, counter: Counter, original: string): Promise<void> {
  run.signal.throwIfAborted()
  counter.done += 1
  await run.progress.step(counter.done, run.plan.stepCount, original)
}

async function dispatch(run: BuildRun, stage: StageState, instruction: StageInstruction): Promise<void> {
  run.signal.throwIfAborted()
  switch (instruction.kind) {
    case 'run':
      return await runStep(run, stage, instruction)
    case 'copy':
    case 'add':
      return await copyStep(run, stage, instruction)
    case 'workdir':
      return await workdirStep(run, stage, instruction)
    case 'arg':
      return await argStep(run, stage, instruction)
    case 'env':
    case 'label':
    case 'expose':
    case 'volume':
    case 'shell':
    case 'cmd':
    case 'entrypoint':
    case 'healthcheck':
    case 'onbuild':
    case 'user':
    case 'stopsignal':
    case 'maintainer':
      return await metadataStep(run, stage, instruction)
  }
}

async function metadataStep(run: BuildRun, stage: StageState, instruction: MetadataInstruction): Promise<void> {
  const change = applyMetadata(instruction, stage, expandOptionsOf(run, stage))
  if (change.note !== undefined) await run.progress.text(change.note)
  stage.config = change.config
  stage.author = change.author
  stage.cmdSet = change.cmdSet
  await commitMetadata(run, stage, change.comment)
}

async function argStep(run: BuildRun, stage: StageState, instruction: ArgInstruction): Promise<void> {
  const options = expandOptionsOf(run, stage)
  const args = instruction.args.map((arg) => expandArg(arg, (word) => expandWord(word, options)))
  for (const arg of args) run.args.declare(arg)
  const words = args.map((arg) => (arg.value === undefined ? arg.key : `${arg.key}=${arg.value}`))
  await commitMetadata(run, stage, `ARG ${words.join(' ')}`)
}

function expandArg(arg: ArgValue, expand: (word: string) => string): ArgValue {
  return { key: expand(arg.key), value: arg.value === undefined ? undefined : expand(arg.value) }
}
