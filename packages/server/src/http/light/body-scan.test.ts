// The scanner reads what JSON.parse reads, or says that it cannot; on random bodies and on the ones that tricked others.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { BodyBytes } from "./body-bytes.ts"
import { scanTopLevel } from "./body-scan.ts"

const wanted = new Set(["model", "stream", "stream_options"])

function scanned(text: string, cuts: readonly number[] = []): Record<string, unknown> | undefined {
  const bytes = new BodyBytes(cutAt(Buffer.from(text), cuts))
  const spans = scanTopLevel(bytes.pieces, wanted)
  return spans && Object.fromEntries([...spans].map(([key, span]) => [key, JSON.parse(bytes.text(span)) as unknown]))
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

const key = fc.oneof(fc.constantFrom("model", "stream", "stream_options", "messages", 'a"b', "back\\slash", "ключ"), fc.string())
const body = fc.dictionary(key, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8, noNullPrototype: true })
const space = fc.constantFrom(0, 1, 2, "\t", " \n")

describe("the scan of top-level keys", () => {
  it("finds exactly what JSON.parse finds, or gives up", () => {
    let found = 0
    fc.assert(
      fc.property(body, space, (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const seen = scanned(text)
        const expected = Object.fromEntries(
          Object.entries(JSON.parse(text) as Record<string, unknown>).filter(([name]) => wanted.has(name)),
        )
        expect(seen ?? expected).toEqual(expected)
        if (seen) found += 1
      }),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(100)
  })

  it("reads a body that comes in pieces as it reads the whole", () => {
    fc.assert(
      fc.property(body, space, fc.array(fc.nat(), { maxLength: 6 }), (value, indent, cuts) => {
        const text = JSON.stringify(value, null, indent)
        expect(scanned(text, cuts)).toEqual(scanned(text))
      }),
      { numRuns: 1000 },
    )
    const tricky = String.raw`{ "messages" : [{"content":"\\\" \"model\":\"no\" \\"}] , "model":"a\\\"b" ,"stream_options":{"x":[1e5,null]}}`
    const bytes = Array.from(tricky, (_, index) => index)
    expect(scanned(tricky, bytes)).toEqual({ model: String.raw`a\"b`, stream_options: { x: [1e5, null] } })
    for (const cut of bytes) expect(scanned(tricky, [cut])).toEqual(scanned(tricky))
  })

  it("finds the end of long texts with many escapes", () => {
    for (const length of [60, 63, 64, 65, 500, 512, 576, 577, 2_000]) {
      const content = `${"x".repeat(length)}\\"${'y"'.repeat(700)}${"z".repeat(length)}`
      const text = JSON.stringify({ messages: [content, `${content}\\`], model: content })
      expect(scanned(text)).toEqual({ model: content })
      for (const cut of [length, length + 20, length + 25, length + 26, length + 700])
        expect(scanned(text, [cut])).toEqual({ model: content })
    }
  })

  it("never accepts what JSON.parse refuses in the values that it reads, nor a broken frame around them", () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.integer({ min: 0, max: 127 }), (value, position, byte) => {
        const text = Buffer.from(JSON.stringify({ ...value, model: "m" }))
        text[position % text.length] = byte
        const spans = scanTopLevel([text], wanted)
        let parsed: unknown
        try {
          parsed = JSON.parse(text.toString())
        } catch {
          parsed = undefined
        }
        const model = spans?.get("model")
        if (!model || parsed === undefined) return
        expect(JSON.parse(text.toString("utf8", model.start, model.end))).toEqual((parsed as Record<string, unknown>)["model"])
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['{"model":"a","model":"b"}', "a wanted key twice"],
    ['{"mod\\u0065l":"b","x":1}', "an escape in a key"],
    ['{"model":"a"}{"model":"b"}', "something after the object"],
    ['{"model":"a","x":[}}', "brackets that do not match"],
    ['["model"]', "a list"],
    ['{"model":"a",}', "a comma at the end"],
    ['{"model":"a","x":\u0000}', "bytes unknown to JSON"],
    ['{"model":"a"', "an open end"],
    ["", "nothing"],
    [`{"x":${"[".repeat(600)}${"]".repeat(600)}}`, "nesting without end"],
  ])("takes %s the slow way: %s", (text) => {
    expect(scanned(text)).toBeUndefined()
  })

  it("is not misled by the same words deeper down, or inside text", () => {
    const text = String.raw`{"messages":[{"model":"no","content":"\"model\":\"no\" \\"}],"metadata":{"stream":true}, "model" : "yes"}`
    expect(scanned(text)).toEqual({ model: "yes" })
  })
})
