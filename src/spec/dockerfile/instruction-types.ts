/** What the instructions of a Dockerfile say, as values. Words are as written: nothing is expanded yet. */
import type { Heredoc } from './heredoc.ts'

/** Where an instruction stands and how it was written. */
export interface Placed {
  /** As the file has it; Docker prints it after "Step N/M : ". */
  readonly original: string
  readonly line: number
}

export interface KeyValue {
  readonly key: string
  readonly value: string
}

export interface ArgValue {
  readonly key: string
  /** Undefined: declared without a default. */
  readonly value: string | undefined
}

/** A command in shell form (one string for the shell) or exec form. */
export interface CommandLine {
  readonly shellForm: boolean
  readonly words: readonly string[]
}

export interface FromInstruction extends Placed {
  readonly kind: 'from'
  readonly base: string
  /** Lower case; empty when the stage has no name. */
  readonly name: string
  readonly platform: string
}

export interface ArgInstruction extends Placed {
  readonly kind: 'arg'
  readonly args: readonly ArgValue[]
}

export interface EnvInstruction extends Placed {
  readonly kind: 'env'
  readonly pairs: readonly KeyValue[]
}

export interface LabelInstruction extends Placed {
  readonly kind: 'label'
  readonly pairs: readonly KeyValue[]
  /** True for labels of the build request: their words are taken literally. */
  readonly literal: boolean
}

export interface CopyInstruction extends Placed {
  readonly kind: 'copy' | 'add'
  /** Sources as written; a here-document's marker stands for its content. */
  readonly sources: readonly string[]
  readonly heredocs: readonly Heredoc[]
  readonly destination: string
  /** Stage, index or image; always empty for ADD. */
  readonly from: string
  readonly chown: string
  readonly chmod: string
}

export interface RunInstruction extends Placed {
  readonly kind: 'run'
  readonly command: CommandLine
  readonly heredocs: readonly Heredoc[]
  /** Values of `--mount`, as written. */
  readonly mounts: readonly string[]
}

export interface CommandInstruction extends Placed {
  readonly kind: 'cmd' | 'entrypoint'
  readonly command: CommandLine
}

export interface HealthcheckInstruction extends Placed {
  readonly kind: 'healthcheck'
  readonly disabled: boolean
  readonly command: CommandLine
  /** Nanoseconds; 0: not given. */
  readonly intervalNanos: number
  readonly timeoutNanos: number
  readonly startPeriodNanos: number
  readonly startIntervalNanos: number
  readonly retries: number
}

/** Instructions with a list of words. */
export interface WordsInstruction extends Placed {
  readonly kind: 'expose' | 'volume' | 'shell'
  readonly words: readonly string[]
}

/** Instructions with one text. */
export interface TextInstruction extends Placed {
  readonly kind: 'user' | 'workdir' | 'stopsignal' | 'maintainer'
  readonly text: string
}

export interface OnbuildInstruction extends Placed {
  readonly kind: 'onbuild'
  /** The instruction to run in a child image, as written. */
  readonly trigger: string
}

/** Everything that may stand in a stage. */
export type StageInstruction =
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | CopyInstruction
  | RunInstruction
  | CommandInstruction
  | HealthcheckInstruction
  | WordsInstruction
  | TextInstruction
  | OnbuildInstruction

export type Instruction = FromInstruction | StageInstruction
