/**
 * GNU tar as the hand that creates files. It gets headers made here, never a stranger's: plain relative paths whose
 * parents are real directories, so there is nothing in them for it to follow.
 */
import type { Duplex, Readable } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Processes } from '#world/ports/processes.ts'

export interface Untar extends AsyncDisposable {
  /** Takes bytes; returns a promise when tar is behind. Throws when tar is gone. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Ends the archive and waits until all of it is on the filesystem. Throws with tar's own words when it failed. */
  finish(): Promise<void>
}

const stageBytes = 256 * 1024
const stderrBytesMax = 4096
// -P: paths were judged already. Directories get their times last, whatever order the entries come in.
const tarArguments = [
  '--xattrs',
  '--xattrs-include=*',
  '--numeric-owner',
  '--same-owner',
  '--delay-directory-restore',
  '-b',
  '256',
  '-p',
  '-P',
  '-x',
  '-f',
  '-',
  '-C',
]

/** Starts tar in a directory; disposing it before `finish` kills it. */
export function startUntar(processes: Processes, directory: string): Untar {
  const child = processes.spawn('tar', [...tarArguments, directory], { descriptors: ['pipe', 'null', 'pipe'] })
  const stdin = child.pipes.get(0) as Duplex
  const stderr = child.pipes.get(2) as Readable
  let words = ''
  stderr.on('data', (chunk: Buffer) => {
    if (words.length < stderrBytesMax) words += chunk.toString('utf8')
  })
  stdin.on('error', () => undefined)
  let ended = false
  const exited = child.exited.then((status) => {
    ended = true
    return status
  })
  // Buffers go round: fresh ones for each write cost more in page faults and collection than the copying.
  const pool: Buffer[] = []
  let stage: Buffer = Buffer.allocUnsafeSlow(stageBytes)
  let staged = 0
  const send = (chunk: Uint8Array, onSent?: () => void): Promise<void> | undefined => {
    if (ended || stdin.destroyed) return exited.then(() => Promise.reject(failed(words)))
    return stdin.write(chunk, onSent) ? undefined : writable(stdin, exited)
  }
  const flush = (): Promise<void> | undefined => {
    if (staged === 0) return undefined
    const full = stage
    const length = staged
    stage = pool.pop() ?? Buffer.allocUnsafeSlow(stageBytes)
    staged = 0
    return send(full.subarray(0, length), () => pool.push(full))
  }
  return {
    write(chunk) {
      if (chunk.byteLength >= stageBytes / 2) {
        const before = flush()
        const after = send(chunk)
        return before === undefined ? after : before.then(() => after)
      }
      const waiting = staged + chunk.byteLength > stageBytes ? flush() : undefined
      stage.set(chunk, staged)
      staged += chunk.byteLength
      return waiting
    },
    async finish() {
      await this.write(Buffer.alloc(1024))
      await flush()
      stdin.end()
      const { exitCode } = await exited
      if (exitCode !== 0) throw failed(words)
    },
    async [Symbol.asyncDispose]() {
      if (ended) return
      child.kill('SIGKILL')
      await exited
      stdin.destroy()
    },
  }
}

function writable(stream: Duplex, exited: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle)
      stream.off('close', settle)
      resolve()
    }
    stream.on('drain', settle)
    stream.on('close', settle)
    void exited.then(settle)
  })
}

function failed(words: string): GantryError {
  const full = /No space left on device/.test(words)
  const line = words.split('\n')[0] ?? ''
  const message = full
    ? 'no space left on device'
    : `Error processing tar file(exit status 1): ${line.replace(/^tar: /, '') || 'tar ended early'}`
  return new GantryError(full ? 'LAYER_NO_SPACE' : 'LAYER_UNPACK_FAILED', full ? 'unavailable' : 'invalid', message, {
    remedy: full ? 'Free disk space (gantry system prune).' : 'The layer is damaged; build or fetch the image again.',
  })
}
