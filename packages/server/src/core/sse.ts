// Server-sent events as bytes: one frame is one string with LF only and one `data:` line, written at once.

/** A frame with an event name: `event: name` and one `data:` line of JSON. */
export function sseEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A frame without a name, as chat completions use. */
export function sseData(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

export const sseDone = "data: [DONE]\n\n"
export const ssePing = ": ping\n\n"

/** The head of every event stream; never compressed, never cached. */
export const sseHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
} as const
