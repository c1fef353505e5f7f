/** What a verb is: its words, flags and arguments as data, and the function that carries it out. */
import type { Session } from '#cli/docker/session.ts'
import type { FlagSpec } from './flag-types.ts'
import type { Flags } from './flags.ts'

/** How many positionals a verb takes. */
export type ArgumentCount =
  | { readonly kind: 'none' }
  | { readonly kind: 'exactly'; readonly count: number }
  | { readonly kind: 'atLeast'; readonly count: number }
  | { readonly kind: 'atMost'; readonly count: number }
  | { readonly kind: 'between'; readonly least: number; readonly most: number }

export interface Call {
  readonly flags: Flags
  readonly args: readonly string[]
  readonly session: Session
  /** The words the verb was called by, without the program's name: `container ls`. */
  readonly words: string
}

export interface Verb {
  /** What follows the verb in its usage line. */
  readonly usage: string | readonly string[]
  readonly flags: readonly FlagSpec[]
  readonly count: ArgumentCount
  /** False: flags end at the first positional. */
  readonly interspersed?: boolean
  /** What positionals name, for completion. */
  readonly completes?: Completion
  /** Resolves to the exit code; undefined is 0. */
  readonly run: (call: Call) => Promise<number | undefined | void>
}

export type Completion =
  | 'containers'
  | 'running'
  | 'stopped'
  | 'images'
  | 'networks'
  | 'volumes'
  | 'contexts'
  | 'files'
  | 'none'

export const none: ArgumentCount = { kind: 'none' }
export const exactly = (count: number): ArgumentCount => ({ kind: 'exactly', count })
export const atLeast = (count: number): ArgumentCount => ({ kind: 'atLeast', count })
export const atMost = (count: number): ArgumentCount => ({ kind: 'atMost', count })

/** What is wrong with a number of arguments, in the docker client's words; undefined when it fits. */
export function countProblem(count: ArgumentCount, given: number): string | undefined {
  const plural = (value: number): string => `${value} argument${value === 1 ? '' : 's'}`
  switch (count.kind) {
    case 'none':
      return given === 0 ? undefined : 'accepts no arguments'
    case 'exactly':
      return given === count.count ? undefined : `requires ${plural(count.count)}`
    case 'atLeast':
      return given >= count.count ? undefined : `requires at least ${plural(count.count)}`
    case 'atMost':
      return given <= count.count ? undefined : `requires at most ${plural(count.count)}`
    case 'between':
      return given >= count.least && given <= count.most
        ? undefined
        : `requires at least ${count.least} and at most ${plural(count.most)}`
  }
}
