// Chat completions as a dialect that clients speak.
import { sseDone } from "../../core/index.ts"
import { usageOf } from "../../inference/index.ts"
import type { ClientDialect } from "../light/client-dialect.ts"
import { chatBody } from "./chat-body.ts"
import { ChatFrames } from "./chat-frames.ts"
import { parseChatRequest } from "./chat-parse.ts"
import { chatChunks, chatCompletion } from "./chat-render.ts"
import { openAiShape } from "./errors.ts"

export const chatDialect: ClientDialect = {
  ...openAiShape,
  name: "openai-chat",
  operation: "chat.completions",
  path: "/chat/completions",
  doneFrame: sseDone,
  idPrefix: "chatcmpl_",
  readBody: chatBody,
  parse: parseChatRequest,
  openFrames: (options) => new ChatFrames(options),
  usageOf,
  chunks: chatChunks,
  whole: chatCompletion,
}
