/** Where an engine keeps what it needs, by its root; pure, so that commands find it without loading the engine. */
import { isAbsolute, join, resolve } from 'node:path'
import { digestHex, digestOf } from '#base/data/digest.ts'

/** Default root of the machine's main engine. */
export const mainRoot = '/var/lib/gantry'
export const mainRunDirectory = '/run/gantry'

export interface EnginePlaces {
  /** What a restart of the machine may wipe. */
  readonly runDirectory: string
  /** Empty for the machine's main engine; else eight hex digits that keep its names apart from other engines'. */
  readonly instance: string
  /** The socket it listens on unless told otherwise. */
  readonly socket: string
  /** The docker context that `gantry up` writes. */
  readonly contextName: string
  /** Written by a running engine: who it is and where it listens. */
  readonly identityFile: string
  /** Output of an engine in the background. */
  readonly logFile: string
}

/** The process that serves a root, as it says in its identity file. */
export interface EngineIdentity {
  readonly pid: number
  readonly startTicks: number
  readonly hosts: readonly string[]
}

/** The places of the engine with this root. */
export function placesOf(root: string): EnginePlaces {
  const isMain = root === mainRoot
  const instance = isMain ? '' : digestHex(digestOf(root)).slice(0, 8)
  return {
    instance,
    runDirectory: isMain ? mainRunDirectory : join(mainRunDirectory, instance),
    socket: join(isMain ? mainRunDirectory : root, 'docker.sock'),
    contextName: isMain ? 'gantry' : `gantry-${instance}`,
    identityFile: join(root, 'engine.json'),
    logFile: join(root, 'engine.log'),
  }
}

/** A root as typed, made absolute, without slashes at its end. */
export function absoluteRoot(text: string, cwd: string): string {
  const path = isAbsolute(text) ? resolve(text) : resolve(cwd, text)
  return path
}
