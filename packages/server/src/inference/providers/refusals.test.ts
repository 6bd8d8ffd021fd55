// Requests that would lose something essential at a provider: refused by name, before anything is sent.
import { describe, expect, it } from "vitest"
import type { ModelCall } from "../types.ts"
import type { ModelContent } from "../message-types.ts"
import { callOf, deploymentOf } from "./golden.fixtures.ts"
import { dialectOf } from "./index.ts"

const said = (...content: ModelContent[]): Partial<ModelCall> => ({ messages: [{ role: "user", content }] })
const picture: ModelContent = { type: "image", url: "https://pictures.example/a.png" }
const tool = { name: "f", description: null, parameters: { type: "object" }, strict: null }
const schema = { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } }

describe("a request is refused", () => {
  it.each<[string, string, string, Partial<ModelCall>, string]>([
    [
      "structured output with tools before Gemini 3",
      "gemini",
      "gemini-2.5-pro",
      { tools: [tool], responseFormat: schema },
      "structured output together with tools",
    ],
    ["a picture by address at Bedrock", "bedrock", "amazon.nova-pro-v1:0", said(picture), "a part that is only an address"],
    [
      "a picture of a rare type at Bedrock",
      "bedrock",
      "amazon.nova-pro-v1:0",
      said({ type: "image", url: "data:image/tiff;base64,AA==" }),
      'a part of the type "image/tiff"',
    ],
    [
      "a file that Cohere cannot read",
      "cohere",
      "command-a-03-2025",
      said({ type: "file", name: "a.pdf", data: "JVBERi0=" }),
      'a part of the type "application/pdf"',
    ],
    [
      "sound at Cohere",
      "cohere",
      "command-a-03-2025",
      said({ type: "audio", data: "AA==", format: "wav" }),
      'a part of the type "audio/wav"',
    ],
    [
      "a picture in a result at Cohere",
      "cohere",
      "command-a-03-2025",
      { messages: [{ role: "tool", callId: "c", content: "", parts: [{ type: "image", url: "data:image/png;base64,AA==" }] }] },
      "a picture or file in a tool's result",
    ],
  ])("for %s", (_, provider, model, part, what) => {
    const deployment = deploymentOf({ provider, model, settings: { region: "r" } })
    const ask = (): unknown => dialectOf(deployment).chatRequest(callOf(part), deployment, { stream: true })
    expect(ask).toThrow(expect.objectContaining({ code: "unsupported_value", message: `${what} cannot be sent to "${provider}/${model}"` }))
  })
})
