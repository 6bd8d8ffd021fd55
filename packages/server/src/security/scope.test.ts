// What a scope lets through: patterns of models and endpoints, hostile names and paths, and what the refusals say.
import { describe, expect, it } from "vitest"
import { isCovered, matcherOf } from "./patterns.ts"
import { compileScope, endpointGroupOf, requireEndpoint, requireModel } from "./scope.ts"
import type { Principal } from "./types.ts"

function principal(models: readonly string[], endpoints: readonly string[] = []): Principal {
  const scope = compileScope({ models, endpoints })
  return { id: "key_1", projectId: "proj_a", kind: "key", name: "billing", scope, limits: null, tags: [], user: null }
}

describe("patterns", () => {
  it.each([
    ["gpt-4o", "gpt-4o", true],
    ["gpt-4o", "gpt-4o-mini", false],
    ["gpt-4o", "GPT-4o", false],
    ["gpt-*", "gpt-4o", true],
    ["gpt-*", "gpt-", true],
    ["gpt-*", "my-gpt-4o", false],
    ["anthropic/*", "anthropic/claude-opus-4/5", true],
    ["anthropic/*", "anthropic", false],
    ["*-mini", "gpt-4o-mini", true],
    ["*-mini", "gpt-4o-mini-x", false],
    ["gpt-*-mini", "gpt-4o-mini", true],
    ["gpt-*-mini", "gpt-mini", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["*", "whatever", true],
    ["*", "", true],
    ["*a*b*", "xxaxxbxx", true],
    ["*a*b*", "xxbxxaxx", false],
    ["a**b", "ab", true],
    ["", "", true],
    ["", "x", false],
    ["g.t", "gpt", false],
    ["[a-z]*", "b", false],
    ["constructor", "__proto__", false],
  ])("%j and the text %j: %s", (pattern, text, expected) => {
    expect(matcherOf([pattern])(text)).toBe(expected)
  })

  it("stay quick where backtracking would not end", () => {
    const matches = matcherOf([`${"a*".repeat(100)}b`])
    expect(matches("a".repeat(512))).toBe(false)
    expect(matches(`${"a".repeat(400)}b`)).toBe(true)
    expect(matches(`${"a".repeat(40_000_000)}b`)).toBe(false)
  })

  it.each([
    ["gpt-4o", ["gpt-*"], true],
    ["gpt-4*", ["gpt-*"], true],
    ["gpt-*", ["gpt-*"], true],
    ["gpt-*", ["gpt-4*"], false],
    ["*", ["gpt-*"], false],
    ["*", ["*"], true],
    ["*-mini", ["gpt-*"], false],
    ["gpt-*-mini", ["gpt-*"], true],
    ["gpt-*", ["gpt-4o", "gpt-4*"], false],
    ["x", [], false],
  ])("%j lies within %j: %s", (inner, outer, expected) => {
    expect(isCovered(inner, outer)).toBe(expected)
  })
})

describe("a key's scope", () => {
  it("is none where neither models nor endpoints are named", () => {
    expect(compileScope({ models: [], endpoints: [] })).toBeNull()
    expect(() => requireModel(principal([]), "anything")).not.toThrow()
    expect(() => requireEndpoint(principal([]), "POST", "/v1/keys")).not.toThrow()
  })

  it("refuses other models, names the patterns that the key has and the command that changes them", () => {
    expect(() => requireModel(principal(["gpt-*", "anthropic/*"]), "gpt-4o")).not.toThrow()
    expect(() => requireModel(principal(["gpt-*", "anthropic/*"]), "gemini-3-pro")).toThrow(
      expect.objectContaining({
        code: "model_not_allowed",
        status: 403,
        param: "model",
        message: 'the key "billing" may not use the model "gemini-3-pro", only gpt-*, anthropic/*',
        hint: expect.stringContaining("perdure keys update key_1 --models") as string,
      }),
    )
  })

  it("cuts a long name, and a long list of patterns, in its message", () => {
    const many = Array.from({ length: 40 }, (_, index) => `m${index}`)
    const refused = (): void => requireModel(principal(many), "x".repeat(100_000))
    expect(refused).toThrow(/ and 28 more$/)
    expect(refused).toThrow(expect.objectContaining({ message: expect.not.stringContaining("x".repeat(201)) as string }))
  })

  it("lets every model through where only endpoints are named, and the other way round", () => {
    expect(() => requireModel(principal([], ["chat"]), "anything")).not.toThrow()
    expect(() => requireEndpoint(principal(["gpt-*"]), "POST", "/v1/images/generations")).not.toThrow()
  })

  it.each([
    ["chat", "POST", "/v1/chat/completions", true],
    ["chat", "POST", "/v1/chat/completions?x=/v1/keys", true],
    ["chat", "POST", "/v1/chat", true],
    ["chat", "POST", "/v1/chatter", false],
    ["chat", "POST", "/v1/CHAT/completions", false],
    ["chat", "POST", "/v1/keys", false],
    ["chat", "POST", "/v1//chat/completions", false],
    ["chat", "POST", "/v1/keys/chat", false],
    ["chat", "POST", "/v1/keys?x=/v1/chat/", false],
    ["chat", "POST", "/v1/%63hat/completions", false],
    ["chat", "GET", "/v1/models", true],
    ["chat", "GET", "/v1/keys/me", true],
    ["chat", "GET", "/v1/keys/me?x=1", true],
    ["chat", "PATCH", "/v1/keys/me", false],
    ["chat", "GET", "/v1/keys", false],
    ["chat", "GET", "/v1/keys/me/rotate", false],
    ["chat", "GET", "/v1/models/gpt-4o", true],
    ["chat", "GET", "/v1/", false],
    ["chat", "GET", "/metrics", false],
    ["/v1/images/generations", "POST", "/v1/images/generations", true],
    ["/v1/images/generations", "POST", "/v1/images/edits", false],
    ["/v1/images/*", "POST", "/v1/images/edits", true],
    ["GET /v1/files*", "GET", "/v1/files", true],
    ["GET /v1/files*", "GET", "/v1/files/file_1?x=1", true],
    ["GET /v1/files*", "DELETE", "/v1/files/file_1", false],
    ["GET /v1/*", "POST", "/v1/chat/completions", false],
  ])("%j and %s %s: %s", (endpoint, method, path, allowed) => {
    expect(principal([], [endpoint]).scope?.allowsEndpoint(method, path)).toBe(allowed)
  })

  it("refuses other endpoints with what the key has and without the query", () => {
    expect(() => requireEndpoint(principal([], ["chat", "/v1/audio/*"]), "POST", "/v1/keys?secret=1")).toThrow(
      expect.objectContaining({
        code: "endpoint_not_allowed",
        status: 403,
        message: 'the key "billing" may not call POST /v1/keys, only chat, /v1/audio/*',
      }),
    )
  })

  it("names the group of a path by its first word", () => {
    expect(["/v1/chat/completions", "/v1/embeddings", "/v1/", "/health/live"].map(endpointGroupOf)).toEqual([
      "chat",
      "embeddings",
      "",
      undefined,
    ])
  })
})
