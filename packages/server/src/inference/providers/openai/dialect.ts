// Chat completions as a provider's dialect.
import { openAiResponses } from "../openai-responses/dialect.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ProviderDialect } from "../port.ts"
import { EitherReader } from "./either-reader.ts"
import { openAiEmbeddings } from "./embeddings.ts"
import { refusesTools } from "./models.ts"
import { chatRequest } from "./request.ts"
import { ChatStreamReader } from "./stream.ts"

export const openAiChat: ProviderDialect = {
  name: "openai-chat",
  chatRequest: (call, deployment, options) => {
    if (goesToResponses(call, deployment)) return openAiResponses.chatRequest(call, deployment, options)
    return { path: "/chat/completions", headers: {}, body: JSON.stringify(chatRequest(call, deployment, options.stream)) }
  },
  openReader: (options) => (mayGoToResponses(options.deployment) ? new EitherReader(options) : new ChatStreamReader(options)),
  embeddings: openAiEmbeddings,
}

/** OpenAI's newer models think, or take tools, but not both by chat completions. */
function goesToResponses(call: ModelCall, deployment: Deployment): boolean {
  return mayGoToResponses(deployment) && call.tools.length > 0 && call.reasoningEffort !== "none"
}

function mayGoToResponses({ provider, upstreamModel }: Deployment): boolean {
  return (provider === "openai" || provider === "azure") && refusesTools(upstreamModel)
}
