/** Registries, as the Engine API and the builder want them. */
import type { ObtainOptions } from '#builder/ports.ts'
import type { ImageTransfer } from '#engine/api/transfer-routes.ts'
import { GantryError } from '#base/errors/gantry-error.ts'

/** Composes pull and push. */
export function createImageTransfer(): ImageTransfer {
  const refuse = (): Promise<never> =>
    Promise.reject(new GantryError('ENGINE_TRANSFER', 'not-implemented', 'registries are not wired in'))
  return { pull: refuse, push: refuse, inspect: refuse, search: refuse, login: refuse }
}

/** The pull of a build's base image: credentials are chosen by the registry's host. */
export async function pullForBuild(transfer: ImageTransfer, reference: string, options: ObtainOptions): Promise<void> {
  await transfer.pull({
    reference,
    allTags: false,
    platform: options.platform,
    auth: {},
    emit: options.onProgress,
    signal: options.signal,
  })
}
