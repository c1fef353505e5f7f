/** What an instruction that writes no files does to the configuration, and how the history words it. Pure. */
import { cleanPath } from '#spec/dockerfile/clean-path.ts'
import { expandWord, expandWords } from '#spec/dockerfile/expand-word.ts'
import type { ExpandOptions } from '#spec/dockerfile/expand-word.ts'
import { parseExposedPort } from '#spec/dockerfile/exposed-ports.ts'
import { formatGoDuration } from '#base/data/duration.ts'
import { goQuote, goQuoteList, goQuoteRune } from '#base/data/go-quote.ts'
import type {
  CommandInstruction,
  EnvInstruction,
  HealthcheckInstruction,
  LabelInstruction,
  OnbuildInstruction,
  StageInstruction,
  TextInstruction,
  WordsInstruction,
} from '#spec/dockerfile/instruction-types.ts'
import { resolveCommandLine } from '#spec/dockerfile/parse-command-line.ts'
import { parseSignal } from '#spec/docker/signals.table.ts'
import type { Healthcheck, ImageRunConfig } from '#spec/oci/image-config.ts'
import { stepFailed } from '../errors.ts'
import { shellOf } from './run-config.ts'

/** The part of a stage's state that metadata instructions read and change. */
export interface StageMetadata {
  readonly config: ImageRunConfig
  readonly author: string
  /** CMD was set in this stage, so ENTRYPOINT keeps it. */
  readonly cmdSet: boolean
}

export interface MetadataChange extends StageMetadata {
  /** Text of the history behind `#(nop) `. */
  readonly comment: string
  /** A line for the user. */
  readonly note?: string
}

/** Instructions that are neither ARG nor write files. */
export type MetadataInstruction = Exclude<StageInstruction, { readonly kind: 'arg' | 'copy' | 'add' | 'run' }>

/** Applies an instruction. WORKDIR's directory is made elsewhere. Throws `invalid` with Docker's messages. */
export function applyMetadata(
  instruction: MetadataInstruction,
  before: StageMetadata,
  options: ExpandOptions,
): MetadataChange {
  switch (instruction.kind) {
    case 'env':
      return applyEnv(instruction, before, options)
    case 'label':
      return applyLabel(instruction, before, options)
    case 'expose':
    case 'volume':
    case 'shell':
      return applyWords(instruction, before, options)
    case 'cmd':
    case 'entrypoint':
      return applyCommand(instruction, before)
    case 'healthcheck':
      return applyHealthcheck(instruction, before)
    case 'onbuild':
      return applyOnbuild(instruction, before)
    case 'user':
    case 'workdir':
    case 'stopsignal':
    case 'maintainer':
      return applyText(instruction, before, options)
  }
}

function applyEnv(instruction: EnvInstruction, before: StageMetadata, options: ExpandOptions): MetadataChange {
  const env = [...(before.config.Env ?? [])]
  let comment = 'ENV'
  // All words see the values from before the instruction.
  for (const pair of instruction.pairs) {
    const name = expandWord(pair.key, options)
    const entry = `${name}=${expandWord(pair.value, options)}`
    if (name === '') throw stepFailed(`invalid environment variable: ${entry}`)
    const at = env.findIndex((old) => old.split('=', 1)[0] === name)
    if (at < 0) env.push(entry)
    else env[at] = entry
    comment += ` ${entry}`
  }
  return { ...before, config: { ...before.config, Env: env }, comment }
}

function applyLabel(instruction: LabelInstruction, before: StageMetadata, options: ExpandOptions): MetadataChange {
  const expand = (word: string): string => (instruction.literal ? word : expandWord(word, options))
  const added = instruction.pairs.map(({ key, value }): [string, string] => [expand(key), expand(value)])
  const comment = added.reduce((text, [key, value]) => `${text} ${key}=${value}`, 'LABEL')
  return {
    ...before,
    config: { ...before.config, Labels: { ...before.config.Labels, ...Object.fromEntries(added) } },
    comment,
  }
}

function applyWords(instruction: WordsInstruction, before: StageMetadata, options: ExpandOptions): MetadataChange {
  const { config } = before
  if (instruction.kind === 'shell') {
    return {
      ...before,
      config: { ...config, Shell: instruction.words },
      comment: `SHELL [${instruction.words.join(' ')}]`,
    }
  }
  if (instruction.kind === 'volume') {
    const volumes = instruction.words.map((word) => expandWord(word, options))
    if (volumes.includes('')) throw stepFailed('VOLUME specified can not be an empty string')
    return {
      ...before,
      config: { ...config, Volumes: { ...config.Volumes, ...setOf(volumes) } },
      comment: `VOLUME [${volumes.join(' ')}]`,
    }
  }
  const ports = instruction.words.flatMap((word) => expandWords(word, options))
  const exposed = setOf(ports.flatMap(parseExposedPort))
  return {
    ...before,
    config: { ...config, ExposedPorts: { ...config.ExposedPorts, ...exposed } },
    comment: `EXPOSE ${ports.join(' ')}`,
  }
}

function applyCommand(instruction: CommandInstruction, before: StageMetadata): MetadataChange {
  const { command } = instruction
  const { config } = before
  if (instruction.kind === 'cmd') {
    const words = resolveCommandLine(command, shellOf(config))
    return {
      ...before,
      config: { ...config, Cmd: words },
      cmdSet: before.cmdSet || words.length > 0,
      comment: `CMD ${goQuoteList(words)}`,
    }
  }
  const words = command.words.length === 0 ? [] : resolveCommandLine(command, shellOf(config))
  const entrypoint = words.length === 0 ? null : words
  return {
    ...before,
    config: { ...config, Entrypoint: entrypoint, Cmd: before.cmdSet ? (config.Cmd ?? null) : null },
    comment: `ENTRYPOINT ${goQuoteList(words)}`,
  }
}

function applyText(instruction: TextInstruction, before: StageMetadata, options: ExpandOptions): MetadataChange {
  const { config } = before
  if (instruction.kind === 'maintainer')
    return { ...before, author: instruction.text, comment: `MAINTAINER ${instruction.text}` }
  const text = expandWord(instruction.text, options)
  if (instruction.kind === 'user') return { ...before, config: { ...config, User: text }, comment: `USER ${text}` }
  if (instruction.kind === 'stopsignal') {
    if (parseSignal(text) === undefined && !/^[1-9]\d{0,2}$/.test(text)) throw stepFailed(`Invalid signal: ${text}`)
    return { ...before, config: { ...config, StopSignal: text }, comment: `STOPSIGNAL ${text}` }
  }
  if (text === '') throw stepFailed('cannot normalize nothing')
  const directory = text.startsWith('/') ? cleanPath(text) : cleanPath(`/${config.WorkingDir ?? ''}/${text}`)
  return { ...before, config: { ...config, WorkingDir: directory }, comment: `WORKDIR ${directory}` }
}

function applyHealthcheck(instruction: HealthcheckInstruction, before: StageMetadata): MetadataChange {
  const old = before.config.Healthcheck ?? undefined
  const own: Healthcheck = {
    Test: instruction.disabled
      ? ['NONE']
      : [instruction.command.shellForm ? 'CMD-SHELL' : 'CMD', ...instruction.command.words],
    ...present('Interval', instruction.intervalNanos),
    ...present('Timeout', instruction.timeoutNanos),
    ...present('StartPeriod', instruction.startPeriodNanos),
    ...present('StartInterval', instruction.startIntervalNanos),
    ...present('Retries', instruction.retries),
  }
  const change: MetadataChange = {
    ...before,
    // Docker merges what is left out in from the image that the step starts from.
    config: { ...before.config, Healthcheck: { ...old, ...own } },
    comment: `HEALTHCHECK ${describeHealthcheck(own)}`,
  }
  const oldTest = old?.Test ?? []
  if (oldTest.length === 0 || oldTest[0] === 'NONE') return change
  return { ...change, note: `Note: overriding previous HEALTHCHECK: [${oldTest.join(' ')}]\n` }
}

/** Go's `%q` of the healthcheck's struct, numbers as characters and all. */
function describeHealthcheck(check: Healthcheck): string {
  const times = [
    check.Interval,
    check.Timeout,
    check.StartPeriod,
    ...(check.StartInterval === undefined ? [] : [check.StartInterval]),
  ]
  const words = times.map((nanos) => goQuote(formatGoDuration(nanos ?? 0)))
  return `&{${goQuoteList(check.Test ?? [])} ${words.join(' ')} ${goQuoteRune(check.Retries ?? 0)}}`
}

function applyOnbuild(instruction: OnbuildInstruction, before: StageMetadata): MetadataChange {
  const OnBuild = [...(before.config.OnBuild ?? []), instruction.trigger]
  return { ...before, config: { ...before.config, OnBuild }, comment: `ONBUILD ${instruction.trigger}` }
}

function present<K extends string>(key: K, value: number): { [key in K]?: number } {
  return value === 0 ? {} : ({ [key]: value } as { [key in K]: number })
}

function setOf(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}
