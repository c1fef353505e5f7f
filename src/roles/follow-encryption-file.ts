/** Takes over changes of an encryption configuration while the server runs, as kube-apiserver does: looked at each minute. */
import { type EncryptionConfig, parseEncryptionConfig } from '#cluster/apiserver/encryption/encryption-config.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { World } from '#world/ports/world.ts'

interface Parts extends Pick<World, 'clock' | 'files'> {
  readonly log: Log
}

export interface FollowedFile {
  readonly path: string
  /** What the file said when the server read it. */
  readonly text: string
  readonly reseal: (config: EncryptionConfig) => Promise<void>
}

const lookMs = 60_000

/** Follows the file until disposed. One that is missing or malformed is told, and the last good one goes on. */
export function followEncryptionFile(
  { clock, files, log }: Parts,
  { path, text, reseal }: FollowedFile,
): AsyncDisposable {
  const abort = new AbortController()
  const follow = async (): Promise<void> => {
    let known = text
    for (;;) {
      await clock.sleep(lookMs, abort.signal).catch(() => undefined)
      if (abort.signal.aborted) return
      try {
        const now = await files.readText(path)
        if (now === known) continue
        await reseal(parseEncryptionConfig(now))
        known = now
        log.info('the encryption configuration was taken over', { path })
      } catch (error) {
        log.error('the encryption configuration cannot be taken over: the last one goes on', {
          path,
          why: messageOf(error),
        })
      }
    }
  }
  const running = follow()
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort(new Error('the server has ended'))
      await running
    },
  }
}
