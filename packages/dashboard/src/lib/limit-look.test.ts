// Limits as a person reads them.
import type { LimitStatus } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { allowanceOf, byFullness, fractionsOf, scopeText, stateOf } from "./limit-look.ts"

const upstream = { provider: null, deployment: null }

const limit = (part: Partial<LimitStatus> = {}): LimitStatus => ({
  name: "team",
  scope: { project: "proj_a", key: null, user: null, model: null, tag: null, ...upstream },
  unit: "microUsd",
  per: "month",
  limit: 20_000_000,
  enforced: true,
  used: 5_000_000,
  reserved: 1_000_000,
  left: 14_000_000,
  resetsAt: null,
  ...part,
})

describe("a limit", () => {
  it("says what it allows", () => {
    expect(allowanceOf(limit())).toBe("$20.00 per month")
    expect(allowanceOf(limit({ per: "total" }))).toBe("$20.00 in all")
    expect(allowanceOf(limit({ unit: "requests", limit: 60, per: "minute" }))).toBe("60 requests per minute")
    expect(allowanceOf(limit({ unit: "concurrent", limit: 8, per: null }))).toBe("8 calls at once")
  })

  it("says how full it is, and when it is nearly or all used up", () => {
    expect(fractionsOf(limit())).toEqual({ used: 0.25, reserved: 0.05 })
    expect(stateOf(limit())).toBe("free")
    expect(stateOf(limit({ used: 17_000_000, reserved: 0, left: 3_000_000 }))).toBe("near")
    expect(stateOf(limit({ used: 21_000_000, reserved: 0, left: 0 }))).toBe("full")
    expect(fractionsOf(limit({ used: 21_000_000, reserved: 0, left: 0 }))).toEqual({ used: 1, reserved: 0 })
    expect(fractionsOf(limit({ limit: 0, used: 0, reserved: 0, left: 0 }))).toEqual({ used: 1, reserved: 0 })
    expect(stateOf(limit({ used: null, reserved: null, left: null }))).toBe("shared")
  })

  it("names whom it binds, with the names of keys", () => {
    const scope = { project: "proj_a", key: "key_1", user: null, model: "gpt", tag: null, ...upstream }
    expect(scopeText(limit({ scope }), () => "my app")).toBe("key my app · model gpt")
    expect(scopeText(limit(), () => "")).toBe("")
    const each = { project: "proj_a", key: "*", user: "", model: null, tag: "*", ...upstream }
    expect(scopeText(limit({ scope: each }), () => "")).toBe("each key · no user · each tag")
    const nobody = { project: null, key: null, user: null, model: null, tag: null }
    expect(scopeText(limit({ scope: { ...nobody, provider: "openai, azure", deployment: "*" } }), () => "")).toBe(
      "provider openai, azure · each deployment",
    )
  })

  it("stands before those that have more left", () => {
    const [full, half, shared] = [
      limit({ name: "full", left: 0, used: 20_000_000, reserved: 0 }),
      limit(),
      limit({ used: null, reserved: null, left: null, name: "shared" }),
    ]
    expect([shared, half, full].sort(byFullness)).toEqual([full, half, shared])
  })
})
