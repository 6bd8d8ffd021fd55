// `POST /v1/embeddings`: passed through to providers, or computed by a model of this process; vectors as floats or base64.
import { z } from "zod"
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { usageOf, type Deployment, type UpstreamError } from "../../inference/index.ts"
import { requireModel } from "../../security/index.ts"
import { Forward, type Attempt, type AttemptEnd } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { HttpAttempt } from "../light/http-attempt.ts"
import { JsonRelay } from "../light/json-relay.ts"
import { LightCall, type LightRunDependencies } from "../light/light-call.ts"
import { readBodyBytes } from "../light/read-body.ts"
import { refuse } from "../light/refuse.ts"
import { deploymentsOf } from "../light/serve.ts"
import { usageFromTail } from "../light/usage-tail.ts"
import { checked } from "../request-body.ts"
import type { HotCall, HotRoute } from "../shell.ts"
import { embeddingBody } from "./chat-body.ts"
import { openAiShape } from "./errors.ts"

export function embeddingsRoute(dependencies: LightRunDependencies): HotRoute {
  /** Deployments that were seen to refuse base64: they are asked for floats at once. */
  const floatsOnly = new WeakSet<Deployment>()
  const handle = (hot: HotCall): void =>
    readBodyBytes(hot.request, dependencies.limits.requestBodyBytesMax, (bytes) => {
      let call: LightCall | undefined
      try {
        if (bytes instanceof AppError) throw bytes
        const body = embeddingBody(bytes)
        call = new LightCall(dependencies, hot, {
          kind: "embedding",
          name: "embeddings",
          idPrefix: "embd_",
          model: body.model,
          user: body.user,
          stream: false,
          requestBytes: body.sizeBytes,
        })
        requireModel(hot.principal, body.model)
        serveEmbeddings(dependencies, call, body, floatsOnly)
      } catch (error) {
        refuse(dependencies, hot, call, error)
      }
    })
  return { shape: openAiShape, handle }
}

function serveEmbeddings(dependencies: LightRunDependencies, call: LightCall, body: ForwardedBody, floatsOnly: WeakSet<Deployment>): void {
  const deployments = deploymentsOf(dependencies, body.model, "embeddings")
  const [first] = deployments
  if (first?.dialect === "native") return serveNative(dependencies, call, body, first)
  const open = (deployment: Deployment, end: AttemptEnd, asked: ForwardedBody): Attempt =>
    new HttpAttempt({
      dependencies,
      call,
      deployment,
      end,
      path: "/embeddings",
      body: asked.forUpstream(deployment.upstreamModel),
      relay: openRelay(dependencies, call, body, deployment),
    })
  new Forward({
    dependencies,
    call,
    deployments: deployments.filter(({ dialect }) => dialect === "openai-chat"),
    openAttempt: (deployment, end) => open(deployment, end, body.base64Asked && floatsOnly.has(deployment) ? withFloats(body) : body),
    amend: (error, deployment, end) => {
      if (!refusesBase64(body, error)) return undefined
      floatsOnly.add(deployment)
      return open(deployment, end, withFloats(body))
    },
    failBegun: () => void call.hot.response.destroy(),
  }).start()
}

function openRelay({ limits }: LightRunDependencies, call: LightCall, body: ForwardedBody, deployment: Deployment): JsonRelay {
  const heldBytesMax = body.base64Asked ? limits.heldEmbeddingsBytesMax : limits.heldAnswerBytesMax
  return new JsonRelay({
    call,
    deployment,
    heldBytesMax,
    usageIn: (tail) => usageFromTail(tail, usageOf),
    change: (answer) => completeAnswer(answer, body),
  })
}

function refusesBase64(body: ForwardedBody, error: UpstreamError): boolean {
  return body.base64Asked && error.answer.status < 500 && /encoding_format|base64/.test(`${error.answer.param} ${error.message}`)
}

function withFloats(body: ForwardedBody): ForwardedBody {
  const forUpstream = (model: string): Buffer => Buffer.from(JSON.stringify({ ...body.parsed(), model, encoding_format: "float" }))
  return { ...body, forUpstream }
}

const embeddingKey = Buffer.from('"embedding":')
const openList = 91
const space = 32

/** Floats become base64 where the client asked for it and the provider did not oblige; usage is there in any case. */
function completeAnswer(answer: Buffer, { base64Asked, sizeBytes }: ForwardedBody): Buffer {
  let at = answer.indexOf(embeddingKey) + embeddingKey.length
  while (answer[at] === space) at += 1
  const encode = base64Asked && answer[at] === openList
  const usage = usageFromTail(answer, usageOf)
  if (!encode && usage) return answer
  const parsed: unknown = JSON.parse(answer.toString())
  if (!isJsonObject(parsed) || !Array.isArray(parsed["data"])) return answer
  const data = (parsed["data"] as readonly JsonValue[]).map((item) =>
    encode && isJsonObject(item) ? { ...item, embedding: base64Of(item["embedding"]) } : item,
  )
  const tokens = Math.ceil(sizeBytes / 4)
  return Buffer.from(JSON.stringify({ ...parsed, data, ...(usage ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }) }))
}

function base64Of(values: JsonValue | undefined): JsonValue {
  return Array.isArray(values) ? base64(Float32Array.from(values as number[])) : (values ?? null) // floats, by the check before
}

/** Little-endian, as every platform that Node runs on has them. */
function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
}

const tokensInput = z.union([z.array(z.int()).min(1), z.array(z.array(z.int())).min(1)])
const textInput = z.union([z.string(), z.array(z.string()).min(1)])
const embeddingRequestSchema = z.looseObject({
  input: z.union([textInput, tokensInput]),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
})

function serveNative(dependencies: LightRunDependencies, call: LightCall, body: ForwardedBody, deployment: Deployment): void {
  call.deployment = deployment
  const request = checked(embeddingRequestSchema, body.parsed())
  const texts = textsOf(request.input, dependencies.limits.embeddingInputsMax)
  const { hot } = call
  const left = new AbortController()
  hot.response.on("close", () => {
    if (!hot.response.writableFinished) left.abort(new AppError("client_closed_request", "the client closed the connection"))
  })
  call.wasSent()
  void answerNative(
    dependencies,
    call,
    { texts, dimensions: request.dimensions ?? null, model: body.model, encoding: request.encoding_format ?? "float" },
    left.signal,
  ).catch((error: unknown) => {
    if (hot.response.destroyed)
      call.settle("cancelled", 499, { code: "client_closed_request", message: "the client closed the connection" })
    else refuse(dependencies, hot, call, error)
  })
}

interface NativeRequest {
  texts: readonly string[]
  dimensions: number | null
  model: string
  encoding: "float" | "base64"
}

async function answerNative(
  { natives }: LightRunDependencies,
  call: LightCall,
  request: NativeRequest,
  signal: AbortSignal,
): Promise<void> {
  const native = natives.get(call.deployment?.id ?? "")
  if (!native?.embed) throw new AppError("feature_unavailable", `the model "${request.model}" does not run in this process`)
  const vectors = await native.embed(request.texts, signal)
  const made = vectors[0]?.length ?? 0
  if (request.dimensions !== null && request.dimensions !== made) {
    throw new AppError(
      "unsupported_value",
      `the model "${request.model}" makes vectors of ${made} dimensions, not of ${request.dimensions}`,
      { param: "dimensions", hint: `Leave "dimensions" out, or set it to ${made}.` },
    )
  }
  const tokens = request.texts.map((text) => native.countTokens(text))
  const inputTokens = tokens.reduce((sum, each) => sum + each, 0)
  call.usage = { inputTokens, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: request.encoding === "base64" ? base64(vector) : [...vector],
  }))
  const answer: JsonObject = {
    object: "list",
    data,
    model: request.model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  }
  send(call, answer, tokens.filter((each) => each > (call.deployment?.contextTokensMax ?? Infinity)).length)
}

/** A text that is longer than the model reads is cut by it; the header says how many were. */
function send(call: LightCall, answer: JsonObject, cut: number): void {
  const text = JSON.stringify(answer)
  call.responseBytes = Buffer.byteLength(text)
  const headers: Record<string, string> = {
    ...call.headers(),
    "content-type": "application/json",
    "content-length": String(call.responseBytes),
  }
  const cost = call.costHeader()
  if (cost !== undefined) headers["x-perdure-cost-micro-usd"] = cost
  if (cut > 0) headers["x-perdure-truncated-inputs"] = String(cut)
  call.hot.response.writeHead(200, headers).end(text)
  call.settle("completed", 200)
}

function textsOf(input: string | string[] | number[] | number[][], inputsMax: number): string[] {
  const texts = typeof input === "string" ? [input] : input
  if (texts.length > inputsMax)
    throw new AppError("invalid_request", `"input" has ${texts.length} texts, at most ${inputsMax} are allowed`, { param: "input" })
  return texts.map((text) => {
    if (typeof text === "string") return text
    throw new AppError("unsupported_value", '"input" is tokens, which only the model that made them can read', {
      param: "input",
      hint: "Send the texts themselves.",
    })
  })
}
