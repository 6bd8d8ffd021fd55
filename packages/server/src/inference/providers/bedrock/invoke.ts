// Anthropic's messages as clients send them, on their way to a Claude of Bedrock: InvokeModel takes them, and its stream holds their events.
import type { JsonValue } from "../../../core/index.ts"
import type { TopLevel } from "../../parameters/index.ts"
import type { Deployment } from "../../types.ts"
import type { Envelope } from "../envelope.ts"
import { InvokeStream } from "./invoke-stream.ts"

const version = "bedrock-2023-05-31"
const streamType = "application/vnd.amazon.eventstream"

export const invokeEnvelope: Envelope = {
  path: ({ upstreamModel }, stream) => `/model/${encodeURIComponent(upstreamModel)}/${stream ? "invoke-with-response-stream" : "invoke"}`,
  headers: ({ stream }) => ({ accept: stream ? streamType : "application/json" }),
  looksAt: new Set(["anthropic_version", "anthropic_beta", "stream", "max_tokens"]),
  changes: (top, { betas }) => {
    const all = [...new Set([...betasIn(top), ...betas])]
    return new Map<string, JsonValue | undefined>([
      ...versionOf(top),
      ...(all.length === 0 ? [] : ([["anthropic_beta", all]] as const)),
      // The path says it.
      ...(top.has("stream") ? ([["stream", undefined]] as const) : []),
    ])
  },
  wrappedStream: { type: streamType, open: (deployment) => new InvokeStream(deployment) },
  count: {
    path: (deployment) => `/model/${encodeURIComponent(countedModel(deployment))}/count-tokens`,
    namesModel: false,
    // What is counted must be a request that could be made.
    changes: (top) => [...versionOf(top), ...(top.has("max_tokens") ? [] : ([["max_tokens", 1]] as const))],
    wrap: (body) => Buffer.from(JSON.stringify({ input: { invokeModel: { body: body.toString("base64") } } })),
    read: ({ inputTokens }) => ({ input_tokens: inputTokens ?? null }),
  },
}

/** Claude by its own id, one of a region's profile, or an ARN that ends with one; not where Converse alone takes what is configured. */
export function takesMessages({ provider, upstreamModel, parameters }: Deployment): boolean {
  if (provider !== "bedrock" || !/(?:^|[./:])anthropic\.claude/i.test(upstreamModel)) return false
  return !converseOnly.some((name) => parameters?.defaults[name] !== undefined || parameters?.overrides[name] !== undefined)
}

const converseOnly = ["additionalModelRequestFields", "guardrailConfig", "performanceConfig", "requestMetadata", "serviceTier"]

/** It counts by the id of the model itself, not by a profile's. */
function countedModel({ upstreamModel }: Deployment): string {
  return /anthropic\.claude.*$/i.exec(upstreamModel)?.[0] ?? upstreamModel
}

function versionOf(top: TopLevel): readonly (readonly [string, JsonValue])[] {
  return top.has("anthropic_version") ? [] : [["anthropic_version", version]]
}

function betasIn(top: TopLevel): string[] {
  const given = top.value("anthropic_beta")
  return Array.isArray(given) ? (given as readonly JsonValue[]).filter((each) => typeof each === "string") : []
}
