// The words of accounting: the record of one light run, the usage of a call, what it cost.
import type { LightRunKind } from "@perdure/contract"
import type { JsonObject, JsonValue } from "../core/index.ts"

/** One stateless call, written as one row when it ends: its event log of one event. Times in epoch milliseconds, durations in milliseconds. */
export interface LightRunRecord {
  id: string
  projectId: string
  principal: string
  user: string | null
  /** Of its key and of its request; none when absent. */
  tags?: readonly string[]
  /** What its request said of itself, besides tags; nothing when absent. */
  metadata?: JsonObject
  kind: LightRunKind
  name: string
  model: string | null
  deployment: string | null
  outcome: "completed" | "failed" | "cancelled"
  /** HTTP status that the client saw. */
  status: number
  error: { code: string; message: string } | null
  startedAt: number
  durationMs: number
  /** From handing the call to the upstream to the end; null when nothing was sent. Counted, not stored. */
  upstreamMs?: number | null
  firstTokenMs: number | null
  streamed: boolean
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costMicroUsd: number
  costKnown: boolean
  /** Version of the price list that the cost is by; none where the configuration states the price. */
  priceList?: string | null
  requestBytes: number
  responseBytes: number
  /** The label as stored JSON (`Label` of security, or null). */
  label: JsonValue
  /** Decisions of the gate, request and answer where capture is on, anything else worth keeping. */
  data: JsonValue
}
