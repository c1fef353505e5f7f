/** Asks before something is removed. */
import type { Session } from '#cli/docker/session.ts'

/** True when the user answers y. No answer, or no terminal to ask on, is no. */
export async function confirm(session: Session, question: string): Promise<boolean> {
  const { terminal } = session.io
  await session.print(`${question} [y/N] `)
  let text = ''
  for await (const chunk of terminal.stdin) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  terminal.stdin.destroy()
  return (text.split('\n')[0] ?? '').trim().toLowerCase() === 'y'
}
