// No path of a request leads out of the provider's base address, however it is written.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { pathBelow } from "./upstream-path.ts"

describe("a path that is passed on", () => {
  it.each([
    ["/openai", { path: "", query: "" }],
    ["/openai/files", { path: "/files", query: "" }],
    ["/openai/files/?limit=2&after=a%20b", { path: "/files/", query: "?limit=2&after=a%20b" }],
    ["/openai/models/gpt-4o:tune/a~b@c", { path: "/models/gpt-4o:tune/a~b@c", query: "" }],
    ["/openai/files?key=caller&api%5Fkey=x&limit=1", { path: "/files", query: "?limit=1" }],
    ["/openai/files?key=caller", { path: "/files", query: "" }],
  ])("is what it says: %s", (url, below) => {
    expect(pathBelow(url, "/openai")).toEqual(below)
  })

  it.each([
    "/openai/../v2/x",
    "/openai/..",
    "/openai/./x",
    "/openai/a/%2e%2e/b",
    "/openai/a/.%2E/b",
    "/openai/..;/x",
    "/openai/..%2fadmin",
    "/openai/a%5c..%5cb",
    "/openai/a\\..\\b",
    "/openai/%252e%252e/x",
    "/openai//evil.example/x",
    "/openai//",
    "/openaihttp://evil.example/",
    "/openai@evil.example/",
    "/openai/x#y",
    "/openai/x%00",
    "/openai/x%0d%0aHost:%20evil",
    "/openai/ä",
    "/openai/x?a=#b",
    "/openai/x?a b",
  ])("is refused: %s", (url) => {
    expect(() => pathBelow(url, "/openai")).toThrow(/is not passed on/)
  })

  it("stays below the base, whatever it is", () => {
    const part = fc.oneof(
      fc.constantFrom("..", ".", "%2e", "%2E%2e", "/", "//", "\\", "%2f", "%5C", ";", "@", ":", "http:", "?", "#", "a"),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        let below: string
        try {
          const found = pathBelow(`/openai${parts.join("")}`, "/openai")
          below = found.path + found.query
        } catch {
          return
        }
        const url = new URL(`https://provider.example/v1${below}`)
        expect([url.origin, /^\/v1(?:\/|$)/.test(url.pathname)]).toEqual(["https://provider.example", true])
      }),
      { numRuns: 2_000 },
    )
  })
})
