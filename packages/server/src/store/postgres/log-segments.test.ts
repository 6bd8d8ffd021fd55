// Tests of the count of old log files: against the files of a server as Postgres renames them.
import fc from "fast-check"
import { expect, test } from "vitest"
import { LogSegments } from "./log-segments.ts"

const named = (number: number): string => `00000001${number.toString(16).toUpperCase().padStart(16, "0")}`

test("a log without recycled files is clean once another segment is written and the old ones are gone", () => {
  const segments = new LogSegments({ names: [named(4), named(5)], writing: named(5) })
  expect(segments.old).toBe(2)
  segments.see({ names: [named(4), named(5), named(6)], writing: named(6) })
  expect([segments.old, segments.kept]).toEqual([2, [named(4), named(5)]])
  segments.see({ names: [named(6)], writing: named(6) })
  expect(segments.old).toBe(0)
})

test("recycled files are old until they are written from end to end", () => {
  const segments = new LogSegments({ names: [named(5), named(6)], writing: named(5) })
  segments.see({ names: [named(5), named(6)], writing: named(6) })
  // The checkpoint gives segment 5 the name 7.
  segments.see({ names: [named(6), named(7)], writing: named(6) })
  expect([segments.old, segments.kept]).toEqual([2, []])
  segments.see({ names: [named(6), named(7)], writing: named(7) })
  expect(segments.old).toBe(1)
  segments.see({ names: [named(6), named(7), named(8)], writing: named(8) })
  expect(segments.old).toBe(0)
})

test("what is no segment, such as the part of one that a former timeline left, stays old until it is gone", () => {
  const partial = `${named(3)}.partial`
  const segments = new LogSegments({ names: [partial, named(5)], writing: named(5) })
  segments.see({ names: [partial, named(9)], writing: named(9) })
  segments.see({ names: [partial, named(9), named(10)], writing: named(10) })
  expect(segments.kept).toEqual([partial])
})

test("no file that still has an old byte is ever counted as clean, whatever is recycled and whatever a listing misses", () => {
  type Move = "write" | "recycle" | "remove" | "make" | "look"
  const moves = fc.array(fc.constantFrom<Move>("write", "write", "recycle", "remove", "make", "look"), { maxLength: 80 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), moves, (past, ahead, sequence) => {
      let current = past
      const isOld = new Map<number, boolean>()
      for (let number = 0; number <= past + ahead; number++) isOld.set(number, true)
      const look = (missing?: number) => ({
        names: [...isOld.keys()].filter((number) => number !== missing).map(named),
        writing: named(current),
      })
      const segments = new LogSegments(look())
      for (const move of sequence) {
        const last = Math.max(...isOld.keys())
        const first = Math.min(...isOld.keys())
        if (move === "write") {
          if (current > past) isOld.set(current, false)
          current += 1
          if (!isOld.has(current)) isOld.set(current, false)
        }
        if (move === "recycle" && first < current) {
          isOld.set(last + 1, isOld.get(first) === true)
          isOld.delete(first)
          // A directory that is read meanwhile can lack the file under both names.
          if (sequence.length % 2 === 0) segments.see(look(last + 1))
        }
        if (move === "remove" && first < current) isOld.delete(first)
        if (move === "make" && !isOld.has(last + 1)) isOld.set(last + 1, false)
        if (move === "look") segments.see(look())
      }
      segments.see(look())
      if (segments.old === 0) expect([...isOld.values()]).not.toContain(true)
    }),
    { numRuns: 1_000 },
  )
})
