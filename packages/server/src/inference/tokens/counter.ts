// Counts what a model call would put before its model: with the model's own tokenizer where it is known, else from the sizes of the parts.
import type { CallableModel } from "../providers/embedded/types.ts"
import type { Deployment, ModelCall } from "../types.ts"
import type { ModelContent, ModelMessage } from "../message-types.ts"
import { claudeImageTokens, estimateTextTokens, fileTokens, tiledImageTokens } from "./estimate.ts"
import type { Tokenizer } from "./tokenizer.ts"
import type { TokenCount, TokenCounter, Vocabulary } from "./types.ts"

export interface TokenCounterOptions {
  tokenizer: Tokenizer
  /** Models of this process count for themselves. */
  natives: ReadonlyMap<string, CallableModel>
}

/** Native models count on the server's own loop: longer inputs are not worth the time. */
const nativeCharactersMax = 100_000

export function createTokenCounter({ tokenizer, natives }: TokenCounterOptions): TokenCounter {
  return {
    async count(call, deployment, signal) {
      const parts = partsOf(call, deployment)
      const countTokens = natives.get(deployment.id)?.countTokens
      const isLong = sum(parts.texts, ({ length }) => length) > nativeCharactersMax
      if (countTokens)
        return isLong ? estimated(parts, deployment) : { tokens: sum(parts.texts, (text) => countTokens(text)), estimated: parts.estimated }
      const vocabulary = vocabularyOf(deployment.upstreamModel)
      const exact = vocabulary && (await tokenizer.count(vocabulary, parts.texts, signal))
      return exact === undefined ? estimated(parts, deployment) : { tokens: parts.extra + exact, estimated: parts.estimated }
    },
    [Symbol.asyncDispose]: () => tokenizer[Symbol.asyncDispose](),
  }
}

/** At once, from the sizes of the parts. */
export function estimateTokens(call: ModelCall, deployment: Deployment): number {
  return estimated(partsOf(call, deployment), deployment).tokens
}

/** OpenAI's models by their names, wherever they are served; a deployment of another name may be any model. */
export function vocabularyOf(upstreamModel: string): Vocabulary | undefined {
  const name = upstreamModel.slice(upstreamModel.lastIndexOf("/") + 1).toLowerCase()
  if (/^(?:gpt-(?:4o|4\.1|4\.5|5|oss|realtime)|chatgpt-4o|o[1-9](?:-|$)|codex-mini)/.test(name)) return "o200k_base"
  return /^(?:gpt-4|gpt-3\.5|gpt-35|text-embedding-(?:3|ada))/.test(name) ? "cl100k_base" : undefined
}

interface Parts {
  texts: readonly string[]
  /** Tokens that are not in texts: between messages, of images and files. */
  extra: number
  /** Whether `extra` holds guesses. */
  estimated: boolean
}

const messageTokens = 3
const replyTokens = 3
const toolTokens = 11
const callTokens = 4
/** What Anthropic puts before a model that may use tools, by its documentation; more for `auto`. */
const claudeToolsTokens = 346
const claudeForcedToolsTokens = 313

function partsOf(call: ModelCall, deployment: Deployment): Parts {
  const isClaude = isClaudeModel(deployment)
  const contents = call.messages.flatMap((message): readonly ModelContent[] => (message.role === "tool" ? [] : message.content))
  const others = contents.filter(({ type }) => type !== "text")
  const tools = call.tools.map((tool) => `${tool.name} ${tool.description ?? ""} ${JSON.stringify(tool.parameters)}`)
  const format = call.responseFormat === null ? [] : [JSON.stringify(call.responseFormat)]
  const calls = call.messages.reduce((count, message) => count + (message.role === "assistant" ? message.toolCalls.length : 0), 0)
  return {
    texts: [...call.messages.flatMap(textsOf), ...call.passages.map(({ text }) => text), ...tools, ...format],
    extra:
      call.messages.length * (messageTokens + 1) +
      replyTokens +
      calls * callTokens +
      (isClaude ? claudeTools(call) : tools.length * toolTokens) +
      sum(others, (part) => tokensOfPart(part, isClaude)),
    estimated: others.length > 0 || tools.length > 0,
  }
}

function claudeTools({ tools, toolChoice }: ModelCall): number {
  if (tools.length === 0) return 0
  return toolChoice === "auto" || toolChoice === "none" ? claudeToolsTokens : claudeForcedToolsTokens
}

function textsOf(message: ModelMessage): string[] {
  if (message.role === "tool") return [message.content]
  const texts = message.content.flatMap((part) => (part.type === "text" ? [part.text] : []))
  return message.role === "assistant" ? [...texts, ...message.toolCalls.flatMap((each) => [each.name, each.arguments])] : texts
}

function tokensOfPart(part: ModelContent, isClaude: boolean): number {
  if (part.type === "image") return isClaude ? claudeImageTokens(part.url) : tiledImageTokens(part.url)
  return part.type === "file" ? fileTokens(part.data) : 0
}

/** Claude's tokens are shorter than those of most. */
const claudeCharactersPerToken = 3.5
const usualCharactersPerToken = 4

function estimated({ texts, extra }: Parts, deployment: Deployment): TokenCount {
  const charactersPerToken = isClaudeModel(deployment) ? claudeCharactersPerToken : usualCharactersPerToken
  return { tokens: extra + sum(texts, (text) => estimateTextTokens(text, charactersPerToken)), estimated: true }
}

function isClaudeModel({ provider, upstreamModel }: Deployment): boolean {
  return provider === "anthropic" || upstreamModel.toLowerCase().includes("claude")
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
