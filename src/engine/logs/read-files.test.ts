import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { findTail } from './find-tail.ts'
import { followLog } from './follow-log.ts'
import { listLogFiles, openLog, readChunks, sortLogFiles } from './log-files.ts'
import { nextLookMs, planRotation, rotationOf } from './plan-rotation.ts'
import { LineScanner } from './scan-lines.ts'

const files = createFiles()
const clock = createClock()
const entry = (text: string, flag: 'P' | 'F' = 'F', stream = 'stdout'): string =>
  `2026-11-21T05:37:19.338807244+00:00 ${stream} ${flag} ${text}\n`

async function folder(context: TestContext): Promise<string> {
  const scratch = await files.temporaryDirectory('gantry-logs-')
  context.after(() => scratch[Symbol.asyncDispose]())
  return scratch.path
}

/** Lines of the chunks, without their newlines. */
function collect(): { readonly lines: string[]; push(chunk: Buffer): void } {
  const lines: string[] = []
  const scanner = new LineScanner(({ data, textStart, textEnd }) => {
    lines.push(data.toString('utf8', textStart, textEnd).replace(/\n$/, ''))
  })
  return { lines, push: (chunk) => scanner.push(chunk) }
}

async function tail(path: string, count: number): Promise<string> {
  const names = await listLogFiles(files, path)
  const logs = (await Promise.all(names.map((name) => openLog(files, name)))).filter((log) => log !== undefined)
  let text = ''
  try {
    for (const { log, offset, skipBytes } of await findTail(logs, count)) {
      let content = ''
      for await (const chunk of readChunks(log, offset)) content += chunk.toString()
      text += content.slice(skipBytes)
    }
  } finally {
    for (const log of logs) await log[Symbol.asyncDispose]()
  }
  return text
}

test('the last lines are found across rotated and compressed files', async (context) => {
  const path = `${await folder(context)}/container.log`
  await files.write(`${path}.2.gz`, gzipSync(entry('1') + entry('2') + entry('3')))
  await files.write(`${path}.1`, entry('4') + entry('5'))
  await files.write(path, entry('6'))
  const all = ['1', '2', '3', '4', '5', '6']
  for (let count = 0; count <= 8; count += 1) {
    const wanted = count === 0 ? [] : all.slice(-count)
    assert.equal(await tail(path, count), wanted.map((text) => entry(text)).join(''), `tail ${count}`)
  }
})

test('a line counts once, however many parts it has, and also without an end', async (context) => {
  const path = `${await folder(context)}/container.log`
  const long = entry('a', 'P') + entry('b', 'P') + entry('c')
  await files.write(path, entry('first') + long + entry('open', 'P'))
  assert.equal(await tail(path, 1), entry('open', 'P'))
  assert.equal(await tail(path, 2), long + entry('open', 'P'))
  assert.equal(await tail(path, 3), entry('first') + long + entry('open', 'P'))
})

test('the end of a large file is found without reading the rest', async (context) => {
  const path = `${await folder(context)}/container.log`
  const lines = Array.from({ length: 40_000 }, (_, index) => entry(`line ${index}`))
  await files.write(path, lines.join(''))
  assert.equal(await tail(path, 2), lines.slice(-2).join(''))
  assert.equal(await tail(path, 30_000), lines.slice(-30_000).join(''))
})

test('an empty log and no log at all have no lines', async (context) => {
  const path = `${await folder(context)}/container.log`
  assert.equal(await tail(path, 5), '')
  await files.write(path, '')
  assert.equal(await tail(path, 5), '')
  assert.deepEqual(await listLogFiles(files, '/nowhere/container.log'), [])
})

test('only the files of the log count as such, oldest first', () => {
  const names = [
    'hosts',
    'container.log',
    'container.log.2.gz',
    'container.log.10',
    'container.log.1.half',
    'container.log.gz',
    'container.log.1',
  ]
  assert.deepEqual(
    sortLogFiles('/c', names).map(({ path }) => path),
    ['/c/container.log.10', '/c/container.log.2.gz', '/c/container.log.1', '/c/container.log'],
  )
})

/** A clock on which nobody hears of the end of a second: what happens on it was not waited for that long. */
const hastyClock: Clock = {
  ...clock,
  setTimer: (ms, fn) => (ms < 1000 ? clock.setTimer(ms, fn) : { [Symbol.dispose]: () => undefined }),
}

/** A follower whose end the test decides. */
function startFollower(
  path: string,
  on: Clock = clock,
): {
  readonly lines: string[]
  readonly done: Promise<void>
  end(): void
  abort(): void
} {
  const { lines, push } = collect()
  const control = new AbortController()
  let growing = true
  let tell: () => void = () => undefined
  const request = {
    path,
    from: undefined,
    growing: () => growing,
    onChange: (listener: () => void) => {
      tell = listener
    },
    until: undefined,
    signal: control.signal,
  }
  const follow = async (): Promise<void> => {
    for await (const chunk of followLog({ files, clock: on, locks: createKeyedMutex() }, request)) push(chunk)
  }
  return {
    lines,
    done: follow(),
    end: () => {
      growing = false
      tell()
    },
    abort: () => control.abort(),
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let look = 0; look < 3000; look += 1) {
    if (condition()) return
    await clock.sleep(5)
  }
  assert.fail(`waited in vain for ${what}`)
}

test('a follower goes on through rotations, compressed ones too, and misses nothing', async (context) => {
  const path = `${await folder(context)}/container.log`
  await files.write(path, entry('0'))
  const follower = startFollower(path)
  await until(() => follower.lines.length === 1, 'the first line')
  for (let round = 1; round <= 6; round += 1) {
    await files.append(path, entry(`old ${round}`))
    if (await files.exists(`${path}.1`)) await files.remove(`${path}.1`)
    await files.rename(path, `${path}.1`)
    // The monitor writes to the old file until it is told to open a new one.
    await files.append(`${path}.1`, entry(`late ${round}`))
    await files.write(path, entry(`new ${round}`))
    if (round % 2 === 0) {
      const { mtimeMs } = await files.stat(`${path}.1`)
      await files.write(`${path}.1.gz`, gzipSync(await files.read(`${path}.1`)))
      await files.setTimes(`${path}.1.gz`, mtimeMs)
      await files.remove(`${path}.1`)
    }
    await until(() => follower.lines.at(-1) === `new ${round}`, `round ${round}`)
    if (await files.exists(`${path}.1.gz`)) await files.remove(`${path}.1.gz`)
  }
  follower.end()
  await follower.done
  const rounds = [1, 2, 3, 4, 5, 6]
  assert.deepEqual(follower.lines, [
    '0',
    ...rounds.flatMap((round) => [`old ${round}`, `late ${round}`, `new ${round}`]),
  ])
})

test('a follower hears of a write, and does not look for it once a second', async (context) => {
  const path = `${await folder(context)}/container.log`
  await files.write(path, '')
  const follower = startFollower(path, hastyClock)
  let written = 0
  const write = async (): Promise<void> => {
    written += 1
    await files.append(path, entry(String(written)))
  }
  // Once it hears anything, it listens.
  for (let tries = 0; tries < 300 && follower.lines.length === 0; tries += 1) {
    await write()
    await clock.sleep(50)
  }
  for (let round = 1; round <= 5; round += 1) {
    await write()
    await until(() => follower.lines.length === written, 'the line')
    await clock.sleep(20)
  }
  follower.abort()
  await follower.done
})

test('a follower delivers what was written before the end, also of a log that was removed', async (context) => {
  const path = `${await folder(context)}/container.log`
  await files.write(path, entry('1'))
  const follower = startFollower(path)
  await until(() => follower.lines.length === 1, 'the first line')
  await files.append(path, entry('2') + entry('3', 'P') + entry(''))
  await files.remove(path)
  follower.end()
  await follower.done
  assert.deepEqual(follower.lines, ['1', '2', '3'])
})

test('a follower that has an end in time stops then', async (context) => {
  const path = `${await folder(context)}/container.log`
  await files.write(path, entry('1'))
  const { lines, push } = collect()
  const request = {
    path,
    from: undefined,
    growing: () => true,
    onChange: () => undefined,
    until: clock.now() + 60,
    signal: AbortSignal.timeout(60_000),
  }
  for await (const chunk of followLog({ files, clock: hastyClock, locks: createKeyedMutex() }, request)) push(chunk)
  assert.deepEqual(lines, ['1'])
  assert.ok(clock.now() >= request.until)
  assert.equal(request.signal.aborted, false)
})

test('a follower may come before the log', async (context) => {
  const path = `${await folder(context)}/container.log`
  const follower = startFollower(path)
  await clock.sleep(20)
  await files.write(path, entry('first'))
  await until(() => follower.lines.length === 1, 'the first line')
  follower.end()
  await follower.done
  assert.deepEqual(follower.lines, ['first'])
})

test('logs are bounded unless the user says otherwise', () => {
  const of = (Type: string, Config: Record<string, string> = {}): object | undefined => rotationOf({ Type, Config })
  const megabyte = 1024 * 1024
  assert.deepEqual(of('json-file'), { maxBytes: 100 * megabyte, filesMax: 3, compress: false })
  assert.deepEqual(of('local'), { maxBytes: 20 * megabyte, filesMax: 5, compress: true })
  assert.deepEqual(of('json-file', { 'max-size': '10k' }), { maxBytes: 10_240, filesMax: 1, compress: false })
  assert.deepEqual(of('json-file', { 'max-size': '1m', 'max-file': '4', compress: 'true' }), {
    maxBytes: megabyte,
    filesMax: 4,
    compress: true,
  })
  assert.deepEqual(of('local', { 'max-size': '1m' }), { maxBytes: megabyte, filesMax: 5, compress: true })
  assert.equal(of('json-file', { 'max-size': '-1' }), undefined)
  assert.equal(of('none'), undefined)
})

test('a rotation drops what is too old and renames the oldest first', () => {
  const names = sortLogFiles('/c', ['container.log', 'container.log.1', 'container.log.2.gz'])
  assert.deepEqual(planRotation(names, '/c/container.log', 3), {
    remove: ['/c/container.log.2.gz'],
    rename: [
      { from: '/c/container.log.1', to: '/c/container.log.2' },
      { from: '/c/container.log', to: '/c/container.log.1' },
    ],
  })
  assert.deepEqual(planRotation(names, '/c/container.log', 4).rename[0], {
    from: '/c/container.log.2.gz',
    to: '/c/container.log.3.gz',
  })
  assert.deepEqual(planRotation(names, '/c/container.log', 1).rename, [])
})

test('a log is looked at more often the faster it fills', () => {
  const at = (bytes: number, ms: number): { bytes: number; at: number } => ({ bytes, at: ms })
  assert.equal(nextLookMs(at(0, 0), at(0, 1000), 1000), 2000)
  assert.equal(nextLookMs(at(0, 0), at(500, 1000), 1000), 500)
  assert.equal(nextLookMs(at(0, 0), at(990, 1000), 1000), 100)
  assert.equal(nextLookMs(at(0, 0), at(1, 1000), 1e9), 2000)
})
