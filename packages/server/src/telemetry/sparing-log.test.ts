// Tests of what is said of failures that repeat themselves.
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { sparing, type RepeatedFailure } from "./sparing-log.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("a failure that comes a thousand times in a window is said at its begin and at its end, with how often it came", () => {
  const said: RepeatedFailure[] = []
  const report = sparing((failure) => said.push(failure), 60_000)
  const away = Object.assign(new Error("away"), { code: "database_unavailable" })
  for (let count = 0; count < 1_000; count += 1) report("heartbeat", away)
  expect(said).toEqual([{ what: "heartbeat", error: away }])
  vi.advanceTimersByTime(60_000)
  expect(said.slice(1)).toEqual([{ what: "heartbeat", error: away, times: 999 }])
  // Over: nothing more is said, and the next is new.
  vi.advanceTimersByTime(300_000)
  expect(said).toHaveLength(2)
  report("heartbeat", away)
  expect(said).toHaveLength(3)
})

test("another failure, and the same one of another part, are said at once", () => {
  const said: string[] = []
  const report = sparing(({ what, error }) => said.push(`${what}: ${(error as Error).message}`), 60_000)
  report("a", new Error("one"))
  report("a", new Error("two"))
  report("b", new Error("one"))
  report("a", new Error("one"))
  expect(said).toEqual(["a: one", "a: two", "b: one"])
})

test("of more kinds than are told apart every one is said", () => {
  let said = 0
  const report = sparing(() => (said += 1), 60_000)
  for (let kind = 0; kind < 3_000; kind += 1) report(`run ${kind}`, undefined)
  expect(said).toBe(3_000)
})
