/** The keys that take a client off a container without ending it (`ctrl-p,ctrl-q` unless told otherwise). Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

const named: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 }

function keyCode(key: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)
  if (control !== null) {
    const letter = control[1] ?? ''
    return named[letter] ?? letter.charCodeAt(0) - 96
  }
  if (key.length === 1) return key.charCodeAt(0)
  throw new GantryError('ENGINE_DETACH_KEYS', 'invalid', `Invalid detach keys (${key}) provided`, {
    remedy: 'Use single characters or ctrl-X, separated by commas.',
  })
}

/** Byte sequence of `ctrl-a,x`. Empty text is the default. @throws GantryError invalid for unknown keys. */
export function parseDetachKeys(text: string): readonly number[] {
  return text === '' ? [16, 17] : text.split(',').map(keyCode)
}

export interface DetachScan {
  /** Bytes to hand on: held-back keys that turned out to be ordinary come first. */
  readonly forward: Buffer
  readonly detached: boolean
  /** How many keys of the sequence have been seen so far. */
  readonly matched: number
}

/** Looks for the sequence in input; `matched` carries over from the chunk before. */
export function scanDetachKeys(chunk: Buffer, keys: readonly number[], matched: number): DetachScan {
  const forward: number[] = []
  let seen = matched
  for (const byte of chunk) {
    if (byte === keys[seen]) {
      seen += 1
      if (seen === keys.length) return { forward: Buffer.from(forward), detached: true, matched: 0 }
      continue
    }
    forward.push(...keys.slice(0, seen))
    seen = byte === keys[0] ? 1 : 0
    if (seen === 0) forward.push(byte)
  }
  return { forward: Buffer.from(forward), detached: false, matched: seen }
}
