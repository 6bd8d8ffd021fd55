// What docs/reference/translation.md says of Gemini and Vertex: each with a call that shows it.
import {
  asks,
  cached,
  called,
  flash,
  gemini3,
  picture,
  result,
  said,
  schema,
  single,
  strictTool,
  system,
  tool,
  user,
  vertex,
  type Sent,
} from "./translation-parts.suite.ts"

export const googleClaims: readonly Sent[] = [
  {
    says: "system and developer messages, wherever they stand",
    to: flash,
    call: { messages: [system("one"), user("a"), system("two")] },
    has: { systemInstruction: { parts: [{ text: "one" }, { text: "two" }] } },
  },
  {
    says: "several messages of one side",
    under: "Gemini",
    to: flash,
    call: {
      messages: [
        user("a"),
        said("", {
          toolCalls: [
            { callId: "1", name: "f", arguments: "{}" },
            { callId: "2", name: "f", arguments: "{}" },
          ],
        }),
        result({ callId: "1" }),
        result({ callId: "2" }),
      ],
    },
    has: {
      contents: [{}, { role: "model" }, { role: "user", parts: [{ functionResponse: { id: "1" } }, { functionResponse: { id: "2" } }] }],
    },
  },
  {
    says: "a tool's schema, `json_schema`",
    to: flash,
    call: {
      tools: [
        {
          ...tool,
          parameters: {
            type: "object",
            definitions: { d: { const: 1 } },
            properties: { a: { allOf: [{ $ref: "#/definitions/d" }] }, b: { type: "string", pattern: "^x", maxLength: 3 } },
          },
        },
      ],
    },
    has: {
      tools: [
        {
          functionDeclarations: [
            { parametersJsonSchema: { $defs: { d: { enum: [1] } }, properties: { a: { $ref: "#/$defs/d" }, b: { type: "string" } } } },
          ],
        },
      ],
    },
    hasNot: ["pattern", "maxLength", "const", "allOf"],
  },
  {
    says: "`strict: true` on a tool",
    under: "Gemini",
    to: flash,
    call: { tools: [strictTool] },
    has: { toolConfig: { functionCallingConfig: { mode: "VALIDATED" } } },
  },
  {
    says: "`reasoning_effort`",
    under: "Gemini",
    to: gemini3,
    call: { reasoningEffort: "medium" },
    has: { generationConfig: { thinkingConfig: { thinkingLevel: "medium", includeThoughts: true } } },
  },
  {
    says: "`reasoning_effort`",
    under: "Gemini",
    to: flash,
    call: { reasoningEffort: "medium" },
    has: { generationConfig: { thinkingConfig: { thinkingBudget: 8_192, includeThoughts: true } } },
  },
  {
    says: "`reasoning_effort`",
    under: "Gemini",
    to: ["gemini", "gemini-2.5-pro"],
    call: { reasoningEffort: "none" },
    has: { generationConfig: { thinkingConfig: { thinkingBudget: 128 } } },
  },
  {
    says: "a call of another model in the history",
    to: gemini3,
    call: { messages: [user("a"), called(), result()] },
    has: "skip_thought_signature_validator",
  },
  {
    says: "a call of another model in the history",
    to: flash,
    call: { messages: [user("a"), called(), result()] },
    hasNot: ["thoughtSignature"],
  },
  {
    says: "pictures in a result",
    under: "Gemini",
    to: gemini3,
    call: { messages: [user("a"), called(), result({ parts: [picture] })] },
    has: { contents: [{}, {}, { parts: [{ functionResponse: { parts: [{ inlineData: {} }] } }] }] },
  },
  {
    says: "pictures in a result",
    under: "Gemini",
    to: flash,
    call: { messages: [user("a"), called(), result({ parts: [picture] })] },
    has: { contents: [{}, {}, { parts: [{ functionResponse: {} }, { inlineData: {} }] }] },
  },
  { says: "`parallel_tool_calls: false`", under: "Gemini", to: flash, call: single, hasNot: ["arallel"] },
  { says: "`detail` of pictures", under: "Gemini", to: flash, call: asks(picture), hasNot: ["detail"] },
  { says: "`user`", under: "Gemini", to: flash, call: { user: "someone" }, hasNot: ["someone"] },
  { says: "cache marks (use `cachedContent`)", to: flash, call: asks({ type: "text", text: "a", ...cached }), hasNot: ["ephemeral"] },
  {
    says: "penalties for the models of 2.5 at Google's own address",
    to: flash,
    call: { presencePenalty: 1, frequencyPenalty: 1 },
    hasNot: ["Penalty"],
  },
  {
    says: "penalties for the models of 2.5 at Google's own address",
    to: vertex,
    call: { presencePenalty: 1 },
    has: { generationConfig: { presencePenalty: 1 } },
  },
  { says: "ids of calls on Vertex", to: vertex, call: { messages: [user("a"), called(), result()] }, hasNot: ["call_1"] },
  {
    says: "structured output together with tools before Gemini 3",
    to: flash,
    call: { tools: [tool], responseFormat: schema },
    refused: "structured output together with tools",
  },
  {
    says: "structured output together with tools before Gemini 3",
    to: gemini3,
    call: { tools: [tool], responseFormat: schema },
    has: { generationConfig: { responseMimeType: "application/json" } },
  },
  {
    says: "Claude on Vertex is asked in Anthropic's messages",
    to: ["vertex", "claude-sonnet-4-5@20250929"],
    call: {},
    has: { anthropic_version: "vertex-2023-10-16", messages: [{ role: "user" }] },
  },
  {
    says: "open models there in chat completions",
    to: ["vertex", "meta/llama-3.3-70b-instruct-maas"],
    call: {},
    has: { model: "meta/llama-3.3-70b-instruct-maas", messages: [{ role: "user" }] },
  },
]
