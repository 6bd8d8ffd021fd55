// Each provider's golden fixtures: the request that a call becomes, and what is read from its answers, split at every byte.
import { describe, expect, it } from "vitest"
import type { IdPrefix, JsonObject } from "../../core/index.ts"
import type { ModelEvent } from "../types.ts"
import { errorOfStatus } from "../upstream-error.ts"
import { dialectOf } from "./index.ts"
import { readFixtures, type Fixture, type FixtureAnswer } from "./golden.fixtures.ts"
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

function readWhole(fixture: Fixture, answer: JsonObject): ModelEvent[] {
  const reader = openReader(fixture)
  return [...reader.feedWhole(answer), ...reader.end()]
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

/** Arguments by meaning: a whole answer may carry them as an object. Of passed items what they are in the end. */
function comparable(events: readonly ModelEvent[]): unknown[] {
  const ended = events.filter(({ type }) => type !== "item-started" && type !== "item-progress")
  return joined(ended).map((event) =>
    event.type === "tool-call-delta" ? { ...event, arguments: JSON.parse(event.arguments) as unknown } : event,
  )
}

/** Undefined where the part is refused. */
function lastBefore(fixture: Fixture, content: Uint8Array, end: number): ModelEvent | undefined {
  try {
    return read(fixture, content.subarray(0, end)).at(-1)
  } catch {
    return undefined
  }
}

function reasonOf(event: ModelEvent | undefined): string | undefined {
  return event?.type === "finished" ? event.reason : undefined
}

/** Only the fixtures that have this part. */
function having<Key extends keyof Fixture>(key: Key): { fixture: Fixture; part: NonNullable<Fixture[Key]> }[] {
  return fixtures.flatMap((fixture) => {
    const part = fixture[key]
    return part === undefined ? [] : [{ fixture, part }]
  })
}

function withEvents<Content>(answers: { fixture: Fixture; part: FixtureAnswer<Content> }[]): Read<Content>[] {
  return answers.flatMap(({ fixture, part: { content, events } }) => (events ? [{ fixture, content, events }] : []))
}

interface Read<Content> {
  fixture: Fixture
  content: Content
  events: readonly ModelEvent[]
}

function withError<Content>(
  answers: { fixture: Fixture; part: FixtureAnswer<Content> }[],
): { fixture: Fixture; content: Content; error: object }[] {
  return answers.flatMap(({ fixture, part: { content, error } }) => (error ? [{ fixture, content, error }] : []))
}

const streams = withEvents(having("stream"))
const answers = withEvents(having("answer"))
const both = streams.flatMap((stream) => {
  const answer = answers.find(({ fixture }) => fixture === stream.fixture)
  return answer ? [{ fixture: stream.fixture, streamed: stream.events, whole: answer.events }] : []
})

describe("golden fixtures", () => {
  it.each(fixtures)("$name says where its shapes are documented, and proves something", ({ about, request, stream, answer, errors }) => {
    expect(about.about).not.toBe("")
    expect(about.source.length).toBeGreaterThan(0)
    expect([request, stream, answer, ...errors].some((part) => part !== undefined)).toBe(true)
  })

  it.each(having("request"))("$fixture.name becomes exactly this request, streamed or not", ({ fixture: { deployment, call }, part }) => {
    const { path, headers = {}, body, streamed = {} } = part
    const whole = dialectOf(deployment).chatRequest(call, deployment, { stream: false })
    expect(JSON.parse(whole.body)).toEqual(body)
    expect({ path: whole.path, headers: whole.headers }).toEqual({ path, headers })
    const live = dialectOf(deployment).chatRequest(call, deployment, { stream: true })
    expect(JSON.parse(live.body)).toEqual({ ...body, ...streamed.body })
    expect(live.path).toBe(streamed.path ?? path)
  })

  it.each(answers)("$fixture.name: the whole answer is read", ({ fixture, content, events }) => {
    expect(readWhole(fixture, content)).toEqual(events)
  })

  it.each(withError(having("answer")))("$fixture.name: the whole answer fails as it must", ({ fixture, content, error }) => {
    expect(() => readWhole(fixture, content)).toThrow(expect.objectContaining(error))
  })

  it.each(streams)("$fixture.name: the stream is read, wherever its bytes are split", ({ fixture, content, events }) => {
    expect(read(fixture, content)).toEqual(events)
    const once = JSON.stringify(read(fixture, content))
    const positions = Array.from({ length: content.length - 1 }, (_, index) => index + 1)
    expect(positions.filter((cut) => JSON.stringify(read(fixture, content, [cut])) !== once)).toEqual([])
    expect(JSON.stringify(read(fixture, content, positions))).toBe(once)
  })

  it.each(streams)("T9 $fixture.name: no part of the stream passes for the whole", ({ fixture, content, events }) => {
    const positions = Array.from({ length: Math.floor(content.length / 7) }, (_, index) => index * 7)
    // Only white space, a repeated mark, or the report of usage may be missing from what passes for complete.
    const complete = `finished ${reasonOf(events.at(-1))}`
    const passed = positions.map((end) => lastBefore(fixture, content, end)).filter((last) => last !== undefined)
    expect(passed.filter((last) => `${last.type} ${reasonOf(last)}` !== complete)).toEqual([])
  })

  it.each(withError(having("stream")))(
    "$fixture.name: the stream fails as it must, wherever its bytes are split",
    ({ fixture, content, error }) => {
      for (let cut = 0; cut < content.length; cut += 1)
        expect(() => read(fixture, content, [cut]), `split at ${cut}`).toThrow(expect.objectContaining(error))
    },
  )

  it.each(both)("$fixture.name: stream and whole answer say the same", ({ streamed, whole }) => {
    expect(comparable(streamed)).toEqual(comparable(whole))
  })

  it.each(fixtures.flatMap((fixture) => fixture.errors.map((error) => ({ fixture, ...error }))))(
    "$fixture.name: status $status is reported",
    ({ fixture: { deployment }, status, headers = {}, body, becomes }) => {
      const error = errorOfStatus(deployment, status, typeof body === "string" ? body : JSON.stringify(body), headers)
      expect(error).toMatchObject(becomes)
      expect(error.message).not.toMatch(/secret|provider\.example/)
    },
  )
})
