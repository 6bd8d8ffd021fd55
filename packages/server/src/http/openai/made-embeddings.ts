// Embeddings whose answer is made here: by a model of this process, or by a provider that has another form for them.
import { z } from "zod"
import { AppError, type JsonObject } from "../../core/index.ts"
import { embeddingsOf, isNative, type Deployment } from "../../inference/index.ts"
import type { MadeAnswer } from "../light/answer-attempt.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"
import { checked } from "../request-body.ts"
import { base64 } from "./vector-text.ts"

const tokensInput = z.union([z.array(z.int()).min(1), z.array(z.array(z.int())).min(1)])
const textInput = z.union([z.string(), z.array(z.string()).min(1)])
const embeddingRequestSchema = z.looseObject({
  input: z.union([textInput, tokensInput]),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
})

type Dependencies = Pick<LightRunDependencies, "natives" | "upstreams" | "limits">

interface EmbeddingRequest {
  texts: readonly string[]
  dimensions: number | null
  model: string
  encoding: "float" | "base64"
  user: string | null
}

export async function makeEmbeddings(
  dependencies: Dependencies,
  body: ForwardedBody,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<MadeAnswer> {
  const request = requestOf(body, dependencies.limits.embeddingInputsMax)
  return isNative(deployment)
    ? embedHere(dependencies, request, deployment, signal)
    : embedElsewhere(dependencies, request, deployment, signal)
}

async function embedHere(
  { natives }: Dependencies,
  request: EmbeddingRequest,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<MadeAnswer> {
  const native = natives.get(deployment.id)
  if (!native?.embed) throw new AppError("feature_unavailable", `the model "${request.model}" does not run in this process`)
  const vectors = await native.embed(request.texts, signal)
  checkDimensions(request, vectors[0]?.length ?? 0)
  const tokens = request.texts.map((text) => native.countTokens?.(text) ?? Math.ceil(text.length / 4))
  const inputTokens = tokens.reduce((sum, each) => sum + each, 0)
  // A text that is longer than the model reads is cut by it; the header says how many were.
  const cut = tokens.filter((each) => each > (deployment.contextTokensMax ?? Infinity)).length
  return {
    answer: answerOf(request, vectors, inputTokens),
    usage: { inputTokens, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: native.countTokens === undefined },
    ...(cut > 0 ? { headers: { "x-perdure-truncated-inputs": String(cut) } } : {}),
  }
}

async function embedElsewhere(
  dependencies: Dependencies,
  { texts, dimensions, user, ...rest }: EmbeddingRequest,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<MadeAnswer> {
  const { vectors, usage } = await embeddingsOf(dependencies, deployment, { texts, dimensions, purpose: null, user }, signal)
  return { answer: answerOf(rest, vectors, usage.inputTokens), usage }
}

function answerOf(
  { model, encoding }: Pick<EmbeddingRequest, "model" | "encoding">,
  vectors: readonly Iterable<number>[],
  inputTokens: number,
): JsonObject {
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: encoding === "base64" ? base64(Float32Array.from(vector)) : [...vector],
  }))
  return { object: "list", data, model, usage: { prompt_tokens: inputTokens, total_tokens: inputTokens } }
}

function checkDimensions({ dimensions, model }: EmbeddingRequest, made: number): void {
  if (dimensions === null || dimensions === made) return
  throw new AppError("unsupported_value", `the model "${model}" makes vectors of ${made} dimensions, not of ${dimensions}`, {
    param: "dimensions",
    hint: `Leave "dimensions" out, or set it to ${made}.`,
  })
}

function requestOf(body: ForwardedBody, inputsMax: number): EmbeddingRequest {
  const { input, dimensions, encoding_format: encoding } = checked(embeddingRequestSchema, body.parsed())
  return {
    texts: textsOf(input, inputsMax),
    dimensions: dimensions ?? null,
    model: body.model,
    encoding: encoding ?? "float",
    user: body.user,
  }
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
