/** Reading a request's body whole: bounded, with an end for slow clients, and as JSON. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { HttpRequest } from './exchange.ts'

export interface ReadBodyOptions {
  /** Overrides the server's limit. */
  readonly bytesMax?: number
  /** Lets a client that stops sending be given up after the server's `bodyIdleMs`. */
  readonly clock?: Clock
}

const noBytes = Buffer.alloc(0)

/**
 * The whole body.
 * @throws GantryError HTTP_BODY_TOO_LARGE (also by the declared length alone), HTTP_BODY_CUT, HTTP_BODY_IDLE.
 */
export function readBody(request: HttpRequest, options: ReadBodyOptions = {}): Promise<Buffer> {
  const bytesMax = options.bytesMax ?? request.limits.bodyBytesMax
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.reject(tooLarge(bytesMax))
  const { body } = request
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined
    let chunks: Buffer[] | undefined
    let sizeBytes = 0
    const idleMs = request.limits.bodyIdleMs
    let timer: Disposable | undefined
    let moved = false
    function watchIdle(): void {
      timer = options.clock?.setTimer(idleMs, () => {
        if (!moved) fail(new GantryError('HTTP_BODY_IDLE', 'deadline', 'timed out waiting for the request body'))
        else watchIdle()
        moved = false
      })
    }
    function onData(chunk: Buffer): void {
      moved = true
      sizeBytes += chunk.length
      if (sizeBytes > bytesMax) fail(tooLarge(bytesMax))
      else if (first === undefined) first = chunk
      else (chunks ??= [first]).push(chunk)
    }
    function onEnd(): void {
      settle()
      try {
        request.assertComplete()
      } catch (error) {
        reject(error)
        return
      }
      resolve(chunks === undefined ? (first ?? noBytes) : Buffer.concat(chunks, sizeBytes))
    }
    function onClose(): void {
      fail(new GantryError('HTTP_BODY_CUT', 'cancelled', 'unexpected EOF'))
    }
    function onError(cause: Error): void {
      const isKnown = cause instanceof GantryError
      fail(isKnown ? cause : new GantryError('HTTP_BODY_CUT', 'cancelled', 'unexpected EOF', { cause }))
    }
    function fail(error: unknown): void {
      settle()
      body.pause()
      reject(error)
    }
    function settle(): void {
      timer?.[Symbol.dispose]()
      body.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError)
      // A late failure of a body that nobody waits for any more concerns nobody.
      body.on('error', ignore)
    }
    if (body.readableEnded) {
      resolve(noBytes)
      return
    }
    if (body.destroyed) {
      onClose()
      return
    }
    watchIdle()
    body.on('data', onData).once('end', onEnd).once('close', onClose).once('error', onError)
  })
}

function ignore(): void {}

function tooLarge(bytesMax: number): GantryError {
  return new GantryError('HTTP_BODY_TOO_LARGE', 'too-large', `request body is larger than ${bytesMax} bytes`)
}

export interface ReadJsonOptions extends ReadBodyOptions {
  /** The value of an empty body; without it an empty body is an error. */
  readonly empty?: unknown
  /** Nesting depth, 1000 unless told. */
  readonly depthMax?: number
}

/**
 * The body as JSON. Of duplicate keys the last counts.
 * @throws GantryError HTTP_BODY_INVALID with the wording of Docker's API for malformed and trailing content; what readBody throws.
 */
export async function readJson(request: HttpRequest, options: ReadJsonOptions = {}): Promise<unknown> {
  return parseJson(await readBody(request, options), options)
}

/** Parses bytes as `readJson` does. */
export function parseJson(bytes: Buffer, options: Pick<ReadJsonOptions, 'empty' | 'depthMax'> = {}): unknown {
  const text = bytes.toString('utf8')
  if (text.trim() === '') {
    if ('empty' in options) return options.empty
    throw new GantryError('HTTP_BODY_INVALID', 'invalid', 'invalid JSON: unexpected end of JSON input')
  }
  assertDepth(bytes, options.depthMax ?? 1000)
  try {
    return JSON.parse(text)
  } catch (cause) {
    const trailing = /after JSON/.test(messageOf(cause))
    const message = trailing ? 'unexpected content after JSON' : `invalid JSON: ${messageOf(cause)}`
    throw new GantryError('HTTP_BODY_INVALID', 'invalid', message, {
      cause,
      remedy: 'Send one well-formed JSON document.',
    })
  }
}

/** Deep nesting breaks recursive readers later on; a document shorter than the limit cannot be that deep. */
function assertDepth(bytes: Buffer, depthMax: number): void {
  if (bytes.length <= depthMax) return
  let depth = 0
  let inString = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === 92) at++
      else if (byte === 34) inString = false
    } else if (byte === 34) inString = true
    else if (byte === 123 || byte === 91) {
      if (++depth > depthMax) throw new GantryError('HTTP_BODY_INVALID', 'invalid', 'invalid JSON: exceeded max depth')
    } else if (byte === 125 || byte === 93) depth--
  }
}
