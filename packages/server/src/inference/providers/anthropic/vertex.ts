// Anthropic's messages as Vertex takes them: the model in the path, the version in the body.
import type { ProviderDialect } from "../port.ts"
import { MessagesReader } from "./reader.ts"
import { messagesRequest } from "./request.ts"
import { vertexPath, vertexVersion } from "./vertex-envelope.ts"

/** Signatures of thoughts hold on every platform, so they are Anthropic's here too. */
export const anthropicVertex: ProviderDialect = {
  name: "anthropic-vertex",
  chatRequest: (call, deployment, { stream }) => {
    const { model: _, ...body } = messagesRequest(call, deployment, stream)
    return {
      path: vertexPath(deployment, stream),
      headers: {},
      body: JSON.stringify({ anthropic_version: vertexVersion, ...body }),
    }
  },
  openReader: (options) => new MessagesReader(options),
}
