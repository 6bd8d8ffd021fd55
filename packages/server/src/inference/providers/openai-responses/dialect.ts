// Responses as a provider's dialect.
import type { ProviderDialect } from "../port.ts"
import { openAiEmbeddings } from "../openai/embeddings.ts"
import { ResponsesReader } from "./reader.ts"
import { responsesRequest } from "./request.ts"

export const openAiResponses: ProviderDialect = {
  name: "openai-responses",
  chatRequest: (call, deployment, { stream }) => ({
    path: "/responses",
    headers: {},
    body: JSON.stringify(responsesRequest(call, deployment, stream)),
  }),
  openReader: (options) => new ResponsesReader(options),
  embeddings: openAiEmbeddings,
}
