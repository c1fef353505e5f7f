/** RUN. */
import type { RunInstruction } from '#spec/dockerfile/instruction-types.ts'
import type { Heredoc } from '#spec/dockerfile/heredoc.ts'
import { heredocMarker } from '#spec/dockerfile/heredoc.ts'
import { resolveCommandLine } from '#spec/dockerfile/parse-command-line.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { commandFailed, needsBuildKit } from '../errors.ts'
import { shellOf } from '../graph/run-config.ts'
import { commitImage, removeContainers, useCache } from './commit-step.ts'
import type { BuildRun, StageState } from './stage-state.ts'

/** Runs the command in a container on the stage's image and commits what it wrote. Throws when it fails. */
export async function runStep(run: BuildRun, stage: StageState, instruction: RunInstruction): Promise<void> {
  if (instruction.mounts.length > 0) throw needsBuildKit('--mount')
  const command = commandOf(instruction, stage.config)
  const environment = run.args.environment(stage.config.Env ?? [])
  const recorded = recordedCommand(command, environment, run.args.recorded(environment))
  const containerConfig: ImageRunConfig = { ...stage.config, Cmd: recorded, Entrypoint: null }
  if (await useCache(run, stage, containerConfig)) return
  const { Healthcheck: _healthcheck, ...stepConfig } = stage.config
  const id = await run.deps.containers.create({
    image: stage.image,
    config: { ...stepConfig, Cmd: command, Entrypoint: null, Env: [...(stage.config.Env ?? []), ...environment] },
    surroundings: run.request.surroundings,
    temporary: run.request.remove,
  })
  run.leftovers.add(id)
  await run.progress.text(` ---> Running in ${id.slice(0, 12)}\n`)
  const exitCode = await run.deps.containers.run(id, (stream, chunk) => run.progress.output(stream, chunk), run.signal)
  run.signal.throwIfAborted()
  if (exitCode !== 0) throw commandFailed(command.join(' '), exitCode)
  const diffId = await run.deps.containers.commit(id, {
    onStored: (layer) => run.images.hold(layer),
    signal: run.signal,
  })
  await commitImage(run, stage, { containerConfig, diffId, containerId: id })
  await removeContainers(run)
}

/** The command as history and cache know it: the arguments that it could see in front. Pure. */
export function recordedCommand(
  command: readonly string[],
  environment: readonly string[],
  recorded: readonly string[],
): string[] {
  return environment.length === 0 ? [...command] : [`|${recorded.length}`, ...recorded, ...command]
}

/** The words to execute. A RUN of nothing but a here-document runs that as a script. Pure. */
export function commandOf(instruction: RunInstruction, config: ImageRunConfig): string[] {
  const { command, heredocs } = instruction
  const words = resolveCommandLine(command, shellOf(config))
  const [first] = heredocs
  if (first === undefined || !command.shellForm) return words
  const [line = ''] = command.words
  if (heredocs.length === 1 && heredocMarker(line.trim()) !== undefined) return [...shellOf(config), scriptOf(first)]
  return [...shellOf(config), [line, ...heredocs.map((heredoc) => `${heredoc.content}${heredoc.name}`)].join('\n')]
}

/** A script with an interpreter line is fed to that interpreter. */
function scriptOf({ content }: Heredoc): string {
  const interpreter = /^#!\s*(\S.*)\n/.exec(content)?.[1]
  if (interpreter === undefined) return content
  let delimiter = 'GANTRY_SCRIPT'
  while (content.includes(`${delimiter}\n`)) delimiter += '_'
  return `${interpreter} <<'${delimiter}'\n${content}${delimiter}`
}
