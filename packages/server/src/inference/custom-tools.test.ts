// The text of custom tools, wrapped in JSON for models that know functions only and taken out again, however the pieces fall.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { CustomInput, customTool, unwrappedInput, wrappedInput, wrapping } from "./custom-tools.ts"

const patch = '*** Begin Patch\n*** Update File: a.ts\n@@\n-const a = "\\n"\n+const a = "\u{1f600}\\u0041"\n*** End Patch\n'

/** Piece by piece, as a stream brings it. */
function taken(json: string, size: number): string {
  const input = new CustomInput()
  let text = ""
  for (let at = 0; at < json.length; at += size) text += input.take(json.slice(at, at + size))
  return text + input.end()
}

describe("the input of a custom tool", () => {
  it("comes out as it went in, whatever its pieces", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 9 }), (text, size) => {
        expect(taken(wrappedInput(text), size)).toBe(text)
      }),
    )
    for (const size of [1, 2, 3, 7, 1000]) expect(taken(wrappedInput(patch), size)).toBe(patch)
  })

  it("is told as it comes, not at the end", () => {
    const input = new CustomInput()
    expect([input.take('{ "inp'), input.take('ut" : "one\\'), input.take("ntwo"), input.take('"}'), input.end()]).toEqual([
      "",
      "one",
      "\ntwo",
      "",
      "",
    ])
  })

  it("is wrapped in pieces that make the same whole, with a character cut in two", () => {
    const pieces = [...Array(patch.length).keys()].map((at) => wrapping.piece(patch.slice(at, at + 1)))
    expect(unwrappedInput(wrapping.begin + pieces.join("") + wrapping.end)).toBe(patch)
  })

  it.each([
    ["line breaks that were not escaped", '{"input":"a\nb"}', "a\nb"],
    ["another name for it", '{"patch":"a"}', "a"],
    ["it after another member", '{"note":1,"input":"a"}', "a"],
    ["a text alone", '"a"', "a"],
    ["no JSON at all", "*** Begin Patch", "*** Begin Patch"],
    ["an object without a text", '{"a":1}', '{"a":1}'],
    ["nothing", "", ""],
    ["an empty object", "{}", ""],
    ["an escape that JSON does not have", '{"input":"\\x\\uzzzz"}', "x\\uzzzz"],
  ])("is found in %s", (_, json, text) => {
    for (const size of [1, 5, 1000]) expect(taken(json, size)).toBe(text)
  })
})

it("a grammar is asked for in words where nothing enforces it", () => {
  const format = { type: "grammar", syntax: "lark", definition: "start: /a+/" }
  const { description, parameters, custom } = customTool({ name: "t", description: "Does it.", format })
  expect(description).toBe('Does it.\n\nThe text in "input" must follow this grammar (lark):\nstart: /a+/')
  expect(parameters).toMatchObject({ required: ["input"], properties: { input: { type: "string" } } })
  expect(custom).toEqual({ description: "Does it.", format })
  expect(customTool({ name: "t", description: null, format: null }).description).toBe("")
})
