// Chat completions by models of this process: the request becomes a model call, its events become chunks or one object.
import { AppError, deferred, type Deferred } from "../../core/index.ts"
import { eventsOf, type Deployment, type ModelEvent } from "../../inference/index.ts"
import { sendError } from "../shell.ts"
import type { ForwardedBody } from "./chat-body.ts"
import { parseChatRequest } from "./chat-parse.ts"
import { chatChunks, chatCompletion } from "./chat-render.ts"
import { ClientStream } from "./client-stream.ts"
import { errorAnswer, errorFrameBody } from "./errors.ts"
import type { LightCall, LightRunDependencies } from "./light-call.ts"
import { watchStream } from "./stream-watch.ts"

/** Parses at once, so that a wrong request is refused by the caller; the rest goes on by itself. */
export function serveNativeChat(dependencies: LightRunDependencies, call: LightCall, body: ForwardedBody, deployment: Deployment): void {
  const { response } = call.hot
  call.deployment = deployment
  const request = parseChatRequest(body.parsed())
  const left = new AbortController()
  response.on("close", () => {
    if (!response.writableFinished) left.abort(new AppError("client_closed_request", "the client closed the connection"))
  })
  call.wasSent()
  const client = body.stream ? openClient(dependencies, call) : undefined
  if (client) watchStream(dependencies, call, client, (error) => left.abort(error))
  const events = counted(call, eventsOf(dependencies, deployment, request, left.signal))
  const options = {
    id: call.completionId,
    createdAt: call.hot.startedAtEpochMs,
    model: body.model,
    usageAsked: body.usageAsked,
  }
  const work = client ? stream(events, client, chatChunks(options)) : collect(events, call, (all) => chatCompletion(options, all))
  // Nothing is thrown after this: the failure is the answer.
  void work.then(
    () => call.settle("completed", 200),
    (error: unknown) => fail(dependencies, call, client, left.signal.aborted ? left.signal.reason : error),
  )
}

function openClient({ limits, clock }: LightRunDependencies, call: LightCall): ClientStream {
  return new ClientStream({
    response: call.hot.response,
    headers: () => call.headers(),
    keepAliveMs: limits.keepAliveMs,
    now: () => clock.monotonic(),
  })
}

async function stream(events: AsyncIterable<ModelEvent>, client: ClientStream, render: (event: ModelEvent) => string[]): Promise<void> {
  const gate = new Gate()
  client.feedFrom(gate)
  for await (const event of events) {
    for (const frame of render(event)) client.write(frame)
    await gate.open
  }
  client.done()
}

async function collect(
  events: AsyncIterable<ModelEvent>,
  call: LightCall,
  render: (events: readonly ModelEvent[]) => unknown,
): Promise<void> {
  const all: ModelEvent[] = []
  for await (const event of events) all.push(event)
  const text = JSON.stringify(render(all))
  call.responseBytes = Buffer.byteLength(text)
  const cost = call.costHeader()
  const headers = { ...call.headers(), "content-type": "application/json", "content-length": call.responseBytes }
  call.hot.response.writeHead(200, cost === undefined ? headers : { ...headers, "x-perdure-cost-micro-usd": cost }).end(text)
}

async function* counted(call: LightCall, events: AsyncIterable<ModelEvent>): AsyncIterable<ModelEvent> {
  for await (const event of events) {
    if (event.type === "finished") call.usage = event.usage
    else {
      call.sawFirstToken()
      call.outputTokensSeen += 1
    }
    yield event
  }
}

function fail({ logger }: LightRunDependencies, call: LightCall, client: ClientStream | undefined, error: unknown): void {
  const { response, requestId } = call.hot
  const told = {
    code: error instanceof AppError ? error.code : "server_error",
    message: error instanceof AppError ? error.message : "unexpected",
  }
  if (response.destroyed) return call.settle("cancelled", 499, told)
  if (!(error instanceof AppError)) logger.error({ requestId, error }, "model of this process failed")
  if (response.headersSent) {
    client?.fail(errorFrameBody(error, requestId))
    return call.settle("failed", 200, told)
  }
  const answer = errorAnswer(error, requestId)
  sendError(response, answer, call.headers())
  call.settle("failed", answer.status, told)
}

/** Holds the loop while the reader is slower than the model; a client that leaves opens it by ending the events. */
class Gate {
  #closed: Deferred<void> | undefined

  get open(): Promise<void> | undefined {
    return this.#closed?.promise
  }

  pause(): void {
    this.#closed ??= deferred<void>()
  }

  resume(): void {
    this.#closed?.resolve()
    this.#closed = undefined
  }
}
