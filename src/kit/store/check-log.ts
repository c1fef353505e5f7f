/**
 * Finds damage in SQLite's write-ahead log (sqlite.org/fileformat2.html, section 4) that SQLite itself takes for its end: it stops
 * at the first frame that does not fit, and everything that was committed behind it would be gone without a word.
 */

const headerBytes = 32
const frameHeaderBytes = 24
/** The magic number; with the last bit set, checksums are of big-endian words. */
const magic = 0x377f0682

/** A running checksum: two words. */
type Sum = readonly [number, number]

interface Frame {
  readonly isOfLog: boolean
  readonly isCommit: boolean
  readonly stored: Sum
  sumAfter(before: Sum): Sum
}

/**
 * What is wrong with a log, or undefined for one that is whole or was cut off within its last transaction. Each commit is synced
 * before the next one begins: a frame that follows on a commit proves that everything up to that commit was on the disk.
 */
export function damageOfLog(log: Buffer): string | undefined {
  if (log.length < headerBytes || log.subarray(0, headerBytes).every((byte) => byte === 0)) return undefined
  const isBigEndian = log.readUInt32BE(0) === magic + 1
  const isKnown = isBigEndian || log.readUInt32BE(0) === magic
  const header = sumOf(log.subarray(0, 24), [0, 0], isBigEndian)
  if (!isKnown || !isSame(header, sumAt(log, 24))) return 'the head of its log is damaged'
  const sizeBytes = frameHeaderBytes + log.readUInt32BE(8)
  const frames = Math.floor((log.length - headerBytes) / sizeBytes)
  const frameAt = (index: number): Frame => readFrame(log, headerBytes + index * sizeBytes, { sizeBytes, isBigEndian })
  let last = header
  for (let index = 0; index < frames; index++) {
    const frame = frameAt(index)
    if (!frame.isOfLog || !isSame(frame.sumAfter(last), frame.stored))
      return isFollowed({ frameAt, frames }, index)
        ? `its log is damaged at frame ${index + 1} of ${frames}`
        : undefined
    last = frame.stored
  }
  return undefined
}

/** True when some frame from `from` on is a commit that another frame was written after. */
function isFollowed(
  { frameAt, frames }: { readonly frameAt: (index: number) => Frame; readonly frames: number },
  from: number,
): boolean {
  for (let index = from; index + 1 < frames; index++) {
    const commit = frameAt(index)
    if (!commit.isOfLog || !commit.isCommit) continue
    if (fits(frameAt(index + 1), commit.stored)) return true
  }
  return false
}

/** True for a frame that was written after the one with that checksum. */
function fits(frame: Frame, before: Sum): boolean {
  return frame.isOfLog && isSame(frame.sumAfter(before), frame.stored)
}

function readFrame(
  log: Buffer,
  at: number,
  { sizeBytes, isBigEndian }: { readonly sizeBytes: number; readonly isBigEndian: boolean },
): Frame {
  return {
    isOfLog: log.readUInt32BE(at + 8) === log.readUInt32BE(16) && log.readUInt32BE(at + 12) === log.readUInt32BE(20),
    isCommit: log.readUInt32BE(at + 4) !== 0,
    stored: sumAt(log, at + 16),
    sumAfter: (before) => {
      const head = sumOf(log.subarray(at, at + 8), before, isBigEndian)
      return sumOf(log.subarray(at + frameHeaderBytes, at + sizeBytes), head, isBigEndian)
    },
  }
}

function sumAt(log: Buffer, at: number): Sum {
  return [log.readUInt32BE(at), log.readUInt32BE(at + 4)]
}

function isSame(a: Sum, b: Sum): boolean {
  return a[0] === b[0] && a[1] === b[1]
}

function sumOf(bytes: Buffer, [first, second]: Sum, isBigEndian: boolean): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [a, b] = [first, second]
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + view.getUint32(at, !isBigEndian) + b) >>> 0
    b = (b + view.getUint32(at + 4, !isBigEndian) + a) >>> 0
  }
  return [a, b]
}
