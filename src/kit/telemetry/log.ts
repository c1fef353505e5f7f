/** Structured log: a message, a level, and fields. What it is written to is the creator's choice. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** One entry, before it is written. */
export interface LogEntry {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/** A logger that hands entries at or above `level` to `write`. */
export function createLogger(write: (entry: LogEntry) => void, level: LogLevel = 'info'): Logger {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (order.indexOf(own) >= order.indexOf(level)) write({ level: own, message, fields })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
