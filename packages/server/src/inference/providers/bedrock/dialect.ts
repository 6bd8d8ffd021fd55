// Bedrock's Converse as a provider's dialect.
import type { ProviderDialect } from "../port.ts"
import { bedrockEmbeddings, bedrockRerank } from "./embeddings.ts"
import { ConverseReader } from "./reader.ts"
import { converseRequest } from "./request.ts"

export const bedrockConverse: ProviderDialect = {
  name: "bedrock-converse",
  chatRequest: (call, deployment, { stream }) => ({
    path: `/model/${encodeURIComponent(deployment.upstreamModel)}/${stream ? "converse-stream" : "converse"}`,
    headers: stream ? { accept: "application/vnd.amazon.eventstream" } : { accept: "application/json" },
    body: JSON.stringify(converseRequest(call, deployment)),
  }),
  openReader: (options) => new ConverseReader(options),
  embeddings: bedrockEmbeddings,
  rerank: bedrockRerank,
}
