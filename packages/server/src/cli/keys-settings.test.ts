// What the options of `perdure keys create` and `update` become, and what they refuse by the option's name.
import { describe, expect, it } from "vitest"
import { keyPatch, newKeySettings, toClear, toDurationMs, toExpiry, toJsonObject, toList } from "./keys-settings.ts"

describe("the options of keys", () => {
  it("make a whole request, and nothing where nothing was asked", () => {
    const options = {
      models: ["gpt-*"],
      budgetUsd: 5,
      per: "day",
      rpm: 60,
      expires: 4_000_000_000_000,
      tag: ["a"],
      user: "u",
      metadata: { x: 1 },
    }
    expect(newKeySettings("app", options)).toEqual({
      scope: { models: ["gpt-*"] },
      limits: { budgetUsd: 5, budgetPer: "day", requestsPerMinute: 60 },
      expiresAt: 4_000_000_000_000,
      tags: ["a"],
      user: "u",
      metadata: { x: 1 },
    })
    expect(newKeySettings("app", {})).toEqual({})
  })

  it("change what is named and clear what is to be cleared", () => {
    expect(keyPatch({ rpm: 5, clear: ["models", "budget-usd", "per", "tag", "user", "expires"] })).toEqual({
      scope: { models: [] },
      limits: { requestsPerMinute: 5, budgetUsd: null, budgetPer: null },
      tags: [],
      user: null,
      expiresAt: null,
    })
    expect(keyPatch({ name: "other" })).toEqual({ name: "other" })
    expect(() => keyPatch({})).toThrow("no option says what to change")
  })

  it.each([
    [{ endpoints: ["embedding"] }, /^--endpoints: must be a route group/],
    [{ models: ["a b"] }, /^--models: /],
    [{ rpm: 0.5 }, /^--rpm: /],
    [{ budgetUsd: -1 }, /^--budget-usd: /],
    [{ tag: ["a b"] }, /^--tag: /],
    [{ user: "" }, /^--user: /],
  ])("name the option that is wrong in %j", (options, message) => {
    expect(() => newKeySettings("app", options)).toThrow(message)
  })

  it("read lists, times and JSON, and refuse what is none", () => {
    expect(toList("a, b,,c", ["x"])).toEqual(["x", "a", "b", "c"])
    expect([toDurationMs("0"), toDurationMs("90m"), toDurationMs("24h"), toDurationMs("2w")]).toEqual([
      0, 5_400_000, 86_400_000, 1_209_600_000,
    ])
    expect(toExpiry("2027-01-31")).toBe(Date.UTC(2027, 0, 31))
    expect(toExpiry("2027-01-31T12:00:00Z")).toBe(Date.UTC(2027, 0, 31, 12))
    expect(toExpiry("30d")).toBeGreaterThan(Date.now() + 29 * 86_400_000)
    expect(toJsonObject('{"a":1}')).toEqual({ a: 1 })
    for (const wrong of ["5", "-1h", "1y", "h", "", "1e3s"]) expect(() => toDurationMs(wrong)).toThrow("24h")
    for (const wrong of ["tomorrow", "31.1.2027", "30", "2027-13-01"]) expect(() => toExpiry(wrong)).toThrow("2027-01-31")
    for (const wrong of ["[]", "null", "x", "1"]) expect(() => toJsonObject(wrong)).toThrow("JSON object")
    expect(() => toClear("models,nonsense")).toThrow('"nonsense" is not')
  })
})
