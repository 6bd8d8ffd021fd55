// Cohere's chat, version 2, as a provider's dialect.
import type { ProviderDialect } from "../port.ts"
import { cohereEmbeddings } from "./embeddings.ts"
import { CohereReader } from "./reader.ts"
import { cohereRequest } from "./request.ts"
import { cohereRerank } from "./rerank.ts"

export const cohere: ProviderDialect = {
  name: "cohere",
  chatRequest: (call, deployment, { stream }) => ({
    path: "/v2/chat",
    headers: {},
    body: JSON.stringify(cohereRequest(call, deployment, stream)),
  }),
  openReader: (options) => new CohereReader(options),
  embeddings: cohereEmbeddings,
  rerank: cohereRerank,
}
