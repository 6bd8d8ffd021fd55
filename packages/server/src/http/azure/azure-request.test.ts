// What a request of a client for Azure's OpenAI service means here.
import type { IncomingMessage } from "node:http"
import { describe, expect, it } from "vitest"
import { ownForm, takeAzureRequest } from "./azure-request.ts"

describe("a path of Azure's", () => {
  it.each([
    ["/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21", "/v1/chat/completions", "gpt-5"],
    ["/openai/deployments/perdure%2Fextractive/embeddings", "/v1/embeddings", "perdure/extractive"],
    ["/openai/responses?api-version=preview", "/v1/responses", undefined],
    [
      "/openai/v1/responses/resp_1?stream=true&starting_after=4&api-version=v1",
      "/v1/responses/resp_1?stream=true&starting_after=4",
      undefined,
    ],
    ["/openai/models?api-version=2024-10-21", "/v1/models", undefined],
    ["/openai/realtime?api-version=2024-10-01-preview&deployment=voice", "/v1/realtime?model=voice", undefined],
    ["/openai/v1/realtime?model=voice&deployment=other", "/v1/realtime?model=voice", undefined],
  ])("%s is %s", (url, own, model) => {
    expect(ownForm(url)).toEqual({ url: own, model })
  })

  it.each([
    "/v1/chat/completions",
    "/openai",
    "/openai/",
    "/openai/deployments",
    "/openai/deployments?api-version=2024-10-21",
    "/openai/deployments/gpt-5",
    "/openai/deployments//chat/completions",
    "/openai/deployments/%E0%A4%A/chat/completions",
    "/openaix/v1/models",
  ])("%s is none", (url) => {
    expect(ownForm(url)).toBeUndefined()
  })
})

function asked(url: string, headers: Record<string, string>): IncomingMessage & { modelOfPath?: string } {
  return { url, headers: { ...headers }, rawHeaders: Object.entries(headers).flat() } as unknown as IncomingMessage
}

describe("a request of Azure's clients", () => {
  it("has its key where keys are looked for, in both forms of its headers", () => {
    const request = asked("/openai/v1/models", { "api-key": "pk_1" })
    expect(takeAzureRequest(request)).toBe(true)
    expect(request.headers["x-api-key"]).toBe("pk_1")
    expect(request.rawHeaders).toEqual(["api-key", "pk_1", "x-api-key", "pk_1"])
  })

  it("keeps the credentials that it has", () => {
    const request = asked("/openai/v1/models", { authorization: "Bearer pk_2", "api-key": "pk_1" })
    takeAzureRequest(request)
    expect(request.headers["x-api-key"]).toBeUndefined()
  })

  it("names the model for a body of JSON, and leaves a form its own", () => {
    const [json, form] = ["application/json", "multipart/form-data; boundary=x"].map((type) =>
      asked("/openai/deployments/whisper/audio/transcriptions", { "content-type": type }),
    )
    takeAzureRequest(json!)
    takeAzureRequest(form!)
    expect([json?.modelOfPath, form?.modelOfPath]).toEqual(["whisper", undefined])
  })

  it("is left as it is where it is none", () => {
    const request = asked("/v1/models", { "api-key": "pk_1" })
    expect(takeAzureRequest(request)).toBe(false)
    expect([request.url, request.headers]).toEqual(["/v1/models", { "api-key": "pk_1" }])
  })
})
