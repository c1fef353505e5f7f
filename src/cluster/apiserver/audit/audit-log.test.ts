import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { auditLine } from './audit-line.ts'
import { defaultLogBatch, openAuditLog } from './audit-log.ts'
import type { AuditMode, AuditSink } from './audit-sink.ts'

const parts = { files: createFiles(), clock: createClock(), log: silentLog }

async function writeAll(log: AuditSink, count: number, event: (index: number) => JsonObject): Promise<void> {
  await Promise.all(Array.from({ length: count }, async (_, index) => log.write(event(index))))
}

test('events are lines in the order written, in a file that only its owner reads', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  const path = join(folder.path, 'deep', 'audit.log')
  await using log = await openAuditLog({ ...parts, metrics: createMetrics() }, { path })
  await writeAll(log, 500, (index) => ({ index }))
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { index: number }).index),
    Array.from({ length: 500 }, (_, index) => index),
  )
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a full file is rotated, no line is lost or cut, and only so many old ones stay', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  const path = join(folder.path, 'audit.log')
  {
    await using log = await openAuditLog({ ...parts, metrics: createMetrics() }, { path, sizeBytesMax: 1000 })
    await writeAll(log, 100, (index) => ({ index, text: 'x'.repeat(50) }))
  }
  const names = readdirSync(folder.path).toSorted()
  assert.ok(names.length >= 6, names.join())
  const all = names.flatMap((name) => readFileSync(join(folder.path, name), 'utf8').trimEnd().split('\n'))
  assert.equal(new Set(all.map((line) => (JSON.parse(line) as { index: number }).index)).size, 100)
  for (const name of names) assert.ok(statSync(join(folder.path, name)).size <= 1000)
  await using log = await openAuditLog(
    { ...parts, metrics: createMetrics() },
    { path, sizeBytesMax: 1000, backupsMax: 2 },
  )
  await writeAll(log, 40, (index) => ({ index, text: 'x'.repeat(50) }))
  assert.equal(readdirSync(folder.path).length, 3)
})

test('old files go by age, and files of other names stay', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  const path = join(folder.path, 'audit.log')
  const old = join(folder.path, 'audit-2020-01-01T00-00-00.000.log')
  const other = join(folder.path, 'audit-notes.log')
  for (const one of [old, other]) {
    await parts.files.write(one, 'x')
    utimesSync(one, 1, 1)
  }
  await using log = await openAuditLog(
    { ...parts, metrics: createMetrics() },
    { path, sizeBytesMax: 100, ageMsMax: 86_400_000 },
  )
  await writeAll(log, 10, () => ({ text: 'x'.repeat(80) }))
  const names = readdirSync(folder.path)
  assert.equal(names.includes('audit-2020-01-01T00-00-00.000.log'), false)
  assert.equal(names.includes('audit-notes.log'), true)
})

test('a disk that takes nothing costs events and is counted, never the program', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  const metrics = createMetrics()
  const full = {
    ...parts.files,
    open: (...args: Parameters<typeof parts.files.open>) => parts.files.open('/dev/full', ...(args.slice(1) as ['a'])),
  }
  await using log = await openAuditLog({ ...parts, files: full, metrics }, { path: join(folder.path, 'a.log') })
  await log.write({ a: 1 })
  assert.match(metrics.render(), /apiserver_audit_error_total\{plugin="log"\} 1/)
})

test('a request goes on without its event unless it must not', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  const full = {
    ...parts.files,
    open: (...args: Parameters<typeof parts.files.open>) => parts.files.open('/dev/full', ...(args.slice(1) as ['a'])),
  }
  const open = (mode: AuditMode): ReturnType<typeof openAuditLog> =>
    openAuditLog({ ...parts, files: full, metrics: createMetrics() }, { path: join(folder.path, 'a.log'), mode })
  await using blocking = await open('blocking')
  await blocking.write({ a: 1 })
  await using strict = await open('blocking-strict')
  await assert.rejects(async () => strict.write({ a: 1 }), /failed to store audit event/)
  await using batch = await open('batch')
  assert.equal(batch.write({ a: 1 }), undefined)
})

test('events in batches are all there in their order when the log ends, as far as the buffer holds them', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  for (const batchEvents of [1, 7]) {
    const path = join(folder.path, `${batchEvents}.log`)
    const metrics = createMetrics()
    {
      const batch = { ...defaultLogBatch, batchEvents, bufferEvents: 50 }
      await using log = await openAuditLog({ ...parts, metrics }, { path, mode: 'batch', batch })
      for (let index = 0; index < 200; index++) void log.write({ index })
    }
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const kept = lines.map((line) => (JSON.parse(line) as { index: number }).index)
    assert.deepEqual(
      kept,
      Array.from({ length: kept.length }, (_, index) => index),
    )
    const lost = /apiserver_audit_error_total\{plugin="buffered"\} (\d+)/.exec(metrics.render())?.[1]
    assert.equal(kept.length + Number(lost), 200)
  }
})

test('rotated files are compressed where that is asked for, and count among those that stay', async () => {
  await using folder = await parts.files.temporaryDirectory('gantry-audit-')
  const path = join(folder.path, 'audit.log')
  const options = { path, sizeBytesMax: 1000, backupsMax: 3, compress: true }
  await using log = await openAuditLog({ ...parts, metrics: createMetrics() }, options)
  await writeAll(log, 100, (index) => ({ index, text: 'x'.repeat(50) }))
  const names = readdirSync(folder.path).toSorted()
  assert.equal(names.length, 4)
  const rotated = names.filter((name) => name.endsWith('.log.gz'))
  assert.equal(rotated.length, 3)
  const lines = rotated.flatMap((name) =>
    gunzipSync(readFileSync(join(folder.path, name)))
      .toString()
      .trimEnd()
      .split('\n'),
  )
  assert.ok(lines.every((line) => (JSON.parse(line) as { text: string }).text.length === 50))
})

test('the old format has one line of words for an event', () => {
  const event = {
    ...{ auditID: 'i', stage: 'ResponseComplete', requestURI: '/x', verb: 'get', userAgent: 'curl' },
    ...{ user: { username: 'jane', groups: ['a', 'b'] }, sourceIPs: ['10.0.0.1'], responseStatus: { code: 200 } },
    requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
  } as unknown as JsonObject
  assert.equal(
    auditLine(event, 'legacy'),
    String.raw`2026-01-02T03:04:05.000000Z AUDIT: id="i" stage="ResponseComplete" ip="10.0.0.1" method="get" user="jane" groups="\"a\",\"b\"" as="<self>" asgroups="<lookup>" user-agent="curl" namespace="<none>" uri="/x" response="200"` +
      '\n',
  )
})
