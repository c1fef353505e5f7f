/**
 * Sparse files: old GNU maps in the header, PAX 0.0, 0.1 and 1.0 (GNU tar manual, "Storing Sparse Files").
 * A map says where stored bytes belong in the file; the rest is holes.
 */
import { readNumber } from './tar-header.ts'
import { invalidHeader } from './tar-limits.ts'
import type { PaxRecords } from './pax-records.ts'

export interface SparsePart {
  readonly offset: number
  readonly length: number
}

export interface SparseMap {
  readonly realSizeBytes: number
  readonly parts: readonly SparsePart[]
}

const partsMax = 1_000_000

/** True when the old GNU header says that more map blocks follow. */
export function hasSparseExtension(block: Buffer, extension: boolean): boolean {
  return block[extension ? 504 : 482] === 1
}

/** The parts in an old GNU header (4 at 386) or one of its extension blocks (21 at 0). */
export function readGnuParts(block: Buffer, extension: boolean): SparsePart[] {
  const parts: SparsePart[] = []
  const start = extension ? 0 : 386
  for (let index = 0; index < (extension ? 21 : 4); index += 1) {
    const offset = start + index * 24
    if (block[offset] === 0) break
    parts.push(part(readNumber(block, offset, 12), readNumber(block, offset + 12, 12)))
  }
  return parts
}

/** The file's length in an old GNU header. */
export function readGnuRealSize(block: Buffer): number {
  const size = readNumber(block, 483, 12)
  if (size === undefined || size < 0) throw invalidHeader()
  return size
}

/** What the PAX records say of a sparse file: undefined when it is none, `inBody` for format 1.0 (the map leads the body). */
export function paxSparse(
  records: PaxRecords,
): { realSizeBytes: number; parts: SparsePart[] | 'inBody'; name: string | undefined } | undefined {
  const value = (key: string): string | undefined => records.findLast(([name]) => name === key)?.[1]
  const major = value('GNU.sparse.major')
  const size = value('GNU.sparse.realsize') ?? value('GNU.sparse.size')
  if (major === undefined && size === undefined) return undefined
  const realSizeBytes = decimal(size)
  const name = value('GNU.sparse.name')
  if (major === '1') return { realSizeBytes, parts: 'inBody', name }
  const map = value('GNU.sparse.map')
  const numbers =
    map === undefined
      ? records
          .filter(([key]) => key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
          .map(([, text]) => decimal(text))
      : map === ''
        ? []
        : map.split(',').map(decimal)
  return { realSizeBytes, parts: pairs(numbers), name }
}

/** Reads the map that leads a format 1.0 body: decimal lines, padded to whole blocks. `nextBlock` gives 512 bytes. */
export async function readBodyMap(nextBlock: () => Promise<Buffer>): Promise<{ parts: SparsePart[]; blocks: number }> {
  const numbers: number[] = []
  let pending = ''
  let blocks = 0
  let wanted = 1
  while (numbers.length < wanted) {
    const lines = (pending + (await nextBlock()).toString('latin1')).split('\n')
    blocks += 1
    pending = lines.pop() ?? ''
    for (const line of lines) {
      if (numbers.length === wanted) break
      numbers.push(decimal(line))
      if (numbers.length === 1) wanted = 1 + 2 * decimal(line)
    }
    if (wanted > 1 + 2 * partsMax || pending.length > 512) throw invalidHeader()
  }
  return { parts: pairs(numbers.slice(1)), blocks }
}

/** Checks that parts rise, do not overlap, stay in the file and take exactly the stored bytes. */
export function checkSparseMap(map: SparseMap, storedBytes: number): SparseMap {
  let end = 0
  let stored = 0
  for (const { offset, length } of map.parts) {
    if (offset < end) throw invalidHeader()
    end = offset + length
    stored += length
  }
  if (end > map.realSizeBytes || stored !== storedBytes) throw invalidHeader()
  return map
}

function pairs(numbers: readonly number[]): SparsePart[] {
  if (numbers.length % 2 !== 0 || numbers.length > partsMax * 2) throw invalidHeader()
  const parts: SparsePart[] = []
  for (let index = 0; index < numbers.length; index += 2) parts.push(part(numbers[index], numbers[index + 1]))
  return parts
}

function part(offset: number | undefined, length: number | undefined): SparsePart {
  if (offset === undefined || length === undefined || offset < 0 || length < 0) throw invalidHeader()
  return { offset, length }
}

function decimal(text: string | undefined): number {
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) throw invalidHeader()
  return Number(text)
}
