// Reads event streams and takes them up again after a cut, from the last `id:` that was seen: nothing is missed, nothing comes twice.
import { createParser, type EventSourceMessage } from "eventsource-parser"
import { PerdureError } from "./error.ts"
import type { Transport } from "./transport.ts"

export interface StreamOptions {
  signal: AbortSignal
  /** Told when the connection is open (`live`) or being made again (`reconnecting`). */
  onState?: (state: "live" | "reconnecting") => void
}

export interface StreamCall extends StreamOptions {
  path: string
  /** The `id:` to go on after. */
  lastEventId?: string
  /** True for the frame after which the stream is over and is not opened again. */
  isLast: (message: EventSourceMessage) => boolean
}

/** The answer of a stream whose run ended at or before the last id that was seen. */
const nothingMore = 204
const firstRetryMs = 250
const longestRetryMs = 10_000
/** The server writes a comment every 15 s; after this silence the connection is held for dead. */
const silenceMaxMs = 45_000

/** Frames until the last one or until the signal aborts. A refusal (4xx) is thrown; anything else is tried again, ever more slowly. */
export async function* readStream(transport: Transport, call: StreamCall): AsyncGenerator<EventSourceMessage> {
  let lastEventId = call.lastEventId
  let failures = 0
  while (!call.signal.aborted) {
    try {
      const response = await open(transport, call, lastEventId)
      if (response.status === nothingMore) return
      for await (const message of messagesOf(response, call)) {
        failures = 0
        if (message.id !== undefined) lastEventId = message.id
        yield message
        if (call.isLast(message)) return
      }
    } catch (error) {
      if (call.signal.aborted) return
      if (error instanceof PerdureError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error
    }
    if (call.signal.aborted) return
    call.onState?.("reconnecting")
    await pause(Math.min(longestRetryMs, firstRetryMs * 2 ** failures++), call.signal)
  }
}

function open(transport: Transport, call: StreamCall, lastEventId: string | undefined): Promise<Response> {
  const headers: Record<string, string> = { accept: "text/event-stream" }
  if (lastEventId !== undefined) headers["last-event-id"] = lastEventId
  return transport.open({ path: call.path, headers, signal: call.signal })
}

async function* messagesOf(response: Response, call: StreamCall): AsyncGenerator<EventSourceMessage> {
  if (!response.body) return
  call.onState?.("live")
  const ready: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (message) => void ready.push(message) })
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  const giveUp = (): void => void reader.cancel().catch(() => undefined)
  let timer = setTimeout(giveUp, silenceMaxMs)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(giveUp, silenceMaxMs)
      parser.feed(decoder.decode(value, { stream: true }))
      yield* ready.splice(0)
    }
  } finally {
    clearTimeout(timer)
    await reader.cancel().catch(() => undefined)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener("abort", end, { once: true })
  })
}
