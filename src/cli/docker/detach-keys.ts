/** The key sequence that leaves a container running and ends the session. */
import { failure } from './exit.ts'
import type { Session } from './session.ts'

const specials: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 }

/** `ctrl-p,ctrl-q` as bytes. Throws for a key that is none. */
export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from(text.split(',').map((key) => keyCode(key, text)))
}

/** The keys that detach: the flag's, else the configuration's; '' and undefined when neither names any. */
export async function detachKeysOf(
  session: Session,
  flag: string,
): Promise<{ readonly text: string; readonly keys: Uint8Array | undefined }> {
  const text = flag || ((await session.config()).detachKeys ?? '')
  return { text, keys: text === '' ? undefined : parseDetachKeys(text) }
}

function keyCode(key: string, text: string): number {
  const control = /^ctrl-(.)$/.exec(key.toLowerCase())?.[1]
  if (control !== undefined && /[a-z]/.test(control)) return control.charCodeAt(0) - 96
  if (control !== undefined && control in specials) return specials[control] ?? 0
  if (Buffer.byteLength(key) === 1) return key.charCodeAt(0)
  throw failure(`invalid detach keys (${text}): Unknown character: '${key}'`)
}

export const defaultDetachKeys: Uint8Array = Uint8Array.of(16, 17)

/** Watches keys going by: gives back what to send on, and whether the sequence was completed. */
export interface DetachWatcher {
  feed(chunk: Uint8Array): { readonly pass: Uint8Array; readonly detached: boolean }
}

/** Keys of a half-typed sequence are held back, and sent when it turns out to be something else. */
export function createDetachWatcher(keys: Uint8Array): DetachWatcher {
  let matched = 0
  return {
    feed(chunk) {
      const pass: number[] = []
      for (const byte of chunk) {
        if (byte === keys[matched]) {
          matched += 1
          if (matched === keys.length) return { pass: Uint8Array.from(pass), detached: true }
          continue
        }
        pass.push(...keys.subarray(0, matched))
        matched = byte === keys[0] ? 1 : 0
        if (matched === 0) pass.push(byte)
        else if (keys.length === 1) return { pass: Uint8Array.from(pass), detached: true }
      }
      return { pass: Uint8Array.from(pass), detached: false }
    },
  }
}
