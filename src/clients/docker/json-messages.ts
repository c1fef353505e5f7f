/** Reads a stream of JSON objects, one after the other, as events, builds, pulls and statistics send them. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** One object may not be larger; a build's log line is the largest in practice. */
const messageBytesMax = 64 * 1024 * 1024

/** Yields each object of `source`, read by `parse` (default JSON.parse). Objects may share a chunk or be split over several; whitespace between them is free. */
export async function* readJsonMessages(
  source: AsyncIterable<Uint8Array>,
  parse: (text: string) => unknown = JSON.parse,
): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of source) {
    pending += decoder.decode(chunk, { stream: true })
    let end = objectEnd(pending)
    while (end > 0) {
      yield parse(pending.slice(0, end))
      pending = pending.slice(end)
      end = objectEnd(pending)
    }
    if (pending.length > messageBytesMax)
      throw new GantryError('DOCKER_CLIENT_PROTOCOL', 'too-large', 'message from the daemon exceeds 64 MiB', {
        remedy: "Check that the address is an engine's.",
      })
  }
  if (pending.trim() !== '') yield parse(pending)
}

/** Where the first whole object of `text` ends, or 0. */
function objectEnd(text: string): number {
  const newline = text.indexOf('\n')
  // The usual case: one object per line.
  if (newline > 0 && /^\s*\{/.test(text)) {
    const line = text.slice(0, newline)
    if (isWhole(line)) return newline + 1
  }
  let depth = 0
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (match[0] === '{') depth += 1
    if (match[0] === '}' && --depth === 0) return match.index + 1
  }
  return 0
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
