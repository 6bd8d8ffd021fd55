// Streams a response: holds the head back until there is content, then writes one frame per event, as its run log tells.
import type { Context } from "hono"
import type { ReadEvent } from "../../../agents/index.ts"
import { errorOfData } from "../../../agents/index.ts"
import { messageOf, sleep, sseDone, sseEvent, type JsonObject } from "../../../core/index.ts"
import type { HttpEnv } from "../../env.ts"
import { openSse } from "../../sse-writer.ts"

export interface StreamLimits {
  readonly headHoldMs: number
  readonly keepAliveMs: number
}

export interface StreamOptions extends StreamLimits {
  readonly hold: boolean
  /** Asked when the head goes out. */
  readonly headers: () => Readonly<Record<string, string>>
  /** Asked at the end. */
  readonly trailers: () => Readonly<Record<string, string>>
}

/** Events that say nothing yet: a failure behind them can still be a real status. */
export function saysNothingYet(type: string): boolean {
  return type === "response.created" || type === "response.queued" || type === "response.in_progress"
}

/**
 * T12: the head waits for the first event with content, at most `headHoldMs`. An error before that is thrown, so that the
 * client gets a status; an error after it is the error event that the log holds.
 */
export async function streamEvents(context: Context<HttpEnv>, events: AsyncIterator<ReadEvent>, options: StreamOptions): Promise<Response> {
  const held = options.hold ? await heldBack(events, options.headHoldMs) : { events: [], next: events.next() }
  const sse = openSse(context, { keepAliveMs: options.keepAliveMs, headers: options.headers() })
  let next = held.next
  try {
    for (const event of held.events) await sse.write(frameOf(event))
    for (let result = await next; result.done !== true; result = await next) {
      if (!(await sse.write(frameOf(result.value.event)))) break
      next = events.next()
    }
    await sse.write(sseDone)
  } catch (error) {
    // T8: nothing escapes from a stream that has begun; the client sees a broken stream with the reason, not a clean end.
    await sse.write(
      frameOf({
        type: "error",
        code: "server_error",
        message: "The server failed while it read this response",
        param: null,
        reason: messageOf(error).length > 0 ? "internal" : null,
      }),
    )
  } finally {
    sse.end(options.trailers())
  }
  return sse.response
}

interface Held {
  readonly events: readonly JsonObject[]
  /** What was asked for and has not come yet. */
  readonly next: Promise<IteratorResult<ReadEvent>>
}

async function heldBack(events: AsyncIterator<ReadEvent>, holdMs: number): Promise<Held> {
  const held: JsonObject[] = []
  const over = new AbortController()
  const timeout = sleep(holdMs, over.signal).then(
    () => undefined,
    () => undefined,
  )
  try {
    for (;;) {
      const next = events.next()
      const result = await Promise.race([next, timeout])
      if (result === undefined || result.done === true) return { events: held, next }
      const { event, row } = result.value
      if (event.type === "error" && row) throw errorOfData(row)
      held.push(event)
      if (!saysNothingYet(event.type)) return { events: held, next: events.next() }
    }
  } finally {
    over.abort(new Error("the hold is over"))
  }
}

function frameOf(event: JsonObject): string {
  return sseEvent(event["type"] as string, event)
}
