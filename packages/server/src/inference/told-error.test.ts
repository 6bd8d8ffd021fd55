// What clients are told of failures at providers that are not like OpenAI.
import { describe, expect, it } from "vitest"
import type { Deployment } from "./types.ts"
import { errorTold } from "./told-error.ts"
import { errorInBody, errorOfStatus } from "./upstream-error.ts"

function deployment(part: Partial<Deployment>): Deployment {
  return {
    id: "p/m",
    provider: "gemini",
    dialect: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    apiKey: "AIzaSyA-secret-secret-secret-secret",
    upstreamModel: "m",
    does: { chat: true, embeddings: false },
    contextTokensMax: null,
    origin: "perdure.yaml:3",
    ...part,
  }
}
const google = deployment({})
const bedrock = deployment({
  provider: "bedrock",
  dialect: "bedrock-converse",
  baseUrl: "https://bedrock-runtime.eu-central-1.amazonaws.com",
})
const cohere = deployment({ provider: "cohere", dialect: "cohere", baseUrl: "https://api.cohere.com" })

describe("an error of Google", () => {
  it("E3 keeps its word as the type, has a code that clients know, and the wait that its details name", () => {
    const body = {
      error: {
        code: 429,
        message: "You exceeded your current quota.",
        status: "RESOURCE_EXHAUSTED",
        details: [
          { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [] },
          { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" },
        ],
      },
    }
    for (const text of [JSON.stringify(body), JSON.stringify([body])]) {
      const error = errorOfStatus(google, 429, text, {})
      expect(error).toMatchObject({
        code: "rate_limit_exceeded",
        retryAfterMs: 34_400,
        retryable: true,
        message: "You exceeded your current quota.",
      })
      expect(error.answer).toEqual({ status: 429, type: "RESOURCE_EXHAUSTED", code: "rate_limit_exceeded", param: null })
    }
    expect(errorOfStatus(google, 429, JSON.stringify(body), { "retry-after": "3" }).retryAfterMs).toBe(3_000)
  })

  it("about our key is not the client's, though Google answers 400; and the key is not in the text", () => {
    const error = errorOfStatus(
      google,
      400,
      JSON.stringify({
        error: {
          code: 400,
          message: "API key AIzaSyA-secret-secret-secret-secret not valid.",
          status: "INVALID_ARGUMENT",
          details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
        },
      }),
      {},
    )
    expect(error).toMatchObject({ code: "upstream_error", failure: "credentials", retryable: true })
    expect(error.answer.status).toBe(502)
    expect(error.message).not.toContain("AIza")
  })

  it("E2 about a conversation that is too long has the code that clients match on", () => {
    const message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    const error = errorOfStatus(google, 400, JSON.stringify({ error: { code: 400, message, status: "INVALID_ARGUMENT" } }), {})
    expect(error.answer).toMatchObject({ status: 400, code: "context_length_exceeded", type: "INVALID_ARGUMENT" })
    expect(error.retryable).toBe(false)
  })

  it("T13 inside a stream has the status that it names", () => {
    const error = errorInBody(google, { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" })
    expect(error).toMatchObject({ code: "overloaded", retryable: true })
    expect(error.answer).toMatchObject({ status: 503, type: "UNAVAILABLE", code: "overloaded" })
  })
})

describe("an error of Bedrock", () => {
  it("is named by a header, and its text is a bare message", () => {
    const error = errorOfStatus(bedrock, 429, JSON.stringify({ message: "Too many requests, please wait." }), {
      "x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
    })
    expect(error).toMatchObject({ code: "rate_limit_exceeded", retryable: true, message: "Too many requests, please wait." })
    expect(error.answer.type).toBe("ThrottlingException")
  })

  it("that the model failed (424) may be tried again and is a 502", () => {
    const error = errorOfStatus(bedrock, 424, JSON.stringify({ message: "The model failed." }), {
      "x-amzn-errortype": "ModelErrorException",
    })
    expect(error).toMatchObject({ code: "upstream_error", retryable: true })
    expect(error.answer.status).toBe(502)
  })

  it("says in words that the input is too long", () => {
    const error = errorOfStatus(bedrock, 400, JSON.stringify({ message: "Input is too long for requested model." }), {
      "x-amzn-errortype": "ValidationException",
    })
    expect(error.answer.code).toBe("context_length_exceeded")
  })

  it("never shows the id of an access key", () => {
    const error = errorOfStatus(bedrock, 403, JSON.stringify({ message: "The key AKIAIOSFODNN7EXAMPLE has no access." }), {})
    expect(error.message).not.toContain("AKIA")
    expect(error.failure).toBe("forbidden")
  })
})

it("an error of Cohere is a bare message with an id", () => {
  const error = errorOfStatus(cohere, 400, JSON.stringify({ id: "x", message: "too many tokens: 200000" }), {})
  expect(error.answer).toMatchObject({ status: 400, code: "context_length_exceeded" })
  expect(errorOfStatus(cohere, 422, JSON.stringify({ id: "x", message: "bad" }), {}).answer).toMatchObject({
    status: 422,
    code: "invalid_request",
  })
})

describe("an error inside a 200", () => {
  const own = deployment({ provider: "openai", dialect: "openai-chat", baseUrl: "https://api.openai.com/v1" })
  it.each([
    [{ code: 403, message: "no" }, "forbidden", 502],
    [{ code: "403", message: "no" }, "forbidden", 502],
    [{ status: 401, message: "no" }, "credentials", 502],
    [{ type: "invalid_request_error", code: "invalid_api_key", message: "no" }, "credentials", 502],
    [{ type: "authentication_error", message: "no" }, "credentials", 502],
    [{ type: "permission_error", message: "no" }, "forbidden", 502],
    [{ type: "rate_limit_error", message: "no" }, "rate_limit", 429],
    [{ type: "tokens", code: "rate_limit_exceeded", message: "no" }, "rate_limit", 429],
    [{ type: "insufficient_quota", code: null, message: "no" }, "quota", 429],
    [{ type: "billing_error", message: "no" }, "quota", 402],
    [{ type: "overloaded_error", message: "no" }, "server", 529],
    [{ status: "PERMISSION_DENIED", message: "no" }, "forbidden", 502],
    [{ status: "RESOURCE_EXHAUSTED", message: "no" }, "rate_limit", 429],
    [{ __type: "com.amazon.coral.service#ThrottlingException", message: "no" }, "rate_limit", 429],
    [{ type: "invalid_request_error", message: "no" }, "request", 400],
    [{ type: "server_error", message: "no" }, "server", 502],
    [{ type: "a_word_of_their_own", message: "no" }, "server", 502],
    ["out of order", "server", 502],
  ] as const)("that says %j is a failure of the kind %s, as with a status", (told, failure, status) => {
    const error = errorInBody(own, told)
    expect([error.failure, error.answer.status]).toEqual([failure, status])
  })

  it("is found where providers put it, and nowhere else", () => {
    expect(errorTold({ error: { message: "x" } })).toEqual({ message: "x" })
    expect(errorTold({ type: "error", error: { type: "overloaded_error" } })).toEqual({ type: "overloaded_error" })
    expect(errorTold({ object: "error", message: "x", code: 404 })).toMatchObject({ code: 404 })
    expect(errorTold({ object: "chat.completion", error: null })).toBeUndefined()
  })
})
