// A body whose model is the one of its path: nothing else of it changes.
import { describe, expect, it } from "vitest"
import { BodyBytes } from "./body-bytes.ts"
import { withModel } from "./named-model.ts"

function named(...pieces: string[]): string {
  return withModel(new BodyBytes(pieces.map((piece) => Buffer.from(piece))), 'm"1')
    .whole()
    .toString()
}

describe("a body whose path names the model", () => {
  it.each([
    ['{"model":"gpt-4","seed":12345678901234567890}', '{"model":"m\\"1","seed":12345678901234567890}'],
    ['{ "messages": [ {"model": 1} ], "model" : null }', '{ "messages": [ {"model": 1} ], "model" : "m\\"1" }'],
    [' {"messages":[]}', ' {"model":"m\\"1","messages":[]}'],
    [" { } ", ' {"model":"m\\"1" } '],
  ])("has it in the place of its own or before all else: %s", (body, expected) => {
    expect(named(body)).toBe(expected)
  })

  it("has it once where the body named one twice, or by an escape", () => {
    expect(JSON.parse(named('{"model":"a","model":"b","x":1}'))).toEqual({ model: 'm"1', x: 1 })
    expect(JSON.parse(named('{"\\u006dodel":"a"}'))).toEqual({ model: 'm"1' })
  })

  it("has it wherever the pieces part in which it came", () => {
    const body = '{"messages":[{"role":"user","content":"hi"}],"model":"gpt-4"}'
    for (let at = 1; at < body.length; at += 1)
      expect(named(body.slice(0, at), body.slice(at))).toBe(body.replace('"gpt-4"', String.raw`"m\"1"`))
  })

  it("stays as it is where it is no object, for whoever refuses it", () => {
    for (const body of ["", "[1]", '{"model":', "null"]) expect(named(body)).toBe(body)
  })
})
