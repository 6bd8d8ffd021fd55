// Chat completions as a provider's dialect.
import { openAiResponses } from "../openai-responses/dialect.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ProviderDialect } from "../port.ts"
import { EitherReader } from "./either-reader.ts"
import { openAiEmbeddings } from "./embeddings.ts"
import { needsResponses, speaksResponses } from "../../passed-items.ts"
import { refusesTools } from "./models.ts"
import { chatRequest } from "./request.ts"
import { ChatStreamReader } from "./stream.ts"

export const openAiChat: ProviderDialect = {
  name: "openai-chat",
  chatRequest: (call, deployment, options) => {
    if (goesToResponses(call, deployment)) return openAiResponses.chatRequest(call, deployment, options)
    return { path: "/chat/completions", headers: {}, body: JSON.stringify(chatRequest(call, deployment, options.stream)) }
  },
  openReader: (options) => (speaksResponses(options.deployment) ? new EitherReader(options) : new ChatStreamReader(options)),
  embeddings: openAiEmbeddings,
}

/** OpenAI's newer models think, or take tools, but not both by chat completions; and some tools are nowhere but in Responses. */
function goesToResponses(call: ModelCall, deployment: Deployment): boolean {
  if (!speaksResponses(deployment)) return false
  return needsResponses(call) || (refusesTools(deployment.upstreamModel) && call.tools.length > 0 && call.reasoningEffort !== "none")
}
