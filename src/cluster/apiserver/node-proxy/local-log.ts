/** Logs that the server itself can tell, of pods whose node runs nothing: read and followed as a kubelet's are. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { Clock } from '#world/ports/clock.ts'
import { parseTime } from '#spec/kubernetes/decode/time-text.ts'
import type { ApiObject } from '../api-object.ts'
import { badRequest } from '../status-errors.ts'

/** One line, and when it was written. */
export interface LocalLine {
  readonly timeMs: number
  readonly text: string
}

/** The lines so far, or why there are none. */
export type LocalLog = { readonly lines: readonly LocalLine[]; readonly isOver: boolean } | { readonly problem: string }

/** Tells logs; undefined for a pod whose node keeps its own. */
export interface LocalLogs {
  read(
    pod: ApiObject,
    node: ApiObject | undefined,
    question: { readonly container: string; readonly previous: boolean; readonly nowMs: number },
  ): LocalLog | undefined
}

export interface LocalLogSource {
  readonly clock: Clock
  /** The log now; undefined once the pod is gone. */
  readonly read: () => LocalLog | undefined
  /** The kubelet's query: tailLines, limitBytes, sinceSeconds, sinceTime, timestamps, follow, stream. */
  readonly params: URLSearchParams
}

/** How often a followed log is looked at. */
const followMs = 500

function sinceMs(params: URLSearchParams, nowMs: number): number {
  const seconds = params.get('sinceSeconds')
  if (seconds !== null) return nowMs - Number(seconds) * 1000
  const time = params.get('sinceTime')
  if (time === null) return Number.NEGATIVE_INFINITY
  try {
    const { seconds: at, nanos } = parseTime(time)
    return at * 1000 + nanos / 1e6
  } catch {
    return Number.NEGATIVE_INFINITY
  }
}

function lineText({ timeMs, text }: LocalLine, withTimes: boolean): string {
  if (!withTimes) return `${text}\n`
  const date = new globalThis.Date(timeMs).toISOString()
  return `${date.slice(0, -1)}000000Z ${text}\n`
}

/** Lets bytes through until the limit is reached. */
class ByteLimit {
  #left: number

  constructor(params: URLSearchParams) {
    const limit = params.get('limitBytes')
    this.#left = limit === null ? Number.POSITIVE_INFINITY : Number(limit)
  }

  get isReached(): boolean {
    return this.#left <= 0
  }

  take(text: string): Buffer {
    const bytes = Buffer.from(text)
    const taken = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= taken.length
    return taken
  }
}

/** The lines that are told at first: since a moment, and the last so many. */
function firstLines(lines: readonly LocalLine[], params: URLSearchParams, nowMs: number): readonly LocalLine[] {
  const fromMs = sinceMs(params, nowMs)
  const since = lines.filter(({ timeMs }) => timeMs >= fromMs)
  const tail = params.get('tailLines')
  return tail === null ? since : since.slice(Math.max(0, since.length - Number(tail)))
}

interface Exchange {
  readonly http: HttpRequest
  readonly response: HttpResponse
}

/** Answers a request for a log. @throws 400 for a container that has none. */
export async function sendLocalLog({ http, response }: Exchange, source: LocalLogSource): Promise<void> {
  const { clock, read, params } = source
  const log = read()
  if (log === undefined || 'problem' in log) throw badRequest(log?.problem ?? 'the pod is gone')
  response.start(200, { 'Content-Type': 'text/plain' })
  const limit = new ByteLimit(params)
  // What is written to the standard output is all there is.
  const isMute = params.get('stream') === 'Stderr'
  const send = async (lines: readonly LocalLine[]): Promise<void> => {
    const texts = isMute ? [] : lines.map((line) => lineText(line, params.has('timestamps')))
    const bytes = limit.take(texts.join(''))
    if (bytes.length > 0) await response.write(bytes)
  }
  await send(firstLines(log.lines, params, clock.now()))
  if (params.has('follow') && !log.isOver) {
    for await (const lines of linesAfter(log.lines, source, http.signal)) {
      await send(lines)
      if (limit.isReached) break
    }
  }
  response.end()
}

/** The lines that come after some, as they come, until the container has ended, its pod is gone or nobody listens. */
async function* linesAfter(
  before: readonly LocalLine[],
  { clock, read }: LocalLogSource,
  signal: AbortSignal,
): AsyncGenerator<readonly LocalLine[]> {
  let toldMs = before.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY
  for (let isOver = false; !isOver;) {
    await clock.sleep(followMs, signal).catch(() => undefined)
    const log = signal.aborted ? undefined : read()
    if (log === undefined || 'problem' in log) return
    const told = toldMs
    yield log.lines.filter(({ timeMs }) => timeMs > told)
    toldMs = log.lines.at(-1)?.timeMs ?? toldMs
    isOver = log.isOver
  }
}
