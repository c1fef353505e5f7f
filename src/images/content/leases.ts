/** What garbage collection must leave alone: leases in memory, pins in one file. */
import type { Digest } from '#base/data/digest.ts'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Held, Leases } from './content-types.ts'

/** Leases, and what they protect all together. */
export interface LeaseBook extends Leases {
  holdsLayer(digest: Digest): boolean
  holdsBlob(digest: Digest): boolean
  holdsImage(digest: Digest): boolean
}

const kinds = ['layer', 'blob', 'image'] as const

/** Opens the pins kept in `path`. */
export async function createLeases(files: Files, path: string): Promise<LeaseBook> {
  const pins = new Map<string, readonly Held[]>(await readPins(files, path))
  const open = new Set<Held[]>()
  let writing: Promise<void> = Promise.resolve()
  const save = (): Promise<void> => {
    writing = writing.catch(() => undefined).then(() => files.replace(path, JSON.stringify([...pins]), { mode: 0o600 }))
    return writing
  }
  const holds = (kind: (typeof kinds)[number], digest: Digest): boolean => {
    const matches = (held: Held): boolean => kind in held && (held as Record<string, Digest>)[kind] === digest
    for (const things of open) if (things.some(matches)) return true
    for (const things of pins.values()) if (things.some(matches)) return true
    return false
  }
  return {
    open() {
      const things: Held[] = []
      open.add(things)
      return {
        hold: (...more) => {
          things.push(...more)
        },
        [Symbol.dispose]: () => {
          open.delete(things)
        },
      }
    },
    async pin(owner, things) {
      pins.set(owner, [...things])
      await save()
    },
    async unpin(owner) {
      if (pins.delete(owner)) await save()
    },
    pinned: (prefix) =>
      [...pins].filter(([owner]) => owner.startsWith(prefix)).map(([owner, things]) => ({ owner, things })),
    holdsLayer: (digest) => holds('layer', digest),
    holdsBlob: (digest) => holds('blob', digest),
    holdsImage: (digest) => holds('image', digest),
  }
}

async function readPins(files: Files, path: string): Promise<[string, Held[]][]> {
  try {
    return JSON.parse(await files.readText(path)) as [string, Held[]][]
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}
