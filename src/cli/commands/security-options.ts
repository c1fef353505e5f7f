/** `--security-opt`: what only this side can read is read here. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import { absolute } from './mount-flag.ts'

/** Replaces `seccomp=FILE` by the file's content: the daemon cannot read our files. */
export async function readSecurityOptions(
  session: Session,
  options: readonly string[] | null,
): Promise<readonly string[] | null> {
  if (options === null) return null
  const out: string[] = []
  for (const option of options) {
    const [key = '', ...rest] = option.split(/[=:]/)
    const value = rest.join('=')
    if (key === 'seccomp' && !['', 'unconfined', 'builtin'].includes(value))
      out.push(`seccomp=${await readProfile(session, value)}`)
    else out.push(option)
  }
  return out
}

async function readProfile(session: Session, path: string): Promise<string> {
  let text: string
  try {
    text = await session.io.files.readText(absolute(session.io.cwd, path), { maxBytes: 16 * 1024 * 1024 })
  } catch (cause) {
    throw failure(`opening seccomp profile (${path}) failed: ${messageOf(cause)}`, cause)
  }
  try {
    return JSON.stringify(JSON.parse(text))
  } catch (cause) {
    throw failure(`compacting json for seccomp profile (${path}) failed: ${messageOf(cause)}`, cause)
  }
}
