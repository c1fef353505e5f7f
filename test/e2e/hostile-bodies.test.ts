/**
 * Generated archives and bodies that no honest client sends (GANTRY_HOSTILE_RUNS of each kind, 40 unless told), to load,
 * import, archive PUT, build and create: each gets an answer in Docker's shape, nothing appears outside the engine's
 * root, the engine lives and does not grow.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '#base/data/digest.ts'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import { startOwnEngine, type OwnEngine } from './own-engine.ts'
import { isReference, lacksImage } from './target.ts'

const skip = isReference ? 'it measures an engine of its own' : lacksImage('busybox')
const numRuns = Number(process.env['GANTRY_HOSTILE_RUNS'] ?? 40)
const growthBytesMax = 200 * 1024 * 1024
/** Files that must stay as they are, beside which nothing may appear. */
const outside = mkdtempSync('/tmp/gantry-e2e-outside-')
const sentinel = join(outside, 'sentinel')

interface Reply {
  readonly status: number
  readonly text: string
}

function send(engine: OwnEngine, target: string, content?: { body: Buffer; type: string }): Promise<Reply> {
  const { body, type } = content ?? {}
  const [method = '', path = ''] = target.split(' ')
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: `${engine.root}/docker.sock`,
        method,
        path: `/v1.41${path}`,
        agent: false,
        timeout: 240_000,
        headers: body === undefined ? {} : { 'Content-Type': type, 'Content-Length': body.length },
      },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        reply.on('error', reject)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${target}`)))
    // The engine may answer and hang up before it has read a body that it refuses.
    sent.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? resolve({ status: 0, text: '' }) : reject(error),
    )
    sent.end(body)
  })
}

const climbing = [
  `../../../../../../../../..${outside}/climbed`,
  `${outside}/absolute`,
  `a/../../../../../../../../..${outside}/inner`,
  `link/through`,
  `./link/../link/through`,
  '..',
  '.',
  '/',
  'a\u0000b',
  'x'.repeat(99),
  `${'d/'.repeat(45)}deep`,
  'Dockerfile/below',
  'etc/passwd',
  '.wh..wh..opq',
  '.wh.etc',
  'ok',
]
const entry = fc.record({
  name: fc.oneof(
    fc.constantFrom(...climbing),
    fc.string({ minLength: 1, maxLength: 60 }).map((text) => text.replaceAll('\u0000', '_')),
  ),
  type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'),
  linkTarget: fc.constantFrom(outside, `../../../../../../../..${outside}`, sentinel, '/etc/passwd', 'link', '.', '/'),
  content: fc.uint8Array({ maxLength: 700 }),
})

interface Entry {
  readonly name: string
  readonly type: string
  readonly linkTarget: string
  readonly content: Uint8Array
}

/** An entry, or nothing for what a tar header cannot say. */
function encode({ name, type, linkTarget, content }: Entry): Buffer {
  const sizeBytes = type === 'file' ? content.length : 0
  const link = type === 'symlink' || type === 'hardlink' ? { linkName: linkTarget } : {}
  try {
    const header = encodeTarHeader({ name, type: type as 'file', mode: 0o4755, sizeBytes, ...link })
    return Buffer.concat([header, content.subarray(0, sizeBytes), Buffer.alloc(paddingBytes(sizeBytes))])
  } catch {
    return Buffer.alloc(0)
  }
}

const link: Entry = { name: 'link', type: 'symlink', linkTarget: outside, content: new Uint8Array() }
/** Archives: entries after a link that leads out, then perhaps damaged: cut, flipped bytes, a size that lies. */
const archive = fc
  .record({
    entries: fc.array(entry, { minLength: 1, maxLength: 8 }),
    damage: fc.constantFrom('none', 'none', 'none', 'cut', 'flip', 'huge', 'negative', 'noise', 'unended'),
    at: fc.nat(4000),
  })
  .map(({ entries, damage, at }) => {
    const whole = Buffer.concat([encode(link), ...entries.map(encode), Buffer.alloc(1024)])
    const where = at % whole.length
    if (damage === 'cut') return whole.subarray(0, where)
    if (damage === 'noise') return Buffer.concat([whole.subarray(0, where), Buffer.from('noise'.repeat(400))])
    if (damage === 'unended') return whole.subarray(0, -1024)
    if (damage === 'flip') whole[where] = (whole[where] ?? 0) ^ 0x5a
    if (damage === 'huge' || damage === 'negative') {
      const size =
        damage === 'huge'
          ? Buffer.from([0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255])
          : Buffer.alloc(12, 0xff)
      size.copy(whole, 124)
      whole.fill(' ', 148, 156)
      const sum = whole.subarray(0, 512).reduce((total, byte) => total + byte, 0)
      whole.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148)
    }
    return whole
  })

const file = (name: string, text: string): Buffer =>
  encode({ name, type: 'file', linkTarget: '', content: Buffer.from(text) })
const configOf = (layer: Buffer): string =>
  JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } })

/** An archive for `docker load` whose only layer, or whose other parts, are hostile. */
const saved = fc
  .record({
    layer: archive,
    manifest: fc.constantFrom('good', 'good', 'climbs', 'links', 'array', 'broken', 'deep'),
    config: fc.constantFrom(
      'matches',
      'matches',
      'matches',
      '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}',
      '{}',
      '[]',
      '{"rootfs":{"diff_ids":["sha256:zz"]}}',
      'x',
    ),
  })
  .map(({ layer, manifest, config }) => {
    const layerName =
      manifest === 'climbs'
        ? `../../../../../../../..${sentinel}`
        : manifest === 'links'
          ? 'link/sentinel'
          : 'layer.tar'
    const text =
      manifest === 'broken'
        ? '[{'
        : manifest === 'array'
          ? '[1,null]'
          : manifest === 'deep'
            ? '['.repeat(50_000)
            : JSON.stringify([{ Config: 'config.json', RepoTags: ['hostile:1', '../x:/'], Layers: [layerName] }])
    const layerFile = Buffer.concat([
      encodeTarHeader({ name: 'layer.tar', type: 'file', mode: 0o644, sizeBytes: layer.length }),
      layer,
      Buffer.alloc(paddingBytes(layer.length)),
    ])
    return Buffer.concat([
      encode(link),
      layerFile,
      file('config.json', config === 'matches' ? configOf(layer) : config),
      file('manifest.json', text),
      Buffer.alloc(1024),
    ])
  })

const value = fc.oneof(
  { depthSize: 'small' },
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(-1, 2 ** 53, 1e300, '', '../..', '/', 'container:', 'container:nosuch', '\u0000', 'a'.repeat(70_000)),
)
const createKeys = [
  'Hostname',
  'User',
  'Env',
  'Cmd',
  'Entrypoint',
  'Labels',
  'ExposedPorts',
  'Volumes',
  'WorkingDir',
  'Healthcheck',
  'StopSignal',
  'StopTimeout',
  'MacAddress',
  'NetworkingConfig',
  'Tty',
]
const hostKeys = [
  'Binds',
  'Mounts',
  'NetworkMode',
  'PortBindings',
  'RestartPolicy',
  'Memory',
  'NanoCpus',
  'CpusetCpus',
  'Devices',
  'CapAdd',
  'SecurityOpt',
  'Tmpfs',
  'Sysctls',
  'Ulimits',
  'LogConfig',
  'ShmSize',
  'VolumesFrom',
  'IpcMode',
  'PidMode',
  'Dns',
  'ExtraHosts',
  'Links',
  'CgroupParent',
  'Runtime',
  'PidsLimit',
  'DeviceRequests',
  'DeviceCgroupRules',
  'StorageOpt',
  'GroupAdd',
  'UsernsMode',
  'Annotations',
  'MaskedPaths',
]
const createBody = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...createKeys), value, { maxKeys: 3 }),
    fc.dictionary(fc.constantFrom(...hostKeys), value, { maxKeys: 3 }),
  )
  .map(([config, HostConfig]) =>
    Buffer.from(JSON.stringify({ Image: 'busybox', Cmd: ['true'], ...config, HostConfig })),
  )

function residentBytes(engine: OwnEngine): number {
  const text = readFileSync(`/proc/${engine.process().pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

describe('hostile archives and bodies', { skip, timeout: 1_200_000 }, () => {
  let engine: OwnEngine
  let idleBytes = 0
  before(async () => {
    writeFileSync(sentinel, 'untouched')
    engine = await startOwnEngine('hostile')
    assert.equal(engine.docker('create', '--name', 'target', 'busybox', 'true').code, 0)
    idleBytes = residentBytes(engine)
  })
  after(async () => {
    await engine[Symbol.asyncDispose]()
    rmSync(outside, { recursive: true, force: true })
  })

  async function expectWell(reply: Reply): Promise<void> {
    if (reply.status >= 400) {
      const { message } = JSON.parse(reply.text) as { message?: unknown }
      assert.ok(typeof message === 'string' && message !== '', reply.text)
      assert.ok(
        reply.status !== 500 || !/is not a function|undefined|Cannot read|is not iterable/.test(message),
        message,
      )
    } else if (reply.status === 200) {
      for (const line of reply.text.split('\n').filter((text) => text.trim() !== '')) JSON.parse(line)
      assert.doesNotMatch(reply.text, /is not a function|Cannot read prop|is not iterable/)
    }
    assert.deepEqual(readdirSync(outside), ['sentinel'])
    assert.equal(readFileSync(sentinel, 'utf8'), 'untouched')
    assert.equal((await send(engine, 'GET /_ping')).text, 'OK')
  }

  const rows: readonly (readonly [name: string, target: string, bodies: fc.Arbitrary<Buffer>, type?: string])[] = [
    ['docker load', 'POST /images/load', saved],
    ['docker import', 'POST /images/create?fromSrc=-&repo=hostile&tag=import', archive],
    ['docker cp', 'PUT /containers/target/archive?path=/', archive],
    ['docker cp below a link', 'PUT /containers/target/archive?path=/tmp&noOverwriteDirNonDir=1', archive],
    [
      'docker build',
      'POST /build?rm=1&forcerm=1',
      archive.map((rest) =>
        Buffer.concat([file('Dockerfile', 'FROM busybox\nCOPY . /copied/\nADD link /added/\n'), rest]),
      ),
    ],
    ['docker create', 'POST /containers/create', createBody, 'application/json'],
  ]
  for (const [name, target, bodies, type] of rows)
    test(`${name} survives what it is given`, async () => {
      await fc.assert(
        fc.asyncProperty(bodies, async (body) => {
          const reply = await send(engine, target, { body, type: type ?? 'application/x-tar' })
          await expectWell(reply)
          if (target.endsWith('/create') && reply.status === 201)
            assert.equal(
              (await send(engine, `DELETE /containers/${(JSON.parse(reply.text) as { Id: string }).Id}?force=1&v=1`))
                .status,
              204,
            )
        }),
        { numRuns: target.endsWith('/create') ? numRuns * 3 : numRuns, endOnFailure: true },
      )
    })

  test('the engine has not grown', () => {
    const grown = residentBytes(engine) - idleBytes
    assert.ok(grown < growthBytesMax, `${Math.round(grown / 2 ** 20)} MB`)
  })
})
