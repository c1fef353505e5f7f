import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { GantryError } from '#base/errors/gantry-error.ts'
import { createImages } from '#images/images.ts'
import type { Images } from '#images/images.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { extractTar } from './extract-tar.ts'
import { packDirectory } from './pack-directory.ts'
import { encodeTarHeader, paddingBytes } from './write-tar.ts'
import type { TarEntryOptions } from './write-tar.ts'

const processes = createProcesses()
const deps = {
  processes,
  kernel: createKernel({ processes }),
  files: createFiles(),
  clock: createClock(),
  random: createRandom(),
  machine: readMachine(),
}

/** A place with a root to extract into, and beside it things that must never change. */
interface Yard {
  readonly path: string
  readonly root: string
  check(): void
}

function yard(context: TestContext): Yard {
  const path = mkdtempSync(join(tmpdir(), 'gantry-hostile-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  const root = join(path, 'root')
  const outside = join(path, 'outside')
  mkdirSync(root)
  mkdirSync(outside)
  writeFileSync(join(outside, 'victim'), 'untouched')
  chmodSync(join(outside, 'victim'), 0o640)
  return {
    path,
    root,
    check() {
      assert.deepEqual(readdirSync(path).sort(), ['outside', 'root'], 'nothing beside the root')
      assert.deepEqual(readdirSync(outside), ['victim'], 'nothing in the directory outside')
      assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'untouched')
      assert.equal(lstatSync(join(outside, 'victim')).mode & 0o7777, 0o640)
      assert.equal(lstatSync(join(outside, 'victim')).nlink, 1)
      assert.equal(existsSync('/gantry-owned'), false)
    },
  }
}

type Case = TarEntryOptions & { readonly content?: string }

function tar(entries: readonly Case[]): Buffer {
  const parts: Buffer[] = []
  for (const { content, ...entry } of entries) {
    const bytes = entry.type === 'file' ? Buffer.from(content ?? '') : Buffer.alloc(0)
    parts.push(encodeTarHeader({ ...entry, sizeBytes: bytes.length }), bytes, Buffer.alloc(paddingBytes(bytes.length)))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

async function* stream(bytes: Uint8Array, chunk = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
}

/** Names that want out, names that meet each other, whiteouts and odd ones. */
function nameArbitrary(outside: string): fc.Arbitrary<string> {
  const part = fc.constantFrom(
    'a',
    'b',
    'c',
    '..',
    '.',
    '',
    'link',
    'd',
    '.wh.a',
    '.wh..wh..opq',
    '.wh.b',
    'ü',
    'x'.repeat(120),
    'gantry-owned',
  )
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
  return fc.oneof(
    { weight: 6, arbitrary: path },
    { weight: 1, arbitrary: path.map((text) => `/${text}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        outside,
        `${outside}/victim`,
        '../outside/victim',
        '../../outside',
        '/gantry-owned',
        '/',
      ),
    },
  )
}

function entryArbitrary(outside: string): fc.Arbitrary<Case> {
  const name = nameArbitrary(outside)
  const type = fc.constantFrom<Case['type']>(
    'file',
    'file',
    'directory',
    'symlink',
    'symlink',
    'hardlink',
    'fifo',
    'character',
  )
  return fc
    .record({
      name,
      type,
      linkName: name,
      mode: fc.constantFrom(0o644, 0o755, 0o4755, 0o777, 0),
      content: fc.constantFrom('', 'x', 'y'.repeat(1500)),
      deviceMajor: fc.constant(1),
      deviceMinor: fc.constantFrom(3, 5),
    })
    .filter(({ name: text }) => text !== '')
}

async function openImages(root: string): Promise<Images> {
  return await createImages(deps, { root })
}

function assertExpected(error: unknown): void {
  if (error instanceof GantryError && (error.kind === 'invalid' || error.kind === 'not-found')) return
  const code = (error as { code?: string }).code
  assert.ok(
    code !== undefined && ['ELOOP', 'ENOTDIR', 'ENAMETOOLONG', 'EEXIST', 'EPERM', 'ENOENT', 'EINVAL'].includes(code),
    `unexpected failure: ${String(error)}`,
  )
}

test('hostile archives extracted one after the other into one tree never touch what is outside (150 cases)', async (context) => {
  const place = yard(context)
  await fc.assert(
    fc.asyncProperty(
      fc.array(entryArbitrary(join(place.path, 'outside')), { minLength: 1, maxLength: 12 }),
      async (entries) => {
        try {
          await extractTar(deps, stream(tar(entries)), { root: place.root, path: '/' })
        } catch (error) {
          assertExpected(error)
        }
        place.check()
      },
    ),
    { numRuns: 150 },
  )
})

test('hostile layers never touch what is outside, and what is stored is reproduced to the byte (150 cases)', async (context) => {
  const place = yard(context)
  const images = await openImages(place.root)
  await fc.assert(
    fc.asyncProperty(
      fc.array(entryArbitrary(join(place.path, 'outside')), { minLength: 1, maxLength: 10 }),
      async (entries) => {
        const bytes = tar(entries)
        try {
          const { diffId } = await images.layers.ingestTar(stream(bytes))
          const chunks: Uint8Array[] = []
          for await (const chunk of images.layers.reproduceTar(diffId) as AsyncIterable<Uint8Array>) chunks.push(chunk)
          assert.deepEqual(Buffer.concat(chunks), bytes)
          await images.layers.remove(diffId)
        } catch (error) {
          assertExpected(error)
        }
        place.check()
        assert.deepEqual(readdirSync(join(place.root, 'layers/incoming')), [])
      },
    ),
    { numRuns: 150 },
  )
})

test('archives of random and of damaged bytes are refused by load and import, and nothing stays (100 cases)', async (context) => {
  const place = yard(context)
  const images = await openImages(place.root)
  const valid = tar([
    { name: 'manifest.json', type: 'file', content: '[{"Config":"c.json","RepoTags":["a:1"],"Layers":[]}]' },
    { name: 'c.json', type: 'file', content: '{"rootfs":{"diff_ids":[]}' },
  ])
  const damage = fc.tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length)).map(([at, byte, end]) => {
    const copy = Buffer.from(valid)
    copy[at] = byte
    return copy.subarray(0, end)
  })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
        damage,
      ),
      async (bytes) => {
        await assert.rejects(images.load(stream(bytes)), (error) => error instanceof GantryError)
        place.check()
        assert.equal(images.all().length, 0)
        assert.equal(images.layers.list().length, 0)
      },
    ),
    { numRuns: 100 },
  )
})

test('a sparse entry that claims terabytes is refused at once, a small one is filled', async (context) => {
  const place = yard(context)
  const sparse = (realSize: number): Buffer => {
    const header = encodeTarHeader({ name: 'sparse', type: 'file', mode: 0o644, sizeBytes: 0 })
    header[156] = 0x53
    header.write('ustar  \0', 257, 'latin1')
    header.fill(0, 345, 512)
    header.write(realSize.toString(8).padStart(11, '0'), 483, 'latin1')
    header.fill(0x20, 148, 156)
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    )
    return Buffer.concat([header, Buffer.alloc(1024)])
  }
  await assert.rejects(
    extractTar(deps, stream(sparse(0o77777777777)), { root: place.root, path: '/' }),
    /sparse|too large/,
  )
  assert.deepEqual(readdirSync(place.root), [])
  await extractTar(deps, stream(sparse(5000)), { root: place.root, path: '/' })
  assert.equal(lstatSync(join(place.root, 'sparse')).size, 5000)
})

test('sparse files of GNU tar, in every format it writes, have their holes', async (context) => {
  const place = yard(context)
  const holey = join(place.root, 'holey')
  execFileSync('sh', [
    '-c',
    `truncate -s 300000 ${holey} && printf middle | dd of=${holey} bs=1 seek=150000 conv=notrunc 2>/dev/null`,
  ])
  const want = readFileSync(holey)
  for (const format of [
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
    ['--format=pax', '--sparse-version=0.0'],
  ]) {
    const bytes = execFileSync('tar', ['-S', ...format, '-cf', '-', '-C', place.root, 'holey'])
    const target = mkdtempSync(join(place.root, 'to-'))
    await extractTar(deps, stream(bytes), { root: place.root, path: target.slice(place.root.length) })
    assert.deepEqual(readFileSync(join(target, 'holey')), want, format.join(' '))
  }
})

test("cp semantics: a path through the container's own symlinks, directories kept, refusals in words", async (context) => {
  const place = yard(context)
  mkdirSync(join(place.root, 'real'))
  symlinkSync('/real', join(place.root, 'link'))
  symlinkSync('../outside', join(place.root, 'out'))
  await extractTar(
    deps,
    stream(
      tar([
        { name: 'f', type: 'file', mode: 0o741, uid: 12, gid: 34, content: 'x', mtime: { seconds: 1000, nanos: 0 } },
        { name: 'sub/deep/g', type: 'file', content: 'y' },
      ]),
    ),
    { root: place.root, path: '/link' },
  )
  const stat = lstatSync(join(place.root, 'real/f'))
  assert.deepEqual([stat.mode & 0o7777, stat.uid, stat.gid, stat.mtimeMs], [0o741, 12, 34, 1_000_000])
  assert.equal(readFileSync(join(place.root, 'real/sub/deep/g'), 'utf8'), 'y')
  await assert.rejects(
    extractTar(deps, stream(tar([{ name: 'f', type: 'file' }])), { root: place.root, path: '/out' }),
    { kind: 'not-found' },
  )
  const strict = { root: place.root, path: '/', options: { noOverwriteDirNonDir: true } }
  await assert.rejects(
    extractTar(deps, stream(tar([{ name: 'real', type: 'file' }])), strict),
    /cannot overwrite directory "real" with non-directory "\/"/,
  )
  await assert.rejects(
    extractTar(deps, stream(tar([{ name: 'real/f', type: 'directory' }])), strict),
    /cannot overwrite non-directory/,
  )
  await extractTar(deps, stream(tar([{ name: 'real', type: 'symlink', linkName: 'elsewhere' }])), {
    root: place.root,
    path: '/',
    options: { owner: () => ({ uid: 7, gid: 8 }) },
  })
  assert.equal(readlinkSync(join(place.root, 'real')), 'elsewhere')
  assert.equal(lstatSync(join(place.root, 'real')).uid, 7)
  place.check()
})

test('what is packed is what was there, under the name asked for, and comes back the same', async (context) => {
  const place = yard(context)
  mkdirSync(join(place.root, 'd/e'), { recursive: true })
  writeFileSync(join(place.root, 'd/e/f'), 'content')
  symlinkSync('/outside/victim', join(place.root, 'd/link'))
  execFileSync('ln', [join(place.root, 'd/e/f'), join(place.root, 'd/hard')])
  const chunks: Uint8Array[] = []
  for await (const chunk of packDirectory(
    deps,
    { root: place.root, path: '/d' },
    { rebaseName: 'renamed' },
  ) as AsyncIterable<Uint8Array>)
    chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  assert.deepEqual(execFileSync('tar', ['-tf', '-'], { input: bytes, encoding: 'utf8' }).trim().split('\n'), [
    'renamed/',
    'renamed/e/',
    'renamed/e/f',
    'renamed/hard',
    'renamed/link',
  ])
  await extractTar(deps, stream(bytes), { root: place.root, path: '/' })
  assert.equal(readFileSync(join(place.root, 'renamed/hard'), 'utf8'), 'content')
  assert.equal(lstatSync(join(place.root, 'renamed/hard')).nlink, 2)
  const single: Uint8Array[] = []
  for await (const chunk of packDirectory(deps, { root: place.root, path: '/d/e/f' }) as AsyncIterable<Uint8Array>)
    single.push(chunk)
  assert.equal(execFileSync('tar', ['-tf', '-'], { input: Buffer.concat(single), encoding: 'utf8' }), 'f\n')
})
