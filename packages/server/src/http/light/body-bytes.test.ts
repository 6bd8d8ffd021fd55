// A body in pieces says what the same body in one piece says, and goes out with exactly the bytes changed that were to be.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { BodyBytes, joined, sizeOf, type Edit } from "./body-bytes.ts"

function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const all: Buffer[] = []
  let from = 0
  for (const size of sizes) {
    if (from >= bytes.length) break
    all.push(bytes.subarray(from, from + size))
    from += size
  }
  return from < bytes.length ? [...all, bytes.subarray(from)] : all
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 })
const texts = fc.string({ unit: fc.constantFrom("a", '"', "é", "語", "👩", "\u{10FFFF}") })

describe("a body in pieces", () => {
  it("is UTF-8 when the joined bytes are", () => {
    const some = fc.oneof(
      texts.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(texts, fc.uint8Array({ maxLength: 3 }), texts).map(([a, b, c]) => Buffer.concat([Buffer.from(a), b, Buffer.from(c)])),
    )
    fc.assert(
      fc.property(some, sizes, (bytes, cuts) => {
        expect(new BodyBytes(pieces(bytes, cuts)).isUtf8()).toBe(new BodyBytes([bytes]).isUtf8())
      }),
      { numRuns: 3000 },
    )
  })

  it("has the bytes that the joined body has, wherever it is cut", () => {
    fc.assert(
      fc.property(texts, texts, sizes, (text, wanted, cuts) => {
        const bytes = Buffer.from(`${text}${text}`)
        const looked = Buffer.from(`${wanted}a`)
        expect(new BodyBytes(pieces(bytes, cuts)).includes(looked)).toBe(bytes.includes(looked))
      }),
      { numRuns: 3000 },
    )
    const cutInId = [Buffer.from('{"fi'), Buffer.from("l"), Buffer.from('e_id":1}')]
    expect(new BodyBytes(cutInId).includes(Buffer.from('"file_id"'))).toBe(true)
  })

  it("gives the text of a span that lies in several of them", () => {
    const bytes = Buffer.from("zwölf Boxkämpfer")
    for (let size = 1; size <= bytes.length; size += 1) {
      const body = new BodyBytes(
        pieces(
          bytes,
          Array.from(bytes, () => size),
        ),
      )
      expect(body.text({ start: 2, end: 13 })).toBe("ölf Boxkä")
      expect(body.whole()).toEqual(bytes)
      expect(body.sizeBytes).toBe(bytes.length)
    }
  })

  it.each([100, 200_000])("of about %i bytes goes out with its edits and nothing else changed", (sizeBytes) => {
    const bytes = Buffer.from(Array.from({ length: sizeBytes }, (_, index) => 97 + (index % 26)))
    const size = Math.ceil(sizeBytes / 3)
    const edits: Edit[] = [
      { start: sizeBytes - 5, end: sizeBytes, text: "END" },
      { start: 10, end: 20, text: "é" },
      { start: size - 2, end: size + 2, text: "" },
      { start: 5, end: 5, text: "+" },
    ]
    const text = bytes.toString()
    const expected = `${text.slice(0, 5)}+${text.slice(5, 10)}é${text.slice(20, size - 2)}${text.slice(size + 2, -5)}END`
    const sent = new BodyBytes(pieces(bytes, [size, size])).edited(edits)
    const parts: readonly Buffer[] = Buffer.isBuffer(sent) ? [sent] : sent
    expect(joined(parts).toString()).toBe(expected)
    expect(sizeOf(parts)).toBe(Buffer.byteLength(expected))
    // Small parts at the beginning go out together.
    expect(parts.length).toBeLessThanOrEqual(5)
    expect(new BodyBytes([bytes]).edited([])).toBe(bytes)
  })
})
