// The one place that writes to the terminal: results to stdout, everything else to stderr, colour only where it is wanted.
import { styleText } from "node:util"
import { readEnvironment } from "../config/index.ts"
import { AppError, messageOf } from "../core/index.ts"

type Style = Parameters<typeof styleText>[0]

export interface Terminal {
  /** A line of the result. */
  print(line: string): void
  /** A line for people that scripts do not read. */
  note(line: string): void
  readonly style: (style: Style, text: string) => string
}

export interface TerminalStreams {
  stdout: { write(text: string): unknown; isTTY?: boolean }
  stderr: { write(text: string): unknown; isTTY?: boolean }
  noColour: boolean
}

export function createTerminal(
  streams: TerminalStreams = { stdout: process.stdout, stderr: process.stderr, noColour: readEnvironment().noColour },
): Terminal {
  const isColoured = !streams.noColour && streams.stdout.isTTY === true
  return {
    print: (line) => void streams.stdout.write(`${line}\n`),
    note: (line) => void streams.stderr.write(`${line}\n`),
    style: (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** A reader that went away (`perdure keys list | head -1`) ends neither the command nor the server. */
export function ignoreBrokenPipes(streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error
    })
  }
}

/** Says what failed and which command comes next. */
export function reportFailure(terminal: Terminal, error: unknown, isJson: boolean): void {
  const next = nextStep(error)
  if (isJson) {
    const code = error instanceof AppError ? error.code : "failed"
    terminal.print(JSON.stringify({ error: { code, message: messageOf(error), next } }))
    return
  }
  terminal.note(`error: ${messageOf(error)}`)
  terminal.note(`next:  ${next}`)
}

function nextStep(error: unknown): string {
  if (error instanceof AppError && error.hint !== undefined) return error.hint
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined
  if (code === "EADDRINUSE") return "perdure start --port 0   (any free port), or stop what listens there"
  const isListening = typeof error === "object" && error !== null && "syscall" in error && error.syscall === "listen"
  if (isListening && code === "EACCES") return "perdure start --port 8080   (ports below 1024 need rights: leave them to a proxy in front)"
  if (isListening && code === "EADDRNOTAVAIL") return "perdure start --host 127.0.0.1, or 0.0.0.0 for all addresses that this machine has"
  if (code === "EACCES" || code === "EPERM") return "perdure doctor   (says which directory cannot be written)"
  return "perdure doctor"
}
