// Gemini's generateContent as a provider's dialect, at Google's own address and on Vertex.
import type { ProviderDialect } from "../port.ts"
import { geminiEmbeddings } from "./embeddings.ts"
import { modelPath } from "./models.ts"
import { GeminiReader } from "./reader.ts"
import { geminiRequest } from "./request.ts"

export const gemini: ProviderDialect = {
  name: "gemini",
  chatRequest: (call, deployment, { stream }) => ({
    path: `${modelPath(deployment)}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    headers: {},
    body: JSON.stringify(geminiRequest(call, deployment)),
  }),
  openReader: (options) => new GeminiReader(options),
  embeddings: geminiEmbeddings,
}
