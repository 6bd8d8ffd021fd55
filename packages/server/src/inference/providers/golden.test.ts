// Each provider's golden fixtures: the request that a call becomes, and what is read from its answers, split at every byte.
import { describe, expect, it } from "vitest"
import type { IdPrefix } from "../../core/index.ts"
import type { ModelEvent } from "../types.ts"
import { errorOfStatus } from "../upstream-error.ts"
import { dialectOf } from "./index.ts"
import { readFixtures, type Fixture } from "./golden.fixtures.ts"
import type { ProviderReader } from "./port.ts"

const fixtures = readFixtures()

function openReader({ deployment }: Fixture): ProviderReader {
  let count = 0
  return dialectOf(deployment).openReader({ deployment, newId: (prefix: IdPrefix) => `${prefix}_${(count += 1)}`, inputChars: 100 })
}

function read(fixture: Fixture, bytes: Uint8Array, cuts: readonly number[] = []): ModelEvent[] {
  const reader = openReader(fixture)
  const events: ModelEvent[] = []
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    events.push(...reader.feed(bytes.subarray(at, cut)))
    at = cut
  }
  return [...events, ...reader.end()]
}

/** Events with what belongs together in one piece, so that a stream and a whole answer can be compared. */
function joined(events: readonly ModelEvent[]): ModelEvent[] {
  const all: ModelEvent[] = []
  for (const event of events) {
    const last = all.at(-1)
    if (last && "text" in event && "text" in last && event.type === last.type)
      all[all.length - 1] = { ...last, text: last.text + event.text }
    else if (event.type === "tool-call-delta" && last?.type === "tool-call-delta" && last.index === event.index)
      all[all.length - 1] = { ...last, arguments: last.arguments + event.arguments }
    else all.push(event)
  }
  return all
}

/** Arguments by meaning: a whole answer may carry them as an object. */
function comparable(events: readonly ModelEvent[]): unknown[] {
  return joined(events).map((event) =>
    event.type === "tool-call-delta" ? { ...event, arguments: JSON.parse(event.arguments) as unknown } : event,
  )
}

describe.each(fixtures)("$name", (fixture) => {
  const { deployment, call, request, stream, answer, errors } = fixture

  it("says where its shapes are documented, and proves something", () => {
    expect(fixture.about.about).not.toBe("")
    expect(fixture.about.source.length).toBeGreaterThan(0)
    expect([request, stream, answer, ...errors].some((part) => part !== undefined)).toBe(true)
  })

  it.runIf(request)("becomes exactly this request, streamed or not", () => {
    const { path, headers = {}, body, streamed = {} } = request!
    const whole = dialectOf(deployment).chatRequest(call, deployment, { stream: false })
    expect(JSON.parse(whole.body)).toEqual(body)
    expect({ path: whole.path, headers: whole.headers }).toEqual({ path, headers })
    const live = dialectOf(deployment).chatRequest(call, deployment, { stream: true })
    expect(JSON.parse(live.body)).toEqual({ ...body, ...streamed.body })
    expect(live.path).toBe(streamed.path ?? path)
  })

  it.runIf(answer?.events)("reads the whole answer", () => {
    const reader = openReader(fixture)
    expect([...reader.feedWhole(answer!.content), ...reader.end()]).toEqual(answer!.events)
  })

  it.runIf(answer?.error)("fails to read the whole answer as it must", () => {
    const reader = openReader(fixture)
    expect(() => [...reader.feedWhole(answer!.content), ...reader.end()]).toThrow(expect.objectContaining(answer!.error!))
  })

  it.runIf(stream?.events)("reads the stream, wherever its bytes are split", () => {
    const { content, events } = stream!
    expect(read(fixture, content)).toEqual(events)
    const expected = JSON.stringify(events)
    for (let cut = 1; cut < content.length; cut += 1)
      if (JSON.stringify(read(fixture, content, [cut])) !== expected)
        expect(read(fixture, content, [cut]), `split at ${cut}`).toEqual(events)
    expect(
      read(
        fixture,
        content,
        Array.from({ length: content.length - 1 }, (_, index) => index + 1),
      ),
    ).toEqual(events)
  })

  it.runIf(stream?.events)("T9 takes no part of the stream for the whole", () => {
    const { content, events = [] } = stream!
    const full = events.at(-1)
    for (let end = 0; end < content.length; end += 7) {
      let last: ModelEvent | undefined
      try {
        last = read(fixture, content.subarray(0, end)).at(-1)
      } catch {
        continue
      }
      // Nothing but white space, a repeated mark, or the report of usage may be missing from what passes for complete.
      expect(last?.type, `cut at ${end}`).toBe("finished")
      expect(last?.type === "finished" && full?.type === "finished" && last.reason === full.reason, `cut at ${end}`).toBe(true)
    }
  })

  it.runIf(stream?.error)("fails to read the stream as it must, wherever its bytes are split", () => {
    const { content, error = {} } = stream!
    for (let cut = 0; cut < content.length; cut += 1)
      expect(() => read(fixture, content, [cut]), `split at ${cut}`).toThrow(expect.objectContaining(error))
  })

  it.runIf(stream?.events && answer?.events)("reads the same from the stream as from the whole answer", () => {
    expect(comparable(stream!.events!)).toEqual(comparable(answer!.events!))
  })

  it.each(errors)("reports status $status", ({ status, headers = {}, body, becomes }) => {
    const text = typeof body === "string" ? body : JSON.stringify(body)
    const error = errorOfStatus(deployment, status, text, headers)
    expect(error).toMatchObject(becomes)
    expect(error.message).not.toMatch(/secret|provider\.example/)
  })
})
