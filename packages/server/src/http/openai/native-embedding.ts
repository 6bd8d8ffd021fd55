// One try on an embedding model of this process: texts in, vectors as floats or base64 out.
import { z } from "zod"
import { AppError, type JsonObject } from "../../core/index.ts"
import type { Deployment, NativeModel } from "../../inference/index.ts"
import type { Attempt, AttemptEnd } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import type { LightCall, LightRunDependencies } from "../light/light-call.ts"
import { checked } from "../request-body.ts"
import { base64 } from "./vector-text.ts"

const tokensInput = z.union([z.array(z.int()).min(1), z.array(z.array(z.int())).min(1)])
const textInput = z.union([z.string(), z.array(z.string()).min(1)])
const embeddingRequestSchema = z.looseObject({
  input: z.union([textInput, tokensInput]),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
})

export class NativeEmbedding implements Attempt {
  readonly #dependencies: Pick<LightRunDependencies, "natives" | "limits">
  readonly #call: LightCall
  readonly #body: ForwardedBody
  readonly #deployment: Deployment
  readonly #end: AttemptEnd
  readonly #stopped = new AbortController()
  over = false
  begun = false

  constructor(
    dependencies: Pick<LightRunDependencies, "natives" | "limits">,
    call: LightCall,
    body: ForwardedBody,
    deployment: Deployment,
    end: AttemptEnd,
  ) {
    this.#dependencies = dependencies
    this.#call = call
    this.#body = body
    this.#deployment = deployment
    this.#end = end
  }

  start(): void {
    const { natives, limits } = this.#dependencies
    const request = requestOf(this.#body, limits.embeddingInputsMax)
    const made = embedHere(natives.get(this.#deployment.id), request, this.#deployment.contextTokensMax, this.#stopped.signal)
    void made
      .then(({ answer, cut, inputTokens }) => this.#answer(answer, cut, inputTokens))
      .catch((error: unknown) => this.#end.failed(error))
  }

  stop(reason: unknown): void {
    this.over = true
    this.#stopped.abort(reason)
  }

  #answer(answer: JsonObject, cut: number, inputTokens: number): void {
    if (this.over) return
    this.over = true
    this.#end.begins()
    this.begun = true
    this.#call.usage = { inputTokens, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }
    send(this.#call, answer, cut)
  }
}

function requestOf(body: ForwardedBody, inputsMax: number): NativeRequest {
  const request = checked(embeddingRequestSchema, body.parsed())
  const texts = textsOf(request.input, inputsMax)
  return { texts, dimensions: request.dimensions ?? null, model: body.model, encoding: request.encoding_format ?? "float" }
}

interface NativeRequest {
  texts: readonly string[]
  dimensions: number | null
  model: string
  encoding: "float" | "base64"
}

/** The answer, how many inputs were cut, and the tokens that were read. */
async function embedHere(
  native: NativeModel | undefined,
  request: NativeRequest,
  contextTokensMax: number | null,
  signal: AbortSignal,
): Promise<{ answer: JsonObject; cut: number; inputTokens: number }> {
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
  return { answer, inputTokens, cut: tokens.filter((each) => each > (contextTokensMax ?? Infinity)).length }
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
