// A call of which everything is still to be said.
import type { ModelCall } from "./types.ts"

export const blankCall: ModelCall = {
  model: "",
  messages: [],
  passages: [],
  tools: [],
  toolChoice: "none",
  parallelToolCalls: false,
  temperature: null,
  topP: null,
  outputTokensMax: null,
  responseFormat: null,
  reasoningEffort: null,
  user: null,
}
