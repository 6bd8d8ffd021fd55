// Legacy completions as a dialect that clients speak: a text to go on with, also in the middle (`suffix`). Passed on to servers that
// speak it as OpenAI does, and to no others: nobody else is asked for the rest of a text.
import { isUnknownStreamOption } from "./stream-options.ts"
import { AppError, sseDone, type JsonObject } from "../../core/index.ts"
import { presetOf, usageOf, type Deployment, type UpstreamError } from "../../inference/index.ts"
import type { ClientDialect } from "../light/client-dialect.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { ChatFrames } from "./chat-frames.ts"
import { completionsBody } from "./completions-body.ts"
import { completionsTexts } from "./completions-texts.ts"
import { openAiShape } from "./errors.ts"

export const completionsDialect: ClientDialect = {
  ...openAiShape,
  name: "openai-chat",
  kind: "completions",
  operation: "completions",
  path: "/completions",
  doneFrame: sseDone,
  idPrefix: "cmpl_",
  filesIn: () => [],
  readBody: completionsBody,
  passing,
  parse: untranslatable,
  withPrompt: () => {
    throw new AppError("unsupported_value", "prompts are filled into conversations, which a completion has none of", {
      param: "perdure.prompt",
      hint: "Ask for a chat completion, or send the text itself.",
    })
  },
  openFrames: (options) => new ChatFrames(options),
  identityOf: () => undefined,
  closesBlock: () => false,
  usageOf,
  chunks: () => () => [],
  whole: untranslatable,
  texts: completionsTexts,
}

/** For deployments that are asked otherwise. */
function untranslatable(): never {
  throw new AppError(
    "unsupported_value",
    "a completion is asked of servers that have OpenAI's /completions, and this model is served by none",
    {
      param: "model",
      hint: "POST /v1/chat/completions asks any model. Fill-in-the-middle wants one that is served by vLLM, llama.cpp, Ollama, TGI or the like.",
    },
  )
}

/** Usage of streams is asked for, except where that is refused. */
function passing(body: ForwardedBody, deployment: Deployment, refusal?: UpstreamError): Buffer | undefined {
  const wants = refusal ? isUnknownStreamOption(refusal) : !presetOf(deployment.provider).habits.streamOptions
  if (!body.stream || !wants) return undefined
  const { stream_options: _, ...rest } = body.parsed()
  return Buffer.from(JSON.stringify({ ...rest, model: deployment.upstreamModel } satisfies JsonObject))
}
