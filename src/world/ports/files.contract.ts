/** What every Files must do; `make` gives a fresh one and an empty folder of its own, which is gone afterwards. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import test from 'node:test'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from './files.ts'

export interface FilesPlace extends AsyncDisposable {
  readonly files: Files
  readonly path: string
}

const refusedWith =
  (errno: string) =>
  (error: unknown): boolean =>
    errnoOf(error) === errno

/** Registers the suite under a name. */
export function filesContract(name: string, make: () => Promise<FilesPlace>): void {
  const check = (behaviour: string, work: (files: Files, at: (child: string) => string) => Promise<void>): void => {
    test(`${name}: ${behaviour}`, async () => {
      await using place = await make()
      await work(place.files, (child) => join(place.path, child))
    })
  }
  contentContract(check)
  directoryContract(check)
  linkContract(check)
  streamContract(check)
}

type Check = (behaviour: string, work: (files: Files, at: (child: string) => string) => Promise<void>) => void

function contentContract(check: Check): void {
  check('what is written is read back, whole and in parts', async (files, at) => {
    await files.write(at('a'), 'hello', { mode: 0o600 })
    await files.append(at('a'), ' world')
    assert.equal(await files.readText(at('a')), 'hello world')
    const { sizeBytes, mode, type } = await files.stat(at('a'))
    assert.deepEqual({ sizeBytes, mode, type }, { sizeBytes: 11, mode: 0o600, type: 'file' })
    await files.truncate(at('a'), 5)
    assert.equal(await files.readText(at('a')), 'hello')
  })

  check('missing, taken and misplaced paths have their own errors', async (files, at) => {
    await assert.rejects(files.read(at('none')), refusedWith('ENOENT'))
    await files.write(at('a'), '')
    await assert.rejects(files.write(at('a'), '', { exclusive: true }), refusedWith('EEXIST'))
    await assert.rejects(files.read(at('a/b')), refusedWith('ENOTDIR'))
    await assert.rejects(files.makeDirectory(at('a')), refusedWith('EEXIST'))
    await assert.rejects(files.makeDirectory(at('x/y')), refusedWith('ENOENT'))
    assert.equal(await files.exists(at('a/b')), false)
  })

  check('replacing leaves nothing else behind and sets the mode', async (files, at) => {
    await files.write(at('a'), 'old')
    await files.replace(at('a'), 'new', { mode: 0o640, durable: true })
    assert.equal(await files.readText(at('a')), 'new')
    assert.equal((await files.stat(at('a'))).mode, 0o640)
    assert.deepEqual(await files.list(at('')), [{ name: 'a', type: 'file' }])
  })

  check('a bounded read gives files of any size whole, and refuses what is larger', async (files, at) => {
    for (const size of [0, 1, 8191, 8192, 8193, 100_000]) {
      const content = Buffer.alloc(size, 'abcdefg')
      await files.write(at('sized'), content)
      assert.deepEqual(Buffer.from(await files.read(at('sized'), { maxBytes: size })), content)
      assert.deepEqual(Buffer.from(await files.read(at('sized'), { maxBytes: 1 << 22 })), content)
      if (size > 0) await assert.rejects(files.read(at('sized'), { maxBytes: size - 1 }), /larger than|EFBIG/)
    }
  })

  check('an open file reads and writes at any position', async (files, at) => {
    await using file = await files.open(at('a'), 'w+')
    await file.write(Buffer.from('0123456789'), 0)
    await file.write(Buffer.from('AB'), 4)
    const buffer = Buffer.alloc(4)
    assert.equal(await file.read(buffer, 3), 4)
    assert.equal(buffer.toString(), '3AB6')
    assert.equal(await file.read(buffer, 100), 0)
    await file.sync()
    assert.equal((await file.stat()).sizeBytes, 10)
  })
}

function directoryContract(check: Check): void {
  check('directories are made deep and removed whole', async (files, at) => {
    await files.makeDirectory(at('a/b/c'), { recursive: true })
    await files.makeDirectory(at('a/b'), { recursive: true })
    await files.write(at('a/b/c/f'), 'x')
    await assert.rejects(files.remove(at('a')), refusedWith('ENOTEMPTY'))
    await files.remove(at('a'), { recursive: true })
    assert.equal(await files.exists(at('a')), false)
    await assert.rejects(files.remove(at('a')), refusedWith('ENOENT'))
    await files.remove(at('a'), { force: true })
  })

  check('renaming moves over files and empty directories, never over full ones', async (files, at) => {
    await files.write(at('a'), 'a')
    await files.write(at('b'), 'b')
    await files.rename(at('a'), at('b'))
    assert.equal(await files.readText(at('b')), 'a')
    assert.equal(await files.exists(at('a')), false)
    await files.makeDirectory(at('full/x'), { recursive: true })
    await files.makeDirectory(at('dir'))
    await assert.rejects(files.rename(at('dir'), at('full')), refusedWith('ENOTEMPTY'))
  })

  check('a temporary directory is gone after its use', async (files) => {
    let left = ''
    {
      await using temporary = await files.temporaryDirectory('contract-')
      left = temporary.path
      await files.write(join(left, 'f'), 'x')
    }
    assert.equal(await files.exists(left), false)
  })
}

function linkContract(check: Check): void {
  check('symlinks are followed, read, and never changed through chown and times', async (files, at) => {
    await files.write(at('target'), 'x')
    await files.symlink('target', at('link'))
    assert.equal(await files.readText(at('link')), 'x')
    assert.equal(await files.readLink(at('link')), 'target')
    assert.equal((await files.lstat(at('link'))).type, 'symlink')
    await files.setTimes(at('link'), 1_000_000_000_000)
    assert.equal((await files.lstat(at('link'))).mtimeMs, 1_000_000_000_000)
    assert.notEqual((await files.stat(at('link'))).mtimeMs, 1_000_000_000_000)
    await files.symlink('nowhere', at('dangling'))
    assert.equal(await files.exists(at('dangling')), true)
    await assert.rejects(files.stat(at('dangling')), refusedWith('ENOENT'))
    await files.symlink('loop', at('loop'))
    await assert.rejects(files.read(at('loop')), refusedWith('ELOOP'))
    assert.equal(await files.realPath(at('link')), await files.realPath(at('target')))
  })

  check('hard links share one file', async (files, at) => {
    await files.write(at('a'), '1')
    await files.link(at('a'), at('b'))
    await files.append(at('b'), '2')
    assert.equal(await files.readText(at('a')), '12')
    assert.equal((await files.stat(at('a'))).nlink, 2)
    await files.remove(at('a'))
    assert.equal(await files.readText(at('b')), '12')
    await assert.rejects(files.link(at('none'), at('c')), refusedWith('ENOENT'))
  })
}

function streamContract(check: Check): void {
  check('streams write and read ranges', async (files, at) => {
    await pipeline(Readable.from([Buffer.from('01234'), Buffer.from('56789')]), files.writeStream(at('a')))
    const chunks: Buffer[] = []
    for await (const chunk of files.readStream(at('a'), { start: 2, end: 7, chunkBytes: 2 }))
      chunks.push(chunk as Buffer)
    assert.equal(Buffer.concat(chunks).toString(), '23456')
  })

  check('a watched directory tells of its changes', async (files, at) => {
    const abort = new AbortController()
    const seen = (async () => {
      for await (const { name } of files.watch(at(''), abort.signal)) if (name === 'made') return name
      return undefined
    })()
    await Promise.resolve()
    for (let tries = 0; tries < 20; tries++) await files.write(at('made'), String(tries))
    assert.equal(await seen, 'made')
    abort.abort()
  })

  check('the space of the disk is told', async (files, at) => {
    const { freeBytes, totalBytes } = await files.space(at(''))
    assert.ok(freeBytes > 0 && freeBytes <= totalBytes)
  })
}
