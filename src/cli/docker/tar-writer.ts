/** Writes tar archives (POSIX ustar with pax records for what does not fit), entry by entry. */
export interface TarEntry {
  /** Path in the archive; directories end in a slash. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'character' | 'block'
  /** Permission bits with set-id and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtimeMs: number
  readonly sizeBytes: number
  readonly linkTarget?: string
  readonly major?: number
  readonly minor?: number
}

const typeFlags: Readonly<Record<TarEntry['type'], string>> = {
  file: '0',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

/** The blocks that stand before an entry's content. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const records: string[] = []
  const fits = (text: string): boolean => Buffer.byteLength(text) <= 100 && /^[\x20-\x7e]*$/.test(text)
  if (!fits(entry.name)) records.push(paxRecord('path', entry.name))
  if (entry.linkTarget !== undefined && !fits(entry.linkTarget)) records.push(paxRecord('linkpath', entry.linkTarget))
  if (entry.sizeBytes > 0o77777777777) records.push(paxRecord('size', String(entry.sizeBytes)))
  if (entry.uid > 0o7777777) records.push(paxRecord('uid', String(entry.uid)))
  if (entry.gid > 0o7777777) records.push(paxRecord('gid', String(entry.gid)))
  const own = block(entry, typeFlags[entry.type])
  if (records.length === 0) return own
  const body = Buffer.from(records.join(''))
  const head = block({ ...entry, name: 'PaxHeaders.0/entry', sizeBytes: body.length, linkTarget: '', mode: 0o644 }, 'x')
  return Buffer.concat([head, body, tarPadding(body.length), own])
}

/** The zeros after content of this size. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return Buffer.alloc((512 - (sizeBytes % 512)) % 512)
}

/** What ends an archive. */
export const tarEnd: Uint8Array = Buffer.alloc(1024)

function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (rest + String(length).length !== length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function block(entry: TarEntry, flag: string): Buffer {
  const out = Buffer.alloc(512)
  const octal = (value: number, at: number, size: number): void => {
    const limit = 8 ** (size - 1) - 1
    out.write(
      Math.min(Math.max(0, Math.trunc(value)), limit)
        .toString(8)
        .padStart(size - 1, '0'),
      at,
      'latin1',
    )
  }
  out.write(entry.name, 0, 100, 'utf8')
  octal(entry.mode & 0o7777, 100, 8)
  octal(entry.uid, 108, 8)
  octal(entry.gid, 116, 8)
  octal(flag === '0' || flag === 'x' ? entry.sizeBytes : 0, 124, 12)
  octal(entry.mtimeMs / 1000, 136, 12)
  out.write('        ', 148, 'latin1')
  out.write(flag, 156, 'latin1')
  out.write(entry.linkTarget ?? '', 157, 100, 'utf8')
  out.write('ustar\u000000', 257, 'latin1')
  octal(entry.major ?? 0, 329, 8)
  octal(entry.minor ?? 0, 337, 8)
  const sum = out.reduce((total, byte) => total + byte, 0)
  out.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return out
}
