// Tests that what keys can be restricted to covers the route table, and what a request for a key may say.
import { expect, test } from "vitest"
import { apiKeyCreateRequestSchema, apiKeyUpdateRequestSchema, apiRoutes, endpointGroups, isOwnPath, keyLimitsSchema } from "./index.ts"

test("every group of routes can be named in a key's endpoints; a new one belongs in endpointGroups", () => {
  // Routes of LiteLLM's stand for others, whose groups they have.
  const groups = apiRoutes
    .filter(({ dialect }) => dialect !== "litellm")
    .map(({ path }) => /^\/v1\/([^/]+)/.exec(path)?.[1])
    .filter((group) => group !== undefined)
  expect([...new Set(groups)].filter((group) => !(endpointGroups as readonly string[]).includes(group))).toEqual([])
})

test("the first part of every route is known as the server's own, but where a configuration may pass it through", () => {
  const yielding = ["/v2/key/info", "/customer/new", "/customer/info", "/customer/list"]
  expect(apiRoutes.filter(({ path }) => !isOwnPath(path)).map(({ path }) => path)).toEqual(yielding)
})

test("every limit of a key can be taken away by null, and only by null", () => {
  for (const name of Object.keys(keyLimitsSchema.shape)) {
    expect(apiKeyUpdateRequestSchema.parse({ limits: { [name]: null } })).toEqual({ limits: { [name]: null } })
    expect(apiKeyUpdateRequestSchema.safeParse({ limits: { [name]: "none" } }).success).toBe(false)
    expect(apiKeyCreateRequestSchema.safeParse({ name: "x", limits: { [name]: null } }).success).toBe(false)
  }
})

test("models are patterns without spaces and commas, endpoints are groups, paths under /v1/, or paths that are passed through", () => {
  const accepts = (scope: object): boolean => apiKeyCreateRequestSchema.safeParse({ name: "x", scope }).success
  for (const model of ["gpt-*", "anthropic/claude-*", "*", "ft:gpt-4o:org::id", "模型"])
    expect({ model, ok: accepts({ models: [model] }) }).toEqual({ model, ok: true })
  for (const model of ["", "a b", "a,b", "a\n", "a\0", "x".repeat(201)])
    expect({ model, ok: accepts({ models: [model] }) }).toEqual({ model, ok: false })
  for (const endpoint of ["chat", "/v1/images/*", "GET /v1/files*", "PATCH /v1/keys/key_1", "/openai/*", "GET /openai/files"])
    expect({ endpoint, ok: accepts({ endpoints: [endpoint] }) }).toEqual({ endpoint, ok: true })
  for (const endpoint of [
    "",
    "*",
    "chat*",
    "embedding",
    "/metrics",
    "/key/generate",
    "/chat/completions",
    "/o*",
    "/*",
    "/mcp/x",
    "GET",
    "GET chat",
    "get /v1/files",
    "/v1/a b",
    "/v1/x?y",
    "constructor",
  ]) {
    expect({ endpoint, ok: accepts({ endpoints: [endpoint] }) }).toEqual({ endpoint, ok: false })
  }
})
