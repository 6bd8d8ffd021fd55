// Anthropic's messages as a provider's dialect.
import type { ProviderDialect } from "../port.ts"
import { MessagesReader } from "./reader.ts"
import { messagesRequest } from "./request.ts"

export const anthropicMessagesDialect: ProviderDialect = {
  name: "anthropic-messages",
  chatRequest: (call, deployment, { stream }) => ({
    path: "/messages",
    headers: {},
    body: JSON.stringify(messagesRequest(call, deployment, stream)),
  }),
  openReader: (options) => new MessagesReader(options),
}
