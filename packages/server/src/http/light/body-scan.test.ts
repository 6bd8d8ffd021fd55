// The scanner reads what JSON.parse reads, or says that it cannot; on random bodies and on the ones that tricked others.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { scanTopLevel, splice } from "./body-scan.ts"

const wanted = new Set(["model", "stream", "stream_options"])

function scanned(text: string): Record<string, unknown> | undefined {
  const body = Buffer.from(text)
  const spans = scanTopLevel(body, wanted)
  return (
    spans && Object.fromEntries([...spans].map(([key, { start, end }]) => [key, JSON.parse(body.toString("utf8", start, end)) as unknown]))
  )
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

  it("never accepts what JSON.parse refuses in the values that it reads, nor a broken frame around them", () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.integer({ min: 0, max: 127 }), (value, position, byte) => {
        const text = Buffer.from(JSON.stringify({ ...value, model: "m" }))
        text[position % text.length] = byte
        const spans = scanTopLevel(text, wanted)
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

  it("replaces values and leaves every other byte alone", () => {
    const text = Buffer.from('{"a": 1e5, "model": "x" ,"ü":"\u2028"}')
    const span = scanTopLevel(text, wanted)?.get("model")
    const edited = splice(
      text,
      span
        ? [
            { start: 1, end: 1, text: '"n":null,' },
            { ...span, text: '"longer"' },
          ]
        : [],
    )
    expect(edited.toString()).toBe('{"n":null,"a": 1e5, "model": "longer" ,"ü":"\u2028"}')
  })
})
