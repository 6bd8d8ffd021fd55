// `POST /v1/messages/count_tokens`: asked of Anthropic where it serves the model, counted here where it does not; never billed.
import type { Deployment, Model, TokenCounter } from "../../inference/index.ts"
import { admit, usableModel } from "../light/admit.ts"
import type { BodyBytes } from "../light/body-bytes.ts"
import { Forward, type Attempt, type AttemptEnd } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { HttpAttempt } from "../light/http-attempt.ts"
import { JsonRelay } from "../light/json-relay.ts"
import { LightCall, type LightRunDependencies } from "../light/light-call.ts"
import { readAsked, type ReadingDialect } from "../light/read-asked.ts"
import { readBodyBytes } from "../light/read-body.ts"
import { refuse } from "../light/refuse.ts"
import { planOf } from "../light/plan-of.ts"
import { fillIn, namesFiles } from "../light/stored-files.ts"
import { messagesWithPrompt } from "../prompts/messages-prompt.ts"
import type { HotCall, HotRoute } from "../shell.ts"
import { anthropicShape } from "./errors.ts"
import { messagesBody } from "./messages-body.ts"
import { messagesFiles } from "./messages-files.ts"
import { passedHeaders } from "./messages-dialect.ts"
import { parseMessagesRequest } from "./messages-parse.ts"

type Body = ForwardedBody

/** Of a prompt's parameters, those that take part in the count; the others are refused here. */
const counting: ReadingDialect = {
  readBody: messagesBody,
  withPrompt: (body, prompt) => {
    const { model, tools, toolChoice } = prompt.parameters
    return messagesWithPrompt(body, { ...prompt, parameters: { model, tools, toolChoice } })
  },
}

const nothing = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }

export interface CountTokensDependencies extends LightRunDependencies {
  tokenCounter: Pick<TokenCounter, "count">
}

export function countTokensRoute(dependencies: CountTokensDependencies): HotRoute {
  const handle = (hot: HotCall): void =>
    readBodyBytes(hot.request, dependencies.limits.requestBodyBytesMax, (bytes) => {
      if (namesFiles(dependencies, bytes)) fillIn(dependencies, messagesFiles, hot, bytes, (filled) => take(dependencies, hot, filled))
      else take(dependencies, hot, bytes)
    })
  return { shape: anthropicShape, handle }
}

function take(dependencies: CountTokensDependencies, hot: HotCall, bytes: BodyBytes | Error): void {
  let call: LightCall | undefined
  try {
    if (bytes instanceof Error) throw bytes
    const { body, shaped } = readAsked(dependencies.shaping, hot, counting, bytes)
    const request = { kind: "chat", name: "messages.count_tokens", idPrefix: "msg_", stream: false } as const
    // It is no request of an experiment, only a question about one.
    call = new LightCall(dependencies, hot, { ...request, ...requestOf(body), shaped: shaped && { ...shaped, facts: {} } })
    const model = usableModel(dependencies, hot, body.model, "chat")
    const counted = call
    admit(dependencies, call, model, () => count(dependencies, counted, body, model))
  } catch (error) {
    refuse(dependencies, hot, call, error)
  }
}

/** It takes one of the key's requests and no tokens. */
function requestOf({
  model,
  user,
  sizeBytes,
}: Body): Pick<LightCall["request"], "model" | "user" | "requestBytes" | "inputTokensEstimated" | "outputTokensMax"> {
  return { model, user, requestBytes: sizeBytes, inputTokensEstimated: 0, outputTokensMax: 0 }
}

function count(dependencies: CountTokensDependencies, call: LightCall, body: Body, model: Model): void {
  const deployments = model.deployments.filter(({ does }) => does.chat)
  const anthropic = deployments.filter(({ dialect }) => dialect === "anthropic-messages")
  const [first] = deployments
  if (anthropic.length === 0 && first) {
    void countHere(dependencies, call, body, first).catch((error: unknown) => refuse(dependencies, call.hot, call, error))
    return
  }
  const openAttempt = (deployment: Deployment, end: AttemptEnd): Attempt =>
    new HttpAttempt({
      dependencies,
      call,
      deployment,
      end,
      path: "/messages/count_tokens",
      headers: passedHeaders(call.hot.request.headers),
      body: body.forUpstream(deployment.upstreamModel),
      relay: new JsonRelay({
        call,
        deployment,
        heldBytesMax: dependencies.limits.heldAnswerBytesMax,
        usageIn: () => nothing,
        end,
      }),
    })
  const plan = planOf(dependencies, call, body, model, "chat", ({ dialect }) => dialect === "anthropic-messages")
  new Forward({ dependencies, call, plan, openAttempt, failBegun: () => void call.hot.response.destroy() }).start()
}

async function countHere({ tokenCounter }: CountTokensDependencies, call: LightCall, body: Body, deployment: Deployment): Promise<void> {
  const request = parseMessagesRequest(body.parsed())
  const { tokens, estimated } = await tokenCounter.count(request, deployment, AbortSignal.timeout(10_000))
  const text = JSON.stringify({ input_tokens: tokens })
  call.usage = nothing
  call.responseBytes = text.length
  const headers = { ...call.headers(), "content-type": "application/json", "content-length": text.length }
  call.hot.response.writeHead(200, estimated ? { ...headers, "x-perdure-estimated": "true" } : headers).end(text)
  call.settle("completed", 200)
}
