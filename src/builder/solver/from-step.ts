/** FROM: the image a stage begins with, and the triggers that it brings. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { expandWord } from '#spec/dockerfile/expand-word.ts'
import type { FromInstruction, StageInstruction } from '#spec/dockerfile/instruction-types.ts'
import { parseStageInstruction } from '#spec/dockerfile/parse-instruction.ts'
import { parsePlatform } from '#spec/oci/platform.ts'
import { stepFailed } from '../errors.ts'
import { startingConfig } from '../graph/run-config.ts'
import type { BuildImage } from '../ports.ts'
import type { BuildRun, StageState } from './stage-state.ts'

/** The stage's beginning, with the triggers of its base image parsed. Throws `invalid` when there is no such image. */
export async function beginStage(
  run: BuildRun,
  from: FromInstruction,
): Promise<{ readonly stage: StageState; readonly triggers: readonly StageInstruction[] }> {
  const options = { variables: run.args.globals(), escape: run.plan.dockerfile.directives.escape }
  const base = expandWord(from.base, options)
  if (base === '') throw stepFailed(`base name (${from.base}) should not be blank`)
  const platform = platformOf(
    from.platform === '' ? run.request.platform : expandWord(from.platform, options),
    from.platform !== '',
  )
  run.args.enterStage()
  run.cache.enterStage()
  const { image, config } = await findBase(run, base, platform)
  const stage: StageState = { name: from.name, image, config: startingConfig(config), author: '', cmdSet: false }
  return { stage, triggers: await readTriggers(run, config?.OnBuild ?? []) }
}

async function findBase(
  run: BuildRun,
  base: string,
  platform: string,
): Promise<{ image: BuildImage | undefined; config: StageState['config'] | undefined }> {
  const earlier = run.finished.find((stage) => stage.name !== '' && stage.name === base.toLowerCase())
  // An earlier stage has used its triggers already; its own ONBUILD instructions run here.
  if (earlier !== undefined) return { image: earlier.image, config: earlier.config }
  if (base === 'scratch') return { image: undefined, config: undefined }
  const image = await run.images.obtain(base, {
    pull: run.request.pull,
    platform,
    credentials: run.request.credentials,
    onProgress: (message) => run.progress.message(message),
    signal: run.signal,
  })
  return { image, config: image.config.config }
}

function platformOf(text: string, written: boolean): string {
  if (text === '' && !written) return ''
  try {
    parsePlatform(text)
    return text
  } catch (error) {
    throw stepFailed(`failed to parse platform ${text}: ${messageOf(error)}`, { cause: error })
  }
}

async function readTriggers(run: BuildRun, triggers: readonly string[]): Promise<StageInstruction[]> {
  if (triggers.length === 0) return []
  await run.progress.text(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}`)
  await run.progress.text('\n')
  return triggers.map((trigger) => {
    try {
      return parseStageInstruction(trigger, '\\')
    } catch (error) {
      // A trigger has no line of this file to point at.
      throw stepFailed(messageOf(error).replace(/^dockerfile parse error line \d+: /, ''), { cause: error })
    }
  })
}
