// Anthropic's messages as a dialect that clients speak.
import type { IncomingHttpHeaders } from "node:http"
import { anthropicUsageOf } from "../../inference/index.ts"
import type { ClientDialect } from "../light/client-dialect.ts"
import { messagesWithPrompt } from "../prompts/messages-prompt.ts"
import { anthropicShape } from "./errors.ts"
import { chargedMessage } from "./messages-charges.ts"
import { messagesBody } from "./messages-body.ts"
import { messagesMemory } from "./messages-memory.ts"
import { wantedOfMessages } from "./compaction.ts"
import { messagesFiles } from "./messages-files.ts"
import { identityOfMessage, MessageFrames } from "./messages-frames.ts"
import { parseMessagesRequest } from "./messages-parse.ts"
import { messageEvents, pausedMessage, wholeMessage } from "./messages-render.ts"
import { messagesTexts } from "./messages-texts.ts"

export const messagesDialect: ClientDialect = {
  ...anthropicShape,
  name: "anthropic-messages",
  kind: "messages",
  operation: "messages",
  path: "/messages",
  passedHeaders,
  // `message_stop` is an event of the stream itself.
  doneFrame: "",
  namesAsked: true,
  idPrefix: "msg_",
  filesIn: messagesFiles,
  readBody: messagesBody,
  parse: parseMessagesRequest,
  withPrompt: messagesWithPrompt,
  compaction: wantedOfMessages,
  paused: pausedMessage,
  openFrames: (options) => new MessageFrames(options),
  identityOf: identityOfMessage,
  closesBlock: (frame) => frame.indexOf("event: content_block_stop") === 0,
  usageOf: (usage) => anthropicUsageOf(usage),
  charged: chargedMessage,
  chunks: messageEvents,
  whole: wholeMessage,
  texts: messagesTexts,
  memory: messagesMemory,
}

/** Betas and the version are the client's choice. */
export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of ["anthropic-version", "anthropic-beta"]) {
    const value = headers[name]
    if (value !== undefined) passed[name] = String(value)
  }
  return passed
}
