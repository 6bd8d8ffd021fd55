// What each provider's requests carry: the key in the header that it wants, and the paths of its routes.
import { describe, expect, it } from "vitest"
import { testDeployment } from "../../testing/gateway.ts"
import { headersOf, pathsOf } from "./target.ts"

describe("the headers of a deployment", () => {
  it.each([
    ["openai", { authorization: "Bearer k" }],
    ["azure", { "api-key": "k" }],
    ["anthropic", { "x-api-key": "k", "anthropic-version": "2023-06-01" }],
    ["gemini", { "x-goog-api-key": "k" }],
    ["groq", { authorization: "Bearer k" }],
    ["something else", { authorization: "Bearer k" }],
  ])("of %s carry its key as %j", (provider, headers) => {
    expect(headersOf({ provider, apiKey: "k" })).toEqual(headers)
  })

  it("have no key where there is none, and those of the settings over the usual ones", () => {
    const settings = { organization: "org-1", project: "proj-1", headers: { authorization: "Basic x", "x-team": "search" } }
    expect(headersOf({ provider: "openai", apiKey: null, settings })).toEqual({
      "openai-organization": "org-1",
      "openai-project": "proj-1",
      authorization: "Basic x",
      "x-team": "search",
    })
  })
})

describe("the paths of a deployment", () => {
  const azure = (settings: object): ReturnType<typeof testDeployment> =>
    testDeployment("https://r.openai.azure.com", { provider: "azure", upstreamModel: "my gpt", settings: { ...settings } })

  it.each([
    ["the v1 API of Azure", azure({}), "", "/chat/completions", "/openai/v1/chat/completions"],
    ["the v1 API of Azure by its whole address", azure({}), "/openai/v1", "/embeddings", "/openai/v1/embeddings"],
    [
      "a dated API of Azure",
      azure({ apiVersion: "2024-10-21" }),
      "",
      "/chat/completions",
      "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
    ],
    [
      "Responses of a dated API of Azure",
      azure({ apiVersion: "2025-04-01-preview" }),
      "",
      "/responses",
      "/openai/responses?api-version=2025-04-01-preview",
    ],
    [
      "open models on Vertex",
      testDeployment("http://h", { provider: "vertex" }),
      "/v1/projects/p",
      "/chat/completions",
      "/v1/projects/p/endpoints/openapi/chat/completions",
    ],
    ["any other", testDeployment("http://h/v1"), "/v1", "/chat/completions", "/v1/chat/completions"],
  ])("of %s", (_, deployment, prefix, route, path) => {
    expect(pathsOf(deployment, prefix)(route)).toBe(path)
  })
})
