// The log: JSON lines with fields, one child per folder, secrets taken out before a line is made.
import { destination, pino, type DestinationStream } from "pino"
import { redact, redactText } from "./redact.ts"

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent"

/** What the parts log with: fields first, then a short constant sentence. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** A logger whose lines carry `folder`. */
  child(folder: string): Logger
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** Standard error when absent: standard output belongs to the commands. */
  readonly to?: DestinationStream
}

export function createLogger(options: LoggerOptions): Logger {
  const root = pino(
    {
      level: options.level,
      base: {},
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.to ?? destination({ fd: 2, sync: true }),
  )
  return wrap(root)
}

interface PinoLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(bindings: object): PinoLogger
}

function wrap(inner: PinoLogger): Logger {
  return {
    debug: (fields, message) => inner.debug(clean(fields), redactText(message)),
    info: (fields, message) => inner.info(clean(fields), redactText(message)),
    warn: (fields, message) => inner.warn(clean(fields), redactText(message)),
    error: (fields, message) => inner.error(clean(fields), redactText(message)),
    child: (folder) => wrap(inner.child({ folder })),
  }
}

/** An error that is logged as the fields itself goes under `error`. */
function clean(fields: object): object {
  return fields instanceof Error ? { error: redact(fields) } : (redact(fields) as object)
}
