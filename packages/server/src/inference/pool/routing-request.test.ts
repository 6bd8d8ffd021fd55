// What clients may say about routing, and what they are told when it is not understood.
import { describe, expect, it } from "vitest"
import { AppError } from "../../core/index.ts"
import { parseRouting, parseRoutingHeader } from "./index.ts"

function refusal(read: () => unknown): AppError {
  try {
    read()
  } catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error("it was accepted")
}

describe("the routing object", () => {
  it("is read with all its fields", () => {
    expect(
      parseRouting({
        order: ["openai", "azure/gpt-5"],
        only: ["openai"],
        ignore: ["x"],
        sort: "price",
        max_price: { prompt: 1.5 },
        tags: ["fast"],
        region: "eu",
        fallbacks: false,
        failover: "continue",
      }),
    ).toEqual({
      order: ["openai", "azure/gpt-5"],
      only: ["openai"],
      ignore: ["x"],
      sort: "price",
      maxPrice: { prompt: 1.5 },
      tags: ["fast"],
      regions: ["eu"],
      fallbacks: false,
      failover: "continue",
    })
    expect(parseRouting({})).toEqual({})
    expect(parseRoutingHeader('{"region":["eu","us"]}')).toEqual({ regions: ["eu", "us"] })
  })

  it("says what else may stand there: in a body also what is wished of the cache, which no routing header carries", () => {
    expect(() => parseRouting({ oder: ["a"] })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/failover, cache, metadata, prompt, subject\.$/) as string }),
    )
    expect(() => parseRoutingHeader('{"oder":1}')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/failover\.$/) as string }),
    )
  })

  it.each([
    [{ sort: "luck" }, "unsupported_value", "perdure.sort"],
    [{ oder: ["a"] }, "unknown_parameter", "perdure"],
    [{ max_price: { prompt: -1 } }, "unsupported_value", "perdure.max_price.prompt"],
    [{ only: [] }, "unsupported_value", "perdure.only"],
    ["price", "unsupported_value", "perdure"],
  ])("refuses %j", (value, code, param) => {
    expect(refusal(() => parseRouting(value))).toMatchObject({ code, param })
  })

  it("refuses a header that is not JSON", () => {
    expect(refusal(() => parseRoutingHeader("price"))).toMatchObject({ code: "invalid_json", param: "x-perdure-routing" })
  })
})
