// `POST /v1/messages/count_tokens`: asked of Anthropic, or of the cloud that serves its model, counted here where neither does; never billed.
import { envelopeOf, takesAsItIs, type Deployment, type Model, type TokenCounter, type UpstreamError } from "../../inference/index.ts"
import { admit, usableModel } from "../light/admit.ts"
import { AnswerAttempt, type MadeAnswer } from "../light/answer-attempt.ts"
import { joined, type BodyBytes } from "../light/body-bytes.ts"
import { Forward, type Attempt, type AttemptEnd, type ForwardOptions, type OpenAttempt } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { HttpAttempt, type HttpAttemptOptions } from "../light/http-attempt.ts"
import { JsonRelay } from "../light/json-relay.ts"
import { LightCall } from "../light/light-call.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"
import { parsedAnswer } from "../light/parsed-answer.ts"
import { readAsked, type ReadingDialect } from "../light/read-asked.ts"
import { readBodyBytes } from "../light/read-body.ts"
import { refuse } from "../light/refuse.ts"
import { planOf } from "../light/plan-of.ts"
import { fillIn, namesFiles } from "../light/stored-files.ts"
import { messagesWithPrompt } from "../prompts/messages-prompt.ts"
import { saidOf } from "../said.ts"
import type { HotCall, HotRoute } from "../shell.ts"
import { anthropicShape } from "./errors.ts"
import { messagesBody } from "./messages-body.ts"
import { messagesFiles } from "./messages-files.ts"
import { passedHeaders } from "./messages-dialect.ts"
import { parseMessagesRequest } from "./messages-parse.ts"

type Body = ForwardedBody
const dialect = "anthropic-messages"

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
    const said = saidOf(hot.request.headers, body, dependencies.limits)
    call = new LightCall(dependencies, hot, { ...request, ...requestOf(body), shaped: shaped && { ...shaped, facts: {} }, said })
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
  const [first] = deployments
  if (first && !deployments.some(counts)) {
    void countHere(dependencies, call, body, first).catch((error: unknown) => refuse(dependencies, call.hot, call, error))
    return
  }
  const openAttempt = (deployment: Deployment, end: AttemptEnd): Attempt =>
    new HttpAttempt({ dependencies, call, deployment, end, ...countRequest(call, body, deployment), relay: relayOf(deployment, end) })
  const relayOf = (deployment: Deployment, end: AttemptEnd): JsonRelay => {
    const read = envelopeOf(deployment, dialect)?.count.read
    const heldBytesMax = dependencies.limits.heldAnswerBytesMax
    const change = read && ((answer: Buffer): Buffer => Buffer.from(JSON.stringify(read(parsedAnswer(deployment, answer)))))
    return new JsonRelay({ call, deployment, heldBytesMax, usageIn: () => nothing, end, ...(change ? { change } : {}) })
  }
  // Clouds count for some of their models and in some of their regions, and may be told not to.
  const amend = ({ answer }: UpstreamError, refusing: Deployment, before: number): OpenAttempt | undefined =>
    before === 0 && envelopeOf(refusing, dialect) && answer.status < 500 && answer.status !== 429
      ? (deployment, end) => new AnswerAttempt(call, end, (signal) => countedHere(dependencies, body, deployment, signal))
      : undefined
  const plan = planOf(dependencies, call, body, model, "chat", counts)
  const failBegun: ForwardOptions["failBegun"] = (_, onEnded) => {
    call.hot.response.destroy()
    onEnded()
  }
  new Forward({ dependencies, call, plan, openAttempt, amend, failBegun }).start()
}

function counts(deployment: Deployment): boolean {
  return takesAsItIs(deployment, dialect)
}

function countRequest(call: LightCall, body: Body, deployment: Deployment): Pick<HttpAttemptOptions, "path" | "headers" | "body"> {
  const passed = passedHeaders(call.hot.request.headers)
  const count = envelopeOf(deployment, dialect)?.count
  if (!count) return { path: "/messages/count_tokens", headers: passed, body: body.forUpstream(deployment.upstreamModel) }
  const changes = new Map(count.changes(body.top(new Set(["anthropic_version", "max_tokens"]))))
  const sent = body.forUpstream(count.namesModel ? deployment.upstreamModel : null, changes)
  const beta = passed["anthropic-beta"]
  return {
    path: count.path(deployment),
    headers: count.namesModel && beta !== undefined ? { "anthropic-beta": beta } : {},
    body: count.wrap ? count.wrap(Buffer.isBuffer(sent) ? sent : joined(sent)) : sent,
  }
}

async function countedHere(
  { tokenCounter }: CountTokensDependencies,
  body: Body,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<MadeAnswer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
  const { tokens, estimated } = await tokenCounter.count(parseMessagesRequest(body.parsed()), deployment, limit)
  return { answer: { input_tokens: tokens }, usage: nothing, ...(estimated ? { headers: { "x-perdure-estimated": "true" } } : {}) }
}

async function countHere(dependencies: CountTokensDependencies, call: LightCall, body: Body, deployment: Deployment): Promise<void> {
  const { answer, usage, headers: more } = await countedHere(dependencies, body, deployment, new AbortController().signal)
  const text = JSON.stringify(answer)
  call.usage = usage
  call.responseBytes = text.length
  const headers = { ...call.headers(), ...more, "content-type": "application/json", "content-length": text.length }
  call.hot.response.writeHead(200, headers).end(text)
  call.settle("completed", 200)
}
