import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { loadLibc } from './libc.ts'
import { createProcessMemory, programRanges } from './process-memory.ts'

const block = (head: string, anonymousKb: number): string =>
  `${head}\nSize:   8 kB\nRss:   8 kB\nAnonymous:   ${anonymousKb} kB\nVmFlags: rd mr mw me\n`

test('only unwritten pieces of programs and libraries are dropped', () => {
  const smaps = [
    block('00400000-00402000 r--p 00000000 fe:00 1234                               /opt/node/bin/node', 0),
    block('00402000-00404000 r-xp 00002000 fe:00 1234                               /opt/node/bin/node', 0),
    block('00404000-00406000 r--p 00004000 fe:00 1234                               /opt/node/bin/node', 8),
    block('00406000-00408000 rw-p 00006000 fe:00 1234                               /opt/node/bin/node', 0),
    block('7f0000000000-7f0000002000 r-xp 00000000 fe:00 99                         /lib/libc.so.6', 0),
    block('7f0000002000-7f0000004000 r--p 00000000 00:00 0 ', 0),
    block('7f0000004000-7f0000006000 r--s 00000000 fe:00 98                         /var/cache/data.so', 0),
    block(
      '7f0000006000-7f0000008000 r--p 00000000 fe:00 97                         /usr/lib/locale/C.utf8/LC_CTYPE',
      0,
    ),
    block('7f0000008000-7f000000a000 r-xp 00000000 00:00 0                          [vdso]', 0),
  ].join('')
  assert.deepEqual(programRanges(smaps), [
    { start: 0x400000, end: 0x402000, residentBytes: 8192 },
    { start: 0x402000, end: 0x404000, residentBytes: 8192 },
    { start: 0x7f0000000000, end: 0x7f0000002000, residentBytes: 8192 },
  ])
})

/** Counted page by page: /proc/PID/status only estimates. */
function residentKb(): number {
  return Number(/^Rss: +(\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'latin1'))?.[1])
}

test('a process goes on after its pages were dropped and its memory was released', () => {
  const memory = createProcessMemory(loadLibc())
  const before = residentKb()
  memory.dropProgramPages({ aboveBytes: 1e12 })
  memory.dropProgramPages()
  assert.ok(residentKb() < before, 'fewer pages are resident')
  memory.release()
  assert.ok(Math.abs(memory.residentBytes() / 1024 / residentKb() - 1) < 0.1, 'it tells what it takes up')
  assert.ok(memory.heapBytes() > 0 && memory.heapBytes() < memory.residentBytes(), 'values are part of it')
  assert.equal('gc' in globalThis, false)
  assert.equal([3, 1, 2].toSorted((a, b) => a - b).join(), '1,2,3')
})
