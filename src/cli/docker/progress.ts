/** Progress of pulls, pushes, loads and builds: a bar per layer on a terminal, plain lines otherwise. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { formatFloat } from '#cli/output/go-values.ts'
import { humanSize } from '#cli/output/human-units.ts'
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
    if (message.errorDetail !== undefined || (message.error ?? '') !== '') throw streamFailure(message)
    if (message.aux !== undefined && message.status === undefined && message.stream === undefined) continue
    const withId = (message.id ?? '') !== ''
    if (withId && (message.progressDetail !== undefined || (message.progress ?? '') !== '')) {
      await print(
        moveTo(lines, message.id ?? '', terminal) +
          messageText(message, { terminal, columns: session.columns() }) +
          moveBack(lines, message.id ?? '', terminal),
      )
      continue
    }
    lines.clear()
    await print(messageText(message, { terminal, columns: session.columns() }))
  }
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
export function messageText(
  message: ProgressMessage,
  { terminal, columns }: { readonly terminal: boolean; readonly columns: number },
): string {
  const bar = progressText(message, terminal ? columns : 0)
  const plainProgress = message.progress ?? ''
  let end = ''
  let text = ''
  if (terminal && (message.stream ?? '') === '' && (bar !== '' || plainProgress !== '')) {
    text += '\u001b[2K\r'
    end = '\r'
  } else if (bar !== '' || plainProgress !== '') return ''
  if ((message.id ?? '') !== '') text += `${message.id ?? ''}: `
  if (bar !== '' && terminal) return `${text}${message.status ?? ''} ${bar}${end}`
  if (plainProgress !== '') return `${text}${message.status ?? ''} ${plainProgress}${end}`
  if ((message.stream ?? '') !== '') return `${text}${message.stream ?? ''}${end}`
  const clear = terminal && (message.id ?? '') !== '' && message.progressDetail !== undefined ? '\u001b[2K\r' : ''
  return `${clear}${text}${message.status ?? ''}${end}\n`
}

/** `[==>   ]  1.2MB/3.4MB`; empty when there is nothing to measure. */
export function progressText({ progressDetail: detail }: ProgressMessage, columns: number): string {
  const current = detail?.current ?? 0
  const total = detail?.total ?? 0
  if (current <= 0 && total <= 0) return ''
  const unit = detail?.units ?? ''
  const size = (value: number): string => (unit === '' ? humanSize(value) : `${formatFloat(value, 'g', -1)} ${unit}`)
  if (total <= 0) return unit === '' ? humanSize(current).padStart(8) : `${current} ${unit}`
  const share = Math.min(50, Math.floor((current / total) * 100) / 2)
  const filled = Math.floor(share)
  const bar = columns > 110 ? `[${'='.repeat(filled)}>${' '.repeat(Math.max(0, 50 - filled))}] ` : ''
  const counts =
    detail?.hidecounts === true
      ? ''
      : current > total
        ? size(current).padStart(8)
        : `${size(current).padStart(8)}/${size(total)}`
  return bar + counts
}
