import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LogEncoder } from './encode-logs.ts'
import type { LogEncoding } from './encode-logs.ts'
import { entryTime, parseLogTime, placeEntry } from './log-format.ts'

const time = '2026-11-21T05:37:19.338807244+00:00'
const entry = (stream: string, flag: 'P' | 'F', ...[text, at = time]: readonly [text: string, at?: string]): string =>
  `${at} ${stream} ${flag} ${text}\n`
const everything: LogEncoding = { stdout: true, stderr: true, raw: true, timestamps: false, details: '' }

/** What comes out, however the log is cut into chunks. */
function encode(log: string, options: Partial<LogEncoding> = {}, chunkBytes = Infinity): Buffer {
  const encoder = new LogEncoder({ ...everything, ...options })
  const data = Buffer.from(log)
  const out: Buffer[] = []
  for (let at = 0; at < data.length; at += chunkBytes) {
    // The reader uses its buffer again: nothing may be kept of it.
    const chunk = Buffer.from(data.subarray(at, Math.min(data.length, at + chunkBytes)))
    out.push(Buffer.from(encoder.push(chunk)))
    chunk.fill(0x21)
  }
  return Buffer.concat([...out, encoder.flush()])
}

function frames(bytes: Buffer): [number, string][] {
  const found: [number, string][] = []
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32BE(at + 4)
    found.push([bytes.readUInt32BE(at), bytes.toString('utf8', at + 8, at + 8 + size)])
    at += 8 + size
  }
  return found
}

test('each line is one frame of its stream', () => {
  const log = entry('stdout', 'F', 'one') + entry('stderr', 'F', 'two') + entry('stdout', 'F', '')
  assert.deepEqual(frames(encode(log, { raw: false })), [
    [0x01000000, 'one\n'],
    [0x02000000, 'two\n'],
    [0x01000000, '\n'],
  ])
})

test('parts of a line are joined, whatever the other stream says in between', () => {
  const log =
    entry('stdout', 'P', 'be') +
    entry('stderr', 'F', 'oops') +
    entry('stdout', 'P', 'gin') +
    entry('stdout', 'F', ' end')
  assert.deepEqual(frames(encode(log, { raw: false })), [
    [0x02000000, 'oops\n'],
    [0x01000000, 'begin end\n'],
  ])
})

test('a last line without newline stays without one', () => {
  assert.equal(encode(entry('stdout', 'F', 'a') + entry('stdout', 'P', 'no newline')).toString(), 'a\nno newline')
})

test("a terminal's carriage returns are kept", () => {
  assert.equal(encode(entry('stdout', 'F', 'x\r')).toString(), 'x\r\n')
})

test('a long line comes in pieces of 16 KiB at least and loses nothing', () => {
  const part = 'y'.repeat(8192)
  const log = entry('stdout', 'P', part).repeat(5) + entry('stdout', 'F', 'z')
  const pieces = frames(encode(log, { raw: false }))
  assert.deepEqual(
    pieces.map(([, text]) => text.length),
    [16_384, 16_384, 8194],
  )
  assert.equal(pieces.map(([, text]) => text).join(''), `${part.repeat(5)}z\n`)
})

test('times and details stand before each line', () => {
  const options = { timestamps: true, details: 'a=1 ', raw: false }
  assert.deepEqual(
    frames(encode(entry('stdout', 'F', 'hi') + entry('stdout', 'P', 'b') + entry('stdout', 'F', 'ye'), options)),
    [
      [0x01000000, '2026-11-21T05:37:19.338807244Z a=1 hi\n'],
      [0x01000000, '2026-11-21T05:37:19.338807244Z a=1 bye\n'],
    ],
  )
})

test('only the streams and times asked for come through', () => {
  const at = (second: string): string => `2026-11-21T05:37:${second}.000000000+00:00`
  const log =
    entry('stdout', 'F', 'a', at('10')) + entry('stderr', 'F', 'b', at('11')) + entry('stdout', 'F', 'c', at('12'))
  assert.equal(encode(log, { stderr: false }).toString(), 'a\nc\n')
  assert.equal(encode(log, { stdout: false }).toString(), 'b\n')
  assert.equal(encode(log, { since: parseLogTime(at('11')) }).toString(), 'b\nc\n')
  assert.equal(encode(log, { until: parseLogTime(at('11')) }).toString(), 'a\nb\n')
})

test('an entry that is none is left out', () => {
  assert.equal(encode(`garbage\n\n${time} stdout\n${entry('stdout', 'F', 'fine')}`).toString(), 'fine\n')
})

test('an entry time is the same number however it is read', () => {
  for (const text of [
    time,
    '1999-12-31T23:59:59.999999999+00:00',
    '2024-02-29T00:00:00.000000001+00:00',
    '2026-01-01T01:00:00.5+01:00',
  ]) {
    const data = Buffer.from(`xx${text} stdout F y`)
    assert.equal(entryTime(data, 2, 2 + text.length), parseLogTime(text), text)
  }
  assert.equal(parseLogTime('2026-01-01T01:00:00.5+01:00'), Date.UTC(2026, 0, 1) + 500)
})

test('a time that is longer or shorter than usual does not hide the entry', () => {
  const data = Buffer.from('2026-01-01T01:00:00+01:00 stderr P text\n')
  assert.deepEqual(placeEntry(data, 0, data.length - 1), { stream: 'stderr', whole: false, timeEnd: 25, textStart: 35 })
})

test('where a log is cut into chunks changes nothing', () => {
  const line = fc.record({
    stream: fc.constantFrom('stdout', 'stderr'),
    flag: fc.constantFrom('P' as const, 'F' as const),
    text: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\n', ' ')),
  })
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      fc.integer({ min: 1, max: 120 }),
      fc.boolean(),
      (lines, chunkBytes, raw) => {
        const log = lines.map(({ stream, flag, text }) => entry(stream, flag, text)).join('')
        assert.deepEqual(encode(log, { raw, timestamps: true }, chunkBytes), encode(log, { raw, timestamps: true }))
      },
    ),
  )
})

test('no byte of what a container writes is lost or added', () => {
  const part = fc.record({
    flag: fc.constantFrom('P' as const, 'F' as const),
    text: fc.stringMatching(/^[ -~]{0,50}$/),
  })
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const log = parts.map(({ flag, text }) => entry('stdout', flag, text)).join('')
      const written = parts.map(({ flag, text }) => (flag === 'F' ? `${text}\n` : text)).join('')
      assert.equal(encode(log).toString(), written)
    }),
  )
})
