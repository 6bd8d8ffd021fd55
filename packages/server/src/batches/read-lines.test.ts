// Lines of a file in parts: the same lines however the file is cut, numbered as an editor does.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { readLines } from "./read-lines.ts"

async function* parts(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const size of sizes) {
    if (from >= bytes.length) return
    yield bytes.subarray(from, from + size)
    from += size
  }
  if (from < bytes.length) yield bytes.subarray(from)
}

async function linesOf(text: string, { sizes = [] as readonly number[], lineBytesMax = 100 } = {}): Promise<[number, string][]> {
  const all = await Array.fromAsync(readLines(parts(Buffer.from(text), sizes), lineBytesMax))
  return all.map(({ number, bytes, isTooLong }) => [number, isTooLong ? "(too long)" : bytes.toString()])
}

describe("lines of a file", () => {
  it("are numbered with the empty ones between them, without line breaks and byte order mark", async () => {
    expect(await linesOf('\u{feff}{"a":1}\r\n\n  \r\n{"b":2}\n{"c":3}')).toEqual([
      [1, '{"a":1}'],
      [4, '{"b":2}'],
      [5, '{"c":3}'],
    ])
    expect(await linesOf("")).toEqual([])
    expect(await linesOf("\n\n")).toEqual([])
  })

  it("that are too long are told without being kept", async () => {
    const text = `${"x".repeat(101)}\n${"y".repeat(100)}\r\n${"z".repeat(5_000)}\nlast`
    expect(await linesOf(text, { sizes: Array.from({ length: 2_000 }, () => 7) })).toEqual([
      [1, "(too long)"],
      [2, "y".repeat(100)],
      [3, "(too long)"],
      [4, "last"],
    ])
  })

  it("are the same however the file is cut", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "👩", "\n", "\r\n", " "), maxLength: 60 })
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(text, sizes, async (given, cuts) => {
        expect(await linesOf(given, { sizes: cuts, lineBytesMax: 12 })).toEqual(await linesOf(given, { lineBytesMax: 12 }))
      }),
      { numRuns: 1_000 },
    )
  })
})
