/** Progress of pulls, pushes, loads and builds: a bar per layer on a terminal, plain lines otherwise. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { formatFloat } from '#cli/output/go-values.ts'
import { formatDecimalSize } from '#base/data/byte-size.ts'
import { exitWith } from './exit.ts'
import type { Session } from './session.ts'

export interface ProgressMessage {
  readonly stream?: string
  readonly status?: string
  readonly id?: string
  readonly progress?: string
  readonly progressDetail?: {
    readonly current?: number
    readonly total?: number
    readonly start?: number
    readonly hidecounts?: boolean
    readonly units?: string
  }
  readonly error?: string
  readonly errorDetail?: { readonly code?: number; readonly message?: string }
  readonly aux?: unknown
}

export interface ProgressOptions {
  /** Gets the payload of `aux` messages. */
  readonly onAux?: (aux: unknown) => void
  /** Where the text goes; default standard output. */
  readonly print?: (text: string) => Promise<void>
  readonly terminal?: boolean
}

interface Display {
  readonly terminal: boolean
  readonly columns: number
}

/** Shows messages until they end. Throws the failure that the stream reports. */
export async function showProgress(
  session: Session,
  messages: AsyncIterable<ProgressMessage>,
  options: ProgressOptions = {},
): Promise<void> {
  const terminal = options.terminal ?? session.io.terminal.stdoutIsTerminal
  const print = options.print ?? ((text: string) => session.print(text))
  const lines = new Map<string, number>()
  for await (const message of messages) {
    if (message.aux !== undefined) options.onAux?.(message.aux)
    if (message.errorDetail !== undefined || message.error) throw streamFailure(message)
    if (message.aux !== undefined && message.status === undefined && message.stream === undefined) continue
    await print(placed(lines, message, { terminal, columns: session.columns() }))
  }
}

/** A message's text where it belongs: on the line of its layer, or on one of its own. */
function placed(lines: Map<string, number>, message: ProgressMessage, display: Display): string {
  const text = messageText(message, display)
  const line = ownLine(message)
  if (line !== undefined) return moveTo(lines, line, display.terminal) + text + moveBack(lines, line, display.terminal)
  lines.clear()
  return text
}

function isLayer({ id, progressDetail }: ProgressMessage): boolean {
  return Boolean(id) && progressDetail !== undefined
}

/** The layer on whose line a message stays; undefined for one that gets a line of its own. */
function ownLine({ id, progress, progressDetail }: ProgressMessage): string | undefined {
  return id && (progressDetail !== undefined || progress) ? id : undefined
}

function streamFailure({ error = '', errorDetail }: ProgressMessage): GantryError {
  const message = errorDetail?.message ?? error
  const code = errorDetail?.code ?? 0
  return code > 0 && code < 256
    ? exitWith(code, message)
    : new GantryError('DOCKER_DAEMON', code === 401 ? 'unauthorized' : 'internal', message, {
        details: { message, ...(code === 0 ? {} : { streamCode: code }) },
      })
}

/** Goes up to the line of a layer, starting one when it is new. */
function moveTo(lines: Map<string, number>, id: string, terminal: boolean): string {
  if (!terminal) return ''
  const known = lines.get(id)
  if (known === undefined) {
    lines.set(id, lines.size)
    return '\n\u001b[1A'
  }
  const up = lines.size - known
  return up > 0 ? `\u001b[${up}A` : ''
}

function moveBack(lines: Map<string, number>, id: string, terminal: boolean): string {
  if (!terminal) return ''
  const down = lines.size - (lines.get(id) ?? 0)
  return down > 0 ? `\u001b[${down}B` : ''
}

/** One message as text (jsonmessage's Display). */
export function messageText(message: ProgressMessage, { terminal, columns }: Display): string {
  const { id, status = '', stream = '', progress } = message
  const head = id ? `${id}: ` : ''
  const bar = progressText(message, terminal ? columns : 0) || progress
  // Something to measure is shown only where it can be drawn over.
  if (bar) return terminal && stream === '' ? `${clearLine}${head}${status} ${bar}\r` : ''
  if (stream !== '') return head + stream
  return `${terminal && isLayer(message) ? clearLine : ''}${head}${status}\n`
}

const clearLine = '\u001b[2K\r'

/** `[==>   ]  1.2MB/3.4MB`; empty when there is nothing to measure. */
export function progressText({ progressDetail: detail }: ProgressMessage, columns: number): string {
  const { current = 0, total = 0, units: unit = '', hidecounts } = detail ?? {}
  if (current <= 0 && total <= 0) return ''
  const size = (value: number): string =>
    unit === '' ? formatDecimalSize(value) : `${formatFloat(value, 'g', -1)} ${unit}`
  if (total <= 0) return unit === '' ? formatDecimalSize(current).padStart(8) : `${current} ${unit}`
  const bar = columns > 110 ? drawBar(current / total) : ''
  return hidecounts === true ? bar : bar + size(current).padStart(8) + (current > total ? '' : `/${size(total)}`)
}

function drawBar(share: number): string {
  const filled = Math.floor(Math.min(50, Math.floor(share * 100) / 2))
  return `[${'='.repeat(filled)}>${' '.repeat(Math.max(0, 50 - filled))}] `
}
