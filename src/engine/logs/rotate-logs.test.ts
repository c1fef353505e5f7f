import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { listLogFiles, openLog, readChunks } from './log-files.ts'
import { createLogRotator } from './rotate-logs.ts'
import type { LogRotator } from './rotate-logs.ts'

const files = createFiles()
const clock = createClock()
const id = 'a'.repeat(64)
const entry = (text: string): string => `2026-11-21T05:37:19.338807244+00:00 stdout F ${text}\n`

interface Fixture {
  readonly path: string
  readonly rotator: LogRotator
  readonly warnings: unknown[]
  /** Writes a line as the monitor does: to the file it has open, a new one when it was told so. */
  write(text: string): Promise<void>
  /** True when the monitor was told to open a new file, and has not yet. */
  isTold(): Promise<boolean>
}

/** The parts of an engine that the rotator uses, around a monitor that this test plays. */
async function fixture(context: TestContext, options: Readonly<Record<string, string>>): Promise<Fixture> {
  const scratch = await files.temporaryDirectory('gantry-rotate-')
  const path = `${scratch.path}/containers/${id}/container.log`
  const bundle = `${scratch.path}/bundles/${id.slice(0, 24)}`
  for (const folder of [`${scratch.path}/containers/${id}`, bundle])
    await files.makeDirectory(folder, { recursive: true })
  const control = `${bundle}/ctl`
  await files.write(control, '')
  const isTold = async (): Promise<boolean> => (await files.readText(control)) !== ''
  const warnings: unknown[] = []
  const container = { record: { hostConfig: { LogConfig: { Type: 'json-file', Config: options } } } }
  const parts = {
    world: { files, clock },
    book: { find: () => container, locks: createKeyedMutex() },
    paths: { containers: `${scratch.path}/containers`, bundles: `${scratch.path}/bundles` },
    log: { warn: (message: string, fields: object) => warnings.push({ message, ...fields }) },
  } as unknown as EngineParts
  const rotator = createLogRotator(parts)
  let file = await files.open(path, 'a')
  context.after(async () => {
    await rotator[Symbol.asyncDispose]()
    await file.close()
    await scratch[Symbol.asyncDispose]()
  })
  return {
    path,
    rotator,
    warnings,
    isTold,
    write: async (text) => {
      if (await isTold()) {
        await files.truncate(control, 0)
        await file.close()
        file = await files.open(path, 'a')
      }
      await file.write(Buffer.from(entry(text)), null)
    },
  }
}

async function readAll(path: string): Promise<string> {
  let text = ''
  for (const name of await listLogFiles(files, path)) {
    const log = await openLog(files, name)
    assert.ok(log !== undefined)
    await using _held = log
    for await (const chunk of readChunks(log, 0)) text += chunk.toString()
  }
  return text
}

/** Writes that many lines, and more until it is enough: on a busy machine the rotator looks late. */
async function fill(
  { write }: Fixture,
  count: number,
  isEnough: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<string[]> {
  const lines: string[] = []
  const linesMax = 20_000
  for (let line = 0; line < linesMax; line += 1) {
    if (line >= count && (await isEnough())) break
    lines.push(entry(`line ${line}`))
    await write(`line ${line}`)
    if (line % 20 === 0) await clock.sleep(20)
  }
  return lines
}

async function names(path: string): Promise<string[]> {
  return (await listLogFiles(files, path)).map((file) => file.path.slice(path.length))
}

test('a full log is renamed, the monitor opens a new one, and no line is lost', async (context) => {
  const engine = await fixture(context, { 'max-size': '4k', 'max-file': '100' })
  engine.rotator.onStarted(id)
  const lines = await fill(engine, 600, async () => (await names(engine.path)).length > 2)
  await engine.rotator[Symbol.asyncDispose]()
  assert.ok((await names(engine.path)).length > 2, 'rotated several times')
  assert.equal(await readAll(engine.path), lines.join(''))
  assert.deepEqual(engine.warnings, [])
})

test('no more files are kept than asked for, compressed where asked for', async (context) => {
  const engine = await fixture(context, { 'max-size': '2k', 'max-file': '3', compress: 'true' })
  engine.rotator.onStarted(id)
  const lines = await fill(engine, 600, async () => (await names(engine.path)).includes('.2.gz'))
  await engine.rotator[Symbol.asyncDispose]()
  const kept = await names(engine.path)
  assert.ok(kept.length <= 3, kept.join(' '))
  assert.ok(kept.includes('.2.gz'), kept.join(' '))
  assert.ok(lines.join('').endsWith(await readAll(engine.path)), 'what is kept is the end of it')
  assert.deepEqual(engine.warnings, [])
})

test('a log is left alone once its container has ended', async (context) => {
  const engine = await fixture(context, { 'max-size': '1k' })
  engine.rotator.onStarted(id)
  engine.rotator.onEnded(id)
  await fill(engine, 60)
  await clock.sleep(250)
  assert.deepEqual(await names(engine.path), [''])
})

test('a monitor that was not told of a rename is told later', async (context) => {
  const engine = await fixture(context, { 'max-size': '1m' })
  await engine.write('before')
  await files.rename(engine.path, `${engine.path}.1`)
  engine.rotator.onStarted(id)
  for (let tries = 0; tries < 600 && !(await engine.isTold()); tries += 1) await clock.sleep(50)
  await engine.write('after')
  assert.equal(await files.readText(engine.path), entry('after'))
  assert.equal(await files.readText(`${engine.path}.1`), entry('before'))
})
