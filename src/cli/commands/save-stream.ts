/** Writes a daemon's archive to a file or to standard output; a half-written file is never left under its name. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import { writeTo } from '#cli/docker/session.ts'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { goError } from './key-value-files.ts'
import { absolute } from './mount-flag.ts'

export interface SaveRequest {
  /** Empty: standard output. */
  readonly path: string
  readonly what: 'container' | 'image'
  open(): Promise<Readable>
}

/** Throws when nothing is named and standard output is a terminal. */
export async function saveStream(session: Session, { path, what, open }: SaveRequest): Promise<void> {
  const { terminal, files } = session.io
  const prefix = what === 'container' ? 'failed to export container' : 'failed to save image'
  if (path === '') {
    if (terminal.stdoutIsTerminal) throw failure('cowardly refusing to save to a terminal. Use the -o flag or redirect')
    for await (const chunk of await open()) await writeTo(terminal.stdout, chunk as Uint8Array)
    return
  }
  const target = absolute(session.io.cwd, path)
  const parent = target.slice(0, target.lastIndexOf('/')) || '/'
  await files.stat(parent).catch((cause: unknown) => {
    throw failure(`${prefix}: invalid output path: stat ${parent}: ${goError(cause)}`, cause)
  })
  const existing = await files.stat(target).catch(() => undefined)
  if (existing?.type === 'directory') throw failure(`${prefix}: invalid output path: "${path}" must be a regular file`)
  const body = await open()
  if (existing !== undefined && existing.type !== 'file') {
    await pipeline(body, files.writeStream(target))
    return
  }
  const temporary = `${target}.gantry-part`
  try {
    await pipeline(body, files.writeStream(temporary, { mode: 0o600 }))
    await files.rename(temporary, target)
  } catch (error) {
    await files.remove(temporary, { force: true })
    throw failure(messageOf(error), error)
  }
}
