/**
 * The runtimes that containers can ask for by name (`docker run --runtime`): the engine's own, and programs that were
 * added. One that was added is looked at when it is first asked for; it keeps its state apart from the others'.
 */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { chooseRuntime } from './oci-runtime.ts'
import type { OciRuntime, OciRuntimeConfig, OciRuntimeDeps } from './oci-runtime.ts'
import { createSeccompCache } from './seccomp-cache.ts'
import type { SeccompCache } from './seccomp-cache.ts'

/** A runtime with the filters that were compiled for it. */
export interface RuntimeChoice {
  readonly runtime: OciRuntime
  readonly seccomp: SeccompCache
}

export interface Runtimes {
  /** The engine's own. */
  readonly own: OciRuntime
  /** Path of the program by each name that may be asked for. */
  readonly paths: Readonly<Record<string, string>>
  /** @throws GantryError invalid for a name that there is not, unavailable when the program does not work here. */
  named(name: string): Promise<RuntimeChoice>
  /** The engine's own, and those added that still have state of containers. Those that do not work any more are left out. */
  withState(): Promise<OciRuntime[]>
}

export interface RuntimesConfig {
  /** Names of the engine's own runtime. */
  readonly ownNames: readonly string[]
  /** Programs by name. */
  readonly added: Readonly<Record<string, string>>
  /** Of the machine: compiled filters depend on it. */
  readonly kernelRelease: string
  readonly runDirectory: string
  readonly cgroupParent: string
}

/** Where a runtime that was added keeps what. */
function configOf(config: RuntimesConfig, name: string, path: string): OciRuntimeConfig {
  const folder = join(config.runDirectory, `runtime-${name}`)
  return {
    stateDirectory: join(folder, 'state'),
    runDirectory: folder,
    cgroupParent: config.cgroupParent,
    wanted: path,
  }
}

/** Composes the runtimes around the engine's own. Nothing is started. */
export function createRuntimes(deps: OciRuntimeDeps, own: OciRuntime, config: RuntimesConfig): Runtimes {
  const choice = (runtime: OciRuntime): RuntimeChoice => ({
    runtime,
    seccomp: createSeccompCache(deps.files, runtime, config.kernelRelease),
  })
  const ownChoice = choice(own)
  const known = new Map<string, Promise<RuntimeChoice>>()
  const open = (name: string, path: string): Promise<RuntimeChoice> => {
    const opened = known.get(name) ?? chooseRuntime(deps, configOf(config, name, path)).then(choice)
    known.set(name, opened)
    // What does not work now may have been installed by the next time.
    opened.catch(() => known.delete(name))
    return opened
  }
  return {
    own,
    paths: { ...Object.fromEntries(config.ownNames.map((name) => [name, own.path])), ...config.added },
    named: async (name) => {
      const path = Object.hasOwn(config.added, name) ? config.added[name] : undefined
      if (path !== undefined) return open(name, path)
      if (config.ownNames.includes(name)) return ownChoice
      throw new GantryError('ENGINE_RUNTIME_UNKNOWN', 'invalid', `Unknown runtime specified ${name}`, {
        remedy: 'Start the engine with --add-runtime for it, or make the container again.',
      })
    },
    withState: async () => {
      const found = [own]
      for (const [name, path] of Object.entries(config.added)) {
        const { stateDirectory } = configOf(config, name, path)
        const hasState = (await deps.files.exists(stateDirectory)) && (await deps.files.list(stateDirectory)).length > 0
        const opened = hasState ? await open(name, path).catch(() => undefined) : undefined
        if (opened !== undefined) found.push(opened.runtime)
      }
      return found
    },
  }
}
