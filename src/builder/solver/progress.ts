/** The classic builder's output, line by line as clients parse it. */
import type { Digest } from '#base/data/digest.ts'
import { digestHex } from '#base/data/digest.ts'
import type { BuildMessage, OutputStream } from '../ports.ts'

export type Emit = (message: BuildMessage) => Promise<void>

export interface Progress {
  step(number: number, count: number, original: string): Promise<void>
  /** Text of the builder's own. */
  text(text: string): Promise<void>
  /** A warning, in red as Docker prints what comes by standard error. */
  warning(text: string): Promise<void>
  /** ` ---> 0123456789ab`; nothing behind the arrow for scratch. */
  image(id: Digest | undefined): Promise<void>
  /** What a RUN printed. */
  output(stream: OutputStream, chunk: Uint8Array): Promise<void>
  message(message: BuildMessage): Promise<void>
  /** Hands out what a quiet build held back: its failure is to be understood. */
  reveal(): Promise<void>
}

/** Kept of a quiet build's output, for the case that it fails. */
const heldBytesMax = 1024 * 1024

/** Twelve digits of an id. */
export function shortId(id: Digest): string {
  return digestHex(id).slice(0, 12)
}

/** Creates the printer of one build. A quiet one holds its output back. */
export function createProgress(emit: Emit, quiet: boolean): Progress {
  const held: BuildMessage[] = []
  let heldBytes = 0
  const print = async (message: BuildMessage): Promise<void> => {
    if (!quiet) return await emit(message)
    heldBytes += (message.stream?.length ?? 0) + 32
    if (heldBytes <= heldBytesMax) held.push(message)
  }
  const text = (stream: string): Promise<void> => print({ stream })
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  return {
    async step(number, count, original) {
      await text(`Step ${number}/${count} : ${original}`)
      await text('\n')
    },
    text,
    warning: (line) => text(red(line)),
    image: (id) => text(id === undefined ? ' ---> \n' : ` ---> ${shortId(id)}\n`),
    async output(stream, chunk) {
      const decoded = decoders[stream].decode(chunk, { stream: true })
      if (decoded !== '') await text(stream === 'stderr' ? red(decoded) : decoded)
    },
    message: print,
    async reveal() {
      for (const message of held.splice(0)) await emit(message)
    },
  }
}

function red(text: string): string {
  return `\u001b[91m${text}\u001b[0m`
}
