// What a request may wish of the cache, and what comes of it where the model has a policy and where it has none.
import { describe, expect, it } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { testPolicy } from "./cache.fixtures.ts"
import { cachePlan, cacheWish } from "./wish.ts"

const plan = (policy: typeof testPolicy | undefined, field?: unknown, headers = {}) =>
  cachePlan(policy, cacheWish(field as never, headers), defaultLimits)

describe("a wish for the cache", () => {
  it("is absent where a request says nothing, and then costs nothing", () => {
    expect(cacheWish(undefined, { host: "h" })).toBeUndefined()
    expect([plan(undefined), plan(undefined, "off"), plan(undefined, "refresh")]).toEqual([undefined, undefined, undefined])
    expect(plan(testPolicy)).toEqual({ policy: testPolicy, read: true, ageMsMax: testPolicy.ttlMs })
  })

  it("can switch off, refresh and shorten, by field or header; the field wins", () => {
    expect([plan(testPolicy, "off"), plan(testPolicy, undefined, { "cache-control": "private, No-Store" })]).toEqual(["bypass", "bypass"])
    expect(plan(testPolicy, "refresh")).toMatchObject({ read: false })
    expect(plan(testPolicy, { refresh: true, ttlSeconds: 5 })).toMatchObject({ read: false, ageMsMax: 5_000 })
    expect(plan(testPolicy, undefined, { "cache-control": "no-cache" })).toMatchObject({ read: false })
    expect(plan(testPolicy, undefined, { "x-perdure-cache-ttl": "7" })).toMatchObject({ read: true, ageMsMax: 7_000 })
    expect(plan(testPolicy, "exact", { "cache-control": "no-store" })).toMatchObject({ read: true })
  })

  it("can never lengthen the life that the model's policy gives, nor widen its scope", () => {
    expect(plan(testPolicy, { ttlSeconds: 1e9 })).toMatchObject({ ageMsMax: testPolicy.ttlMs })
    expect(plan(testPolicy, "semantic")).toMatchObject({ policy: { ...testPolicy, mode: "semantic" } })
    expect(plan(undefined, "exact")).toMatchObject({ policy: { mode: "exact", scope: "principal", ttlMs: defaultLimits.cacheTtlMs } })
  })

  it.each([
    ["on", "perdure.cache"],
    [3, "perdure.cache"],
    [{ mode: "on" }, "perdure.cache.mode"],
    [{ ttlSeconds: -1 }, "perdure.cache.ttlSeconds"],
    [{ refresh: "yes" }, "perdure.cache.refresh"],
    [{ scope: "project" }, "perdure.cache.scope"],
  ])("is refused by name when it is %j", (field, param) => {
    expect(() => plan(testPolicy, field)).toThrow(expect.objectContaining({ code: "unsupported_value", param }))
  })

  it("is refused when its header is not a number", () => {
    expect(() => plan(testPolicy, undefined, { "x-perdure-cache-ttl": "soon" })).toThrow(/x-perdure-cache-ttl.*soon/)
  })
})
