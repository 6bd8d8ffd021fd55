// When the database's thread gives way: not before it has run for a while, and not for ever.
import { expect, it } from "vitest"
import { GiveWay } from "./give-way.ts"

function giving(): { thread: GiveWay; run: (ms: number) => void; pauses: () => number } {
  let [now, pauses] = [0, 0]
  const thread = new GiveWay({ now: () => now, pause: () => void (pauses += 1) })
  return { thread, run: (ms) => void (now += ms), pauses: () => pauses }
}

/** The engine writes a page each tenth of a millisecond. */
function work({ thread, run }: ReturnType<typeof giving>, ms: number): void {
  for (let tenths = 0; tenths < ms * 10; tenths += 1) {
    run(0.1)
    thread.offer()
  }
}

it("gives way in a statement of some milliseconds each time that it ran for half of one", () => {
  const given = giving()
  given.thread.begins()
  work(given, 0.4)
  expect(given.pauses()).toBe(0)
  work(given, 2.9)
  expect(given.pauses()).toBeGreaterThanOrEqual(5)
})

it("does not where it has just slept: before the statement, or for the disk", () => {
  const given = giving()
  given.run(100)
  for (let requests = 0; requests < 10; requests += 1) {
    given.thread.begins()
    work(given, 0.4)
    given.thread.slept()
    work(given, 0.4)
  }
  expect(given.pauses()).toBe(0)
})

it("loses little of a long statement, and gives way in the next one again", () => {
  const given = giving()
  given.thread.begins()
  work(given, 1_000)
  expect(given.pauses()).toBe(8)
  given.thread.begins()
  work(given, 1_000)
  expect(given.pauses()).toBe(16)
})

it("gives way in housekeeping for as long as it lasts", () => {
  const given = giving()
  given.thread.begins(true)
  work(given, 1_000)
  expect(given.pauses()).toBeGreaterThan(1_000)
})
