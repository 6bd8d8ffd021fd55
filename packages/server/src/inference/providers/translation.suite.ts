// All that docs/reference/translation.md says, each with what shows it: a call, or a test elsewhere.
import { openAiClaims } from "./translation-openai.suite.ts"
import { anthropicClaims } from "./translation-anthropic.suite.ts"
import { googleClaims } from "./translation-google.suite.ts"
import { mediaClaims } from "./translation-media.suite.ts"
import { otherClaims } from "./translation-others.suite.ts"
import type { Elsewhere, Sent } from "./translation-parts.suite.ts"

export const sent: readonly Sent[] = [...openAiClaims, ...anthropicClaims, ...googleClaims, ...otherClaims]

const providers = "packages/server/src/inference/providers"
export const elsewhere: readonly Elsewhere[] = [
  {
    says: "Citations and grounding of providers",
    file: `${providers}/cohere/fixtures/cohere-text/case.json`,
    test: "citations are left out",
  },
  {
    says: "Pictures that a model makes",
    file: "packages/server/src/http/openai/responses/drawn.test.ts",
    test: "a picture of Gemini's is an image_generation_call",
  },
  {
    says: "Pictures that a model makes",
    file: "packages/server/src/http/anthropic/messages.test.ts",
    test: "show a picture that the model made in the text",
  },
  {
    says: "Groups of tools",
    file: "packages/server/src/http/openai/responses/grouped-tools.test.ts",
    test: "is a function; its call is a tool_search_call, and what it found may be called from then on",
  },
  {
    says: "`web_search` of OpenAI's servers",
    file: "packages/server/src/http/openai/responses/grouped-tools.test.ts",
    test: "is left out beside tools of the client, as agents offer it to every model",
  },
  {
    says: "What one agent tells another",
    file: "packages/server/src/http/openai/responses/grouped-tools.test.ts",
    test: "is told to %s as its user's words",
  },
  {
    says: "The answer names the model that was asked for",
    file: "packages/server/src/http/anthropic/messages.test.ts",
    test: "name the model that was asked for, without which Claude Code drops their thoughts",
  },
  {
    says: "Thoughts that can be read",
    file: "packages/server/src/http/openai/responses/reasoning.test.ts",
    test: "is a summary where its client asks for one, whatever the model calls it",
  },
  {
    says: "Hints of OpenAI's dialects",
    file: "packages/server/src/http/openai/responses/hints.test.ts",
    test: "are sent to OpenAI's chat completions as far as they have them",
  },
  { says: "cited by Perdure itself", file: "packages/server/src/http/openai/responses/tools.test.ts", test: "its marks become citations" },
  { says: "A terminal mark is a terminal mark", file: `${providers}/golden.test.ts`, test: "no part of the stream passes for the whole" },
  { says: "Usage", file: "packages/server/src/app/cost.test.ts", test: "Gemini counts thoughts beside the candidates" },
  {
    says: "what nobody reported is estimated",
    file: `${providers}/openai/stream.test.ts`,
    test: "counts by itself, and says so, when no usage is reported",
  },
  {
    says: "Tiers and tools that are charged for",
    file: "packages/server/src/http/light/tiers.test.ts",
    test: "is paid with the searches that it made, and flagged in capacity that was bought ahead",
  },
  {
    says: "Errors",
    file: "packages/server/src/inference/told-error.test.ts",
    test: "keeps its word as the type, has a code that clients know",
  },
  {
    says: "`developer` becomes `system`",
    file: "packages/server/src/http/openai/chat-habits.test.ts",
    test: "C18 has the role developer as system where nobody knows it",
  },
  {
    says: "`max_completion_tokens` becomes `max_tokens`",
    file: "packages/server/src/http/openai/chat-habits.test.ts",
    test: "C18 has the limit of the output under the name that a server knows",
  },
  {
    says: "`stream_options` is left out where it is refused",
    file: "packages/server/src/http/openai/chat-habits.test.ts",
    test: "is not told of usage where that is refused",
  },
  {
    says: "A parameter that the server refuses by name",
    file: "packages/server/src/http/openai/chat-habits.test.ts",
    test: "is left out, and the provider asked again",
  },
  {
    says: "they keep their system prompt",
    file: "packages/server/src/http/anthropic/messages.test.ts",
    test: "say all that the request said: system, images, documents, tools, format, cache points",
  },
  ...["Anthropic's own tools", "MCP servers", "containers"].map((says) => ({
    says,
    under: "Messages",
    file: "packages/server/src/http/anthropic/messages.test.ts",
    test: "are refused where they need what only Anthropic has",
  })),
  {
    says: "A malformed call of the model",
    file: `${providers}/gemini/fixtures/gemini-malformed/answer.json`,
    test: "MALFORMED_FUNCTION_CALL",
  },
  { says: "Usage is what Cohere bills", file: "packages/server/src/app/cost.test.ts", test: "Cohere bills other tokens than it processes" },
  {
    says: "`reasoning_effort` is `reasoning` from version 4",
    file: `${providers}/ai-sdk/options.test.ts`,
    test: "have the effort as reasoning from version 4 on",
  },
  {
    says: "Metadata that the provider puts beside reasoning and calls",
    file: `${providers}/ai-sdk/model.test.ts`,
    test: "keeps what the provider says beside reasoning and calls",
  },
  ...["`parallel_tool_calls: false`", "thinking budgets", "`user`", "cache marks", "`detail` of pictures"].map((says) => ({
    says,
    under: "AI SDK",
    file: `${providers}/ai-sdk/options.test.ts`,
    test: "what the specification has no place for",
  })),
  ...["sources", "calls that the provider executes itself"].map((says) => ({
    says,
    under: "AI SDK",
    file: `${providers}/ai-sdk/options.test.ts`,
    test: "is passed over where it is a source, or a call that the provider executes itself",
  })),
  {
    says: "What the package makes of it.",
    file: `${providers}/ai-sdk/model.test.ts`,
    test: "sends the conversation, with its tools and settings",
  },
  {
    says: "pictures and files by address that the package does not fetch",
    file: `${providers}/ai-sdk/model.test.ts`,
    test: "refuses a picture by address that the provider does not fetch",
  },
  {
    says: "Texts are sent in as many requests as the provider wants",
    file: `${providers}/own-dialects.test.ts`,
    test: "of many texts come in their order",
  },
  {
    says: "What vectors are for",
    file: `${providers}/own-dialects.test.ts`,
    test: "are asked for with their dimensions and what they are for",
  },
  {
    says: "`dimensions` is passed on, or refused",
    file: "packages/server/src/http/openai/embeddings.test.ts",
    test: "B3 honours the dimensions of the model here, and refuses others",
  },
  {
    says: "Tokens in place of texts",
    file: "packages/server/src/http/openai/embeddings.test.ts",
    test: "B3 takes texts and tokens for a provider",
  },
  ...mediaClaims,
]
