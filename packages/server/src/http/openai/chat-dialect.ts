// Chat completions as a dialect that clients speak.
import { isJsonObject, sseDone } from "../../core/index.ts"
import { chatPassing, usageOf, type Deployment, type UpstreamError } from "../../inference/index.ts"
import type { ClientDialect } from "../light/client-dialect.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { chatWithPrompt } from "../prompts/chat-prompt.ts"
import { chatBody } from "./chat-body.ts"
import { chatFiles } from "./chat-files.ts"
import { ChatFrames } from "./chat-frames.ts"
import { chatMemory } from "./chat-memory.ts"
import { parseChatRequest } from "./chat-parse.ts"
import { chatChunks, chatCompletion } from "./chat-render.ts"
import { chatTexts } from "./chat-texts.ts"
import { openAiShape } from "./errors.ts"

/** Of the frame `data: {…}`. */
function identityOf(frame: Buffer): { id: string; createdAt: number; model: string } | undefined {
  const chunk: unknown = JSON.parse(frame.toString("utf8", 5)) // it was read as JSON before it went out
  if (!isJsonObject(chunk)) return undefined
  const { id, created, model } = chunk
  return typeof id === "string" && typeof created === "number" && typeof model === "string"
    ? { id, createdAt: created * 1000, model }
    : undefined
}

function passing(body: ForwardedBody, deployment: Deployment, refusal?: UpstreamError): Buffer | "translated" | undefined {
  const sent = chatPassing(deployment, body, refusal)
  return isJsonObject(sent) ? Buffer.from(JSON.stringify({ ...sent, model: deployment.upstreamModel })) : sent
}

export const chatDialect: ClientDialect = {
  ...openAiShape,
  name: "openai-chat",
  kind: "chat",
  operation: "chat.completions",
  path: "/chat/completions",
  doneFrame: sseDone,
  idPrefix: "chatcmpl_",
  filesIn: chatFiles,
  readBody: chatBody,
  passing,
  parse: parseChatRequest,
  withPrompt: chatWithPrompt,
  openFrames: (options) => new ChatFrames(options),
  identityOf,
  closesBlock: () => false,
  usageOf,
  chunks: chatChunks,
  whole: chatCompletion,
  texts: chatTexts,
  memory: chatMemory,
}
