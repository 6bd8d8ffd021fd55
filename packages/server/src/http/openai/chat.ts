// `POST /v1/chat/completions`: passed through to providers as bytes, rendered from model events for models of this process.
import { AppError } from "../../core/index.ts"
import type { Deployment } from "../../inference/index.ts"
import { sendError, type HotCall, type HotHandler } from "../shell.ts"
import { chatBody, type ForwardedBody } from "./chat-body.ts"
import { serveNativeChat } from "./chat-native.ts"
import { ClientStream } from "./client-stream.ts"
import { errorAnswer } from "./errors.ts"
import { Forward } from "./forward.ts"
import { JsonRelay } from "./json-relay.ts"
import { LightCall, type LightRunDependencies } from "./light-call.ts"
import { readBodyBytes } from "./read-body.ts"
import { StreamRelay } from "./stream-relay.ts"
import { watchStream } from "./stream-watch.ts"

export function chatHandler(dependencies: LightRunDependencies): HotHandler {
  return (hot) =>
    readBodyBytes(hot.request, dependencies.limits.requestBodyBytesMax, (bytes) => {
      let call: LightCall | undefined
      try {
        if (bytes instanceof AppError) throw bytes
        const body = chatBody(bytes)
        call = new LightCall(dependencies, hot, {
          kind: "chat",
          model: body.model,
          user: body.user,
          stream: body.stream,
          requestBytes: body.sizeBytes,
        })
        serveChat(dependencies, call, body)
      } catch (error) {
        refuse(dependencies, hot, call, error)
      }
    })
}

/** The order of work in a light run: the deployments of the model, the call; its record is written when it settles. */
function serveChat(dependencies: LightRunDependencies, call: LightCall, body: ForwardedBody): void {
  const deployments = dependencies.models.require(body.model, "chat").deployments.filter(({ does }) => does.chat)
  const [first] = deployments
  if (first?.dialect === "native") return serveNativeChat(dependencies, call, body, first)
  const forwarded = deployments.filter(({ dialect }) => dialect === "openai-chat")
  if (body.stream) forwardStream(dependencies, call, body, forwarded)
  else forwardJson(dependencies, call, body, forwarded)
}

function forwardJson(dependencies: LightRunDependencies, call: LightCall, body: ForwardedBody, deployments: readonly Deployment[]): void {
  const { heldAnswerBytesMax } = dependencies.limits
  const openRelay = (deployment: Deployment): JsonRelay => new JsonRelay({ call, deployment, heldBytesMax: heldAnswerBytesMax })
  // A JSON answer that has begun cannot be told an error; cutting it is the only honest end.
  const failBegun = (): void => void call.hot.response.destroy()
  new Forward({ dependencies, call, deployments, path: "/chat/completions", body, openRelay, failBegun }).start()
}

function forwardStream(dependencies: LightRunDependencies, call: LightCall, body: ForwardedBody, deployments: readonly Deployment[]): void {
  const { limits, clock, newId } = dependencies
  const client = new ClientStream({
    response: call.hot.response,
    headers: () => call.headers(),
    keepAliveMs: limits.keepAliveMs,
    now: () => clock.monotonic(),
  })
  const openRelay = (deployment: Deployment): StreamRelay => {
    client.feedFrom(undefined)
    return new StreamRelay({ call, client, deployment, usageAsked: body.usageAsked, newId })
  }
  const failBegun = (error: object): void => client.fail(error)
  const forward = new Forward({ dependencies, call, deployments, path: "/chat/completions", body, openRelay, failBegun })
  watchStream(dependencies, call, client, (error) => forward.failCurrent(error))
  forward.start()
}

/** An error before anything was sent. */
export function refuse({ logger }: LightRunDependencies, hot: HotCall, call: LightCall | undefined, error: unknown): void {
  const answer = errorAnswer(error, hot.requestId)
  if (!(error instanceof AppError)) logger.error({ requestId: hot.requestId, route: hot.request.url, error }, "request failed")
  const traced = hot.traceparent === undefined ? {} : { traceparent: hot.traceparent }
  sendError(hot.response, answer, call?.headers() ?? traced)
  call?.settle("failed", answer.status, { code: answer.body.error.code ?? "", message: answer.body.error.message })
}
