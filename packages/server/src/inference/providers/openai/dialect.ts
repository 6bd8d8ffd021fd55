// Chat completions as a provider's dialect.
import type { ProviderDialect } from "../port.ts"
import { openAiEmbeddings } from "./embeddings.ts"
import { chatRequest } from "./request.ts"
import { ChatStreamReader } from "./stream.ts"

export const openAiChat: ProviderDialect = {
  name: "openai-chat",
  chatRequest: (call, deployment, { stream }) => ({
    path: "/chat/completions",
    headers: {},
    body: JSON.stringify(chatRequest(call, deployment, stream)),
  }),
  openReader: (options) => new ChatStreamReader(options),
  embeddings: openAiEmbeddings,
}
