// Turns an AsyncIterable of SSE frames into an answer: comments in silence, back-pressure, and an end when the client leaves.
import { sseHeaders, ssePing } from "../../core/index.ts"

export interface EventStreamOptions {
  /** Aborted by the connection's end. */
  client: AbortSignal
  keepAliveMs: number
  frames: (signal: AbortSignal) => AsyncIterable<string>
  onError: (error: unknown) => void
}

export function eventStream(options: EventStreamOptions): Response {
  const ended = new AbortController()
  const signal = AbortSignal.any([options.client, ended.signal])
  const encoder = new TextEncoder()
  let wanted: (() => void) | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void pump(controller),
      pull: () => wanted?.(),
      cancel: () => ended.abort(),
    },
    { highWaterMark: 16 },
  )

  async function pump(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    // A reader that doesn't read gets no comments either: its buffer stays as it is.
    const ping = setInterval(() => room(controller) && controller.enqueue(encoder.encode(ssePing)), options.keepAliveMs)
    try {
      controller.enqueue(encoder.encode(ssePing))
      for await (const frame of options.frames(signal)) {
        if (signal.aborted) break
        controller.enqueue(encoder.encode(frame))
        if (!room(controller)) await roomMade(signal)
      }
      if (!signal.aborted) controller.close()
    } catch (error) {
      if (signal.aborted) return
      options.onError(error)
      controller.error(error)
    } finally {
      clearInterval(ping)
      ended.abort()
    }
  }

  function roomMade(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      wanted = resolve
      signal.addEventListener("abort", () => resolve(), { once: true })
    })
  }

  return new Response(body, { headers: sseHeaders })
}

function room(controller: ReadableStreamDefaultController<Uint8Array>): boolean {
  return (controller.desiredSize ?? 0) > 0
}
