/** What an engine is started with, and where it keeps its things. */
import { join } from 'node:path'
import type { EnginePaths } from '#engine/containers/engine-parts.ts'
import type { ListenAddress } from '#kit/http/listen-address.ts'
import type { World } from '#world/ports/world.ts'
import type { EngineSettings } from './engine-settings.ts'

export interface EngineConfig {
  /** Everything that lasts lies here. */
  readonly root: string
  /** What a restart of the machine may wipe; by default `/run/gantry` or a folder below it for other roots. */
  readonly runDirectory: string
  readonly listeners: readonly ListenAddress[]
  /** A runtime by name or path; undefined: crun, else runc. */
  readonly runtime?: string
  /** Empty for the machine's main engine; else eight hex digits that keep its names apart from other engines'. */
  readonly instance: string
  /** Left out: what Docker takes. */
  readonly settings?: EngineSettings
}

/** Makes the engine's folders. */
export async function makeEngineFolders(world: World, config: EngineConfig): Promise<EnginePaths> {
  const paths: EnginePaths = {
    root: config.root,
    containers: join(config.root, 'containers'),
    bundles: join(config.runDirectory, 'b'),
    exits: join(config.runDirectory, 'exits'),
  }
  for (const path of [config.root, config.runDirectory, paths.containers, paths.bundles, paths.exits]) {
    await world.files.makeDirectory(path, { recursive: true, mode: 0o711 })
  }
  return paths
}
