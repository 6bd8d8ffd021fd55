// What is the same in the record of every call that the server makes for its own work and that answers with no text.
import type { LightRunRecord } from "../accounting/index.ts"

export const internalCall = {
  outcome: "completed",
  status: 200,
  error: null,
  firstTokenMs: null,
  streamed: false,
  outputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  requestBytes: 0,
  responseBytes: 0,
  label: null,
} as const satisfies Partial<LightRunRecord>
