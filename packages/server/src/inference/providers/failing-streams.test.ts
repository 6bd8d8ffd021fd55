// What a stream said before it failed, over the golden fixtures of each dialect: it is told first, also when the failure lies in the same bytes.
import { describe, expect, it } from "vitest"
import type { IdPrefix } from "../../core/index.ts"
import type { Dialect, ModelEvent } from "../types.ts"
import { UpstreamError } from "../upstream-error.ts"
import { awsEvent, awsException } from "./bedrock/event-stream.fixtures.ts"
import { readFixtures, type Fixture } from "./golden.fixtures.ts"
import { dialectOf } from "./index.ts"
import type { ProviderReader } from "./port.ts"

const streams = readFixtures().flatMap(({ stream, ...fixture }) => (stream?.events ? [{ ...fixture, bytes: stream.content }] : []))
type Stream = (typeof streams)[number]

function openReader({ deployment }: Pick<Fixture, "deployment">): ProviderReader {
  let count = 0
  return dialectOf(deployment).openReader({ deployment, newId: (prefix: IdPrefix) => `${prefix}_${(count += 1)}`, inputChars: 100 })
}

interface Read {
  events: ModelEvent[]
  error: unknown
  /** The answer was whole. */
  isDone: boolean
}

/** Without an end of the transport: only what the bytes say. */
function read(stream: Stream, pieces: readonly Uint8Array[]): Read {
  const reader = openReader(stream)
  const events: ModelEvent[] = []
  try {
    for (const piece of pieces) for (const event of reader.feed(piece)) events.push(event)
    return { events, error: undefined, isDone: reader.done }
  } catch (error) {
    return { events, error, isDone: reader.done }
  }
}

/** Where each frame of the stream ends. */
function frameEnds({ deployment, bytes }: Stream): number[] {
  if (dialectOf(deployment).name === "bedrock-converse") {
    const view = Buffer.from(bytes)
    const ends: number[] = []
    for (let at = 0; at < view.length; ends.push(at)) at += view.readUInt32BE(at)
    return ends
  }
  return [
    ...Buffer.from(bytes)
      .toString("latin1")
      .matchAll(/\r?\n\r?\n/g),
  ].map(({ index, 0: blank }) => index + blank.length)
}

const damaged = awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "lost" } })
damaged.writeUInt32BE(0, damaged.length - 4)

const anthropicFailures = events({ type: "error", error: { type: "overloaded_error", message: "it broke" } })
/** A frame that tells an error, as each dialect does it, and one that cannot be read. */
const failures: Readonly<Partial<Record<Dialect, { error: Uint8Array; broken: Uint8Array }>>> = {
  "openai-chat": events({ error: { message: "it broke", type: "server_error" } }),
  "openai-responses": events({ type: "error", code: "server_error", message: "it broke" }),
  "anthropic-messages": anthropicFailures,
  "anthropic-vertex": anthropicFailures,
  gemini: events({ error: { code: 503, message: "it broke", status: "UNAVAILABLE" } }),
  cohere: events({ message: "it broke" }),
  "bedrock-converse": {
    error: awsException("modelStreamErrorException", { message: "it broke" }),
    broken: damaged,
  },
}

function events(error: object): { error: Uint8Array; broken: Uint8Array } {
  return { error: Buffer.from(`data: ${JSON.stringify(error)}\n\n`), broken: Buffer.from('data: {"id":"x","del\n\n') }
}

const cases = streams.flatMap((stream) => {
  const failure = failures[dialectOf(stream.deployment).name]
  if (!failure) throw new Error(`${stream.name}: how this dialect fails in a stream is not said here`)
  return [
    { ...stream, what: "an error", failure: failure.error },
    { ...stream, what: "a frame that cannot be read", failure: failure.broken },
  ]
})

/** Of each dialect, as it takes a while. */
const oneOfEach = Object.keys(failures).flatMap((dialect) => {
  const own = cases.filter(({ deployment }) => dialectOf(deployment).name === dialect)
  return own.filter(({ name }) => name === own[0]?.name)
})

describe("a stream that fails in the middle", () => {
  it("is tried in each dialect that is read", () => {
    expect(new Set(streams.map(({ deployment }) => dialectOf(deployment).name))).toEqual(new Set(Object.keys(failures)))
  })

  it.each(cases)("$name: $what takes nothing away of what came before it in the same bytes", ({ failure, ...stream }) => {
    for (const end of frameEnds(stream)) {
      const before = stream.bytes.subarray(0, end)
      const good = read(stream, [before])
      const failed = read(stream, [Buffer.concat([before, failure])])
      expect(failed.events, `after ${end} bytes`).toEqual(good.events)
      // What follows the whole answer is no part of it.
      if (good.isDone) expect(failed.error, `after ${end} bytes`).toBeUndefined()
      else expect(failed.error, `after ${end} bytes`).toBeInstanceOf(UpstreamError)
    }
  })

  it.each(oneOfEach)("$name: $what is the same wherever the bytes are split", ({ failure, ...stream }) => {
    const ends = frameEnds(stream)
    const bytes = Buffer.concat([stream.bytes.subarray(0, ends[ends.length >> 1]), failure])
    const once = read(stream, [bytes])
    const told = (one: Read): string => JSON.stringify([one.events, String(one.error)])
    const positions = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1)
    expect(positions.filter((cut) => told(read(stream, [bytes.subarray(0, cut), bytes.subarray(cut)])) !== told(once))).toEqual([])
  })
})
