/** The structured log: levels, fields, JSON lines or readable lines, secrets hidden, every record bounded. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { formatInstant } from '#world/ports/clock.ts'
import { isSecretName, redactText } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Values of a record; errors print their text, code and causes. */
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A log whose records all carry these fields. */
  with(fields: LogFields): Log
  /** True when records of a level are written: saves the making of costly fields. */
  isOn(level: LogLevel): boolean
}

export interface LogOptions {
  readonly level: LogLevel
  /** `json` for machines, `text` for a terminal. */
  readonly format: 'json' | 'text'
  /** Takes a whole line with its newline; must not throw. */
  readonly write: (line: string) => void
  readonly clock: { now(): number }
  readonly fields?: LogFields
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
const labels: Readonly<Record<LogLevel, string>> = { debug: 'DEBUG', info: 'INFO ', warn: 'WARN ', error: 'ERROR' }

/** Longest text of one field, fields of one record, depth of nested values: a record stays far below 64 KiB. */
const textMax = 4096
const fieldsMax = 50
const depthMax = 4

/** Creates a log. */
export function createLog(options: LogOptions): Log {
  const least = ranks[options.level]
  const record = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (ranks[level] < least) return
    const bounded = boundFields({ ...options.fields, ...fields })
    const time = formatInstant(Math.trunc(options.clock.now()))
    const text = boundText(message)
    if (options.format === 'json') options.write(`${JSON.stringify({ time, level, message: text, ...bounded })}\n`)
    else
      options.write(
        `${time.slice(11, 23).replace('Z', '').padEnd(12)} ${labels[level]} ${oneLine(text)}${formatFields(bounded)}\n`,
      )
  }
  return {
    debug: (message, fields) => record('debug', message, fields),
    info: (message, fields) => record('info', message, fields),
    warn: (message, fields) => record('warn', message, fields),
    error: (message, fields) => record('error', message, fields),
    with: (fields) => createLog({ ...options, fields: { ...options.fields, ...fields } }),
    isOn: (level) => ranks[level] >= least,
  }
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLog,
  isOn: () => false,
}

function boundFields(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  let count = 0
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (++count > fieldsMax) break
    // The record's own members cannot be forged by a field.
    const key = name === 'time' || name === 'level' || name === 'message' ? `field.${name}` : name
    result[key] = isSecretName(name) ? '[hidden]' : boundValue(value, 0)
  }
  return result
}

function boundValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return boundText(value)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return boundError(value, depth)
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  if (typeof value === 'function' || typeof value === 'symbol') return String(value).slice(0, 80)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) return '…'
  if (Array.isArray(value)) return value.slice(0, fieldsMax).map((item) => boundValue(item, depth + 1))
  const entries = Object.entries(value).slice(0, fieldsMax)
  return Object.fromEntries(
    entries.map(([name, item]) => [name, isSecretName(name) ? '[hidden]' : boundValue(item, depth + 1)]),
  )
}

function boundError(error: Error, depth: number): unknown {
  const result: Record<string, unknown> = { message: boundText(messageOf(error)) }
  if (error instanceof GantryError) result['code'] = error.code
  else result['stack'] = boundText(error.stack ?? '')
  if (error.cause !== undefined && depth < depthMax) result['cause'] = boundValue(error.cause, depth + 1)
  return result
}

function boundText(text: string): string {
  // Cut before hiding, so that a huge text costs no more than a long one.
  const cut = text.length > textMax ? `${text.slice(0, textMax)}… (${text.length} characters)` : text
  return redactText(cut)
}

function formatFields(fields: LogFields): string {
  let text = ''
  for (const [name, value] of Object.entries(fields))
    text += ` ${oneLine(name)}=${typeof value === 'string' && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value)}`
  return text
}

/** Control characters would let a container's text write lines of its own or move the cursor. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}
