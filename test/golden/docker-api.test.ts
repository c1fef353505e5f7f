/**
 * The Docker API against its transcripts in test/golden/docker-api: each is played to an engine of its own, whose image is
 * made here without a network. GANTRY_GOLDEN_WRITE=1 writes down what comes back instead of comparing it.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import { Normaliser, readTranscript, showContent, writeTranscript } from './transcript.ts'
import type { GoldenChapter, GoldenRequest, GoldenStep } from './transcript.ts'

const writes = process.env['GANTRY_GOLDEN_WRITE'] === '1'
const folder = join(import.meta.dirname, 'docker-api')
const program = ['-C', 'source', join(import.meta.dirname, '../../src/main.ts')]
/** A bound for what hangs. */
const answersWithinMs = 120_000

function gantry(...words: string[]): { readonly ok: boolean; readonly text: string } {
  const result = spawnSync(process.execPath, [...program, ...words], { encoding: 'utf8', timeout: 240_000 })
  return { ok: result.status === 0, text: `${result.stdout}${result.stderr}` }
}

const doctor = gantry('doctor')
const skip = doctor.ok
  ? process.arch !== 'x64' && 'the image of these tests is for x86-64'
  : `containers cannot run here: ${doctor.text.trim().split('\n').at(-1) ?? ''}`

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).flatMap(([name, text]) => {
    const content = Buffer.from(text)
    const header = encodeTarHeader({ name, type: 'file', mode: 0o644, sizeBytes: content.length })
    return [header, content, Buffer.alloc(paddingBytes(content.length))]
  })
  return Buffer.concat([...entries, Buffer.alloc(1024)])
}

/** Bodies that a transcript names. */
const archives: Readonly<Record<string, Buffer>> = {
  '@context': tarOf({ Dockerfile: 'FROM hello-world\nLABEL made=here\nENV A=1\nCOPY file /file\n', file: 'content\n' }),
  '@broken-context': tarOf({ Dockerfile: 'FROM hello-world\nNOSUCH word\n' }),
  '@files': tarOf({ 'golden.txt': 'from an archive\n' }),
  '@junk': Buffer.from('this is no archive, whatever it says of itself '.repeat(20)),
}

interface Reply {
  readonly status: number
  readonly type: string
  readonly bytes: Buffer
}

function exchange(socketPath: string, { method, path, body }: GoldenRequest): Promise<Reply> {
  const archive = body === undefined ? undefined : archives[body]
  const bytes = archive ?? (body === undefined ? undefined : Buffer.from(body))
  const type = archive === undefined ? 'application/json' : 'application/x-tar'
  const headers = bytes === undefined ? {} : { 'Content-Type': type, 'Content-Length': bytes.length }
  const target = path.startsWith('/v1.') ? path : `/v1.51${path}`
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, method, path: target, agent: false, headers, timeout: answersWithinMs },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () =>
          resolve({
            status: reply.statusCode ?? 0,
            type: reply.headers['content-type'] ?? '',
            bytes: Buffer.concat(chunks),
          }),
        )
        reply.on('error', reject)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)))
    sent.on('error', reject)
    sent.end(bytes)
  })
}

/** Takes away what a chapter left: every container, and the networks and volumes that it made. */
async function clear(socketPath: string): Promise<void> {
  const list = async (path: string): Promise<unknown> =>
    JSON.parse((await exchange(socketPath, { method: 'GET', path, body: undefined })).bytes.toString()) as unknown
  const remove = (path: string): Promise<Reply> => exchange(socketPath, { method: 'DELETE', path, body: undefined })
  for (const { Id } of (await list('/containers/json?all=1')) as { Id: string }[])
    await remove(`/containers/${Id}?force=1&v=1`)
  const custom = '/networks?filters=%7B%22type%22%3A%5B%22custom%22%5D%7D'
  for (const { Id } of (await list(custom)) as { Id: string }[]) await remove(`/networks/${Id}`)
  for (const { Name } of ((await list('/volumes')) as { Volumes: { Name: string }[] }).Volumes)
    await remove(`/volumes/${Name}?force=1`)
}

async function playStep(
  place: Place,
  { request: asked }: GoldenStep,
  lastId: string,
): Promise<GoldenStep & { id: string }> {
  const reply = await exchange(place.socketPath, { ...asked, path: asked.path.replace('{id}', lastId) })
  const content = showContent(reply.bytes, reply.type)
  const id = /^ {2}"Id": "([0-9a-f]+)"/m.exec(content)?.[1] ?? lastId
  const shown = place.normaliser.apply(
    `--- ${reply.status} ${reply.type}`.trimEnd() + (content === '' ? '' : `\n${content}`),
  )
  return { request: asked, reply: shown, id }
}

interface Place {
  readonly socketPath: string
  readonly normaliser: Normaliser
}

async function play(place: Place, { title, steps }: GoldenChapter): Promise<GoldenChapter> {
  const played: GoldenStep[] = []
  let lastId = ''
  for (const step of steps) {
    const { id, ...done } = await playStep(place, step, lastId)
    lastId = id
    played.push(done)
  }
  await clear(place.socketPath)
  return { title, steps: played }
}

describe('the Docker API answers as its transcripts have it', { skip }, () => {
  const root = mkdtempSync(join(tmpdir(), 'gantry-golden-'))
  const socketPath = join(root, 'docker.sock')
  const engine = spawn(process.execPath, [...program, 'engine', '--root', root, '--log-level', 'error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })

  before(async () => {
    const deadline = performance.now() + answersWithinMs
    const ask = { method: 'GET', path: '/_ping', body: undefined }
    while (
      !(await exchange(socketPath, ask).then(
        () => true,
        () => false,
      ))
    ) {
      if (performance.now() > deadline) throw new Error('the engine does not answer')
      await sleep(50)
    }
    const path = '/gantry/images/bootstrap?name=hello-world'
    const made = await exchange(socketPath, { method: 'POST', path, body: undefined })
    assert.match(made.bytes.toString(), /"aux"/)
  })
  after(async () => {
    engine.kill('SIGTERM')
    if (engine.exitCode === null) await once(engine, 'exit')
    const down = gantry('down', '--purge', '--time', '0', '--root', root)
    rmSync(root, { recursive: true, force: true })
    assert.ok(down.ok, down.text)
  })

  for (const name of readdirSync(folder).toSorted()) {
    const file = join(folder, name)
    const { head, chapters } = readTranscript(readFileSync(file, 'utf8'))
    const played: GoldenChapter[] = []
    for (const chapter of chapters)
      test(`${name}: ${chapter.title}`, async () => {
        const now = await play({ socketPath, normaliser: new Normaliser(root) }, chapter)
        played.push(now)
        if (!writes) assert.equal(writeTranscript('', [now]), writeTranscript('', [chapter]))
      })
    test(`${name} is whole`, () => {
      assert.equal(played.length, chapters.length)
      if (writes) writeFileSync(file, writeTranscript(head, played))
    })
  }
})
