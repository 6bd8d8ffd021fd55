// Vectors of texts, and documents by relevance, from a deployment behind HTTP, whatever dialect it speaks.
import { AppError, type JsonObject } from "../../core/index.ts"
import type { Deployment, ModelUsage } from "../types.ts"
import { unreadable } from "../upstream-error.ts"
import { parameterChanges, withChanges } from "../parameters/index.ts"
import { dialectOf } from "./index.ts"
import type { EmbeddingsAnswer, EmbeddingsCall, ProviderRequest, RerankAnswer, RerankCall } from "./port.ts"
import { plainRerank } from "./plain-rerank.ts"
import { ask, type SendOptions } from "./send.ts"
import { estimatedUsage } from "./usage.ts"

/** Requests under way at the same time, where a provider takes few texts in one. */
const requestsAtOnceMax = 4

export interface Embeddings {
  vectors: readonly (readonly number[])[]
  usage: ModelUsage
}

/** As many vectors as texts, in their order and as the provider made them. */
export async function embeddingsOf(
  options: SendOptions,
  deployment: Deployment,
  call: EmbeddingsCall,
  signal: AbortSignal,
): Promise<Embeddings> {
  const { embeddings } = dialectOf(deployment)
  if (!embeddings) throw cannot(deployment, "make embeddings")
  const requests = embeddings.requests(withDimensions(call, deployment), deployment).map((request) => withParameters(request, deployment))
  const answers: EmbeddingsAnswer[] = []
  for (let from = 0; from < requests.length; from += requestsAtOnceMax) {
    const some = requests.slice(from, from + requestsAtOnceMax)
    const answered = await Promise.all(some.map((request) => ask(options, deployment, request, signal)))
    answers.push(...answered.map((answer) => embeddings.read(answer, deployment)))
  }
  const vectors = answers.flatMap((answer) => answer.vectors)
  if (vectors.length !== call.texts.length) throw unreadable(deployment, `embeddings for ${vectors.length} of ${call.texts.length} texts`)
  const chars = call.texts.reduce((sum, text) => sum + text.length, 0)
  const usage = usageOf(
    answers.map((answer) => answer.inputTokens),
    chars,
  )
  return { vectors, usage: { ...usage, ...charged(answers) } }
}

/** Best first. */
export async function rerankOf(
  options: SendOptions,
  deployment: Deployment,
  call: RerankCall,
  signal: AbortSignal,
): Promise<Pick<RerankAnswer, "results"> & { usage: ModelUsage }> {
  // Servers that speak chat completions have one form in common; elsewhere each provider has its own, or none.
  const rerank = dialectOf(deployment).rerank ?? (deployment.dialect === "openai-chat" ? plainRerank : undefined)
  if (!rerank) throw cannot(deployment, "order documents")
  const { results, searchUnits, inputTokens } = rerank.read(
    await ask(options, deployment, rerank.request(call, deployment), signal),
    deployment,
  )
  const wrong = results.find(({ index }) => !(index >= 0 && index < call.documents.length))
  if (wrong) throw unreadable(deployment, `a rank for document ${wrong.index} of ${call.documents.length}`)
  const chars = call.documents.reduce((sum, text) => sum + text.length, call.query.length)
  const usage = usageOf([inputTokens ?? (searchUnits === null ? null : 0)], chars)
  return { results, usage: searchUnits === null ? usage : { ...usage, searchUnits } }
}

/** The configuration may say how long vectors are, where the call does not, or whatever it says. */
function withDimensions(call: EmbeddingsCall, { parameters }: Deployment): EmbeddingsCall {
  if (!parameters) return call
  const { defaults, overrides, dropped } = parameters
  const asked = dropped.includes("dimensions") ? null : call.dimensions
  const dimensions = overrides["dimensions"] ?? asked ?? defaults["dimensions"]
  return { ...call, dimensions: typeof dimensions === "number" ? dimensions : null }
}

function withParameters(request: ProviderRequest, deployment: Deployment): ProviderRequest {
  if (!deployment.parameters) return request
  const body = JSON.parse(request.body) as JsonObject // made by a dialect
  const top = { has: (name: string) => Object.hasOwn(body, name), value: (name: string) => body[name] }
  const changes = parameterChanges(deployment, "embeddings", () => top)
  const own = new Map([...changes].filter(([name]) => name !== "dimensions"))
  return own.size === 0 ? request : { ...request, body: JSON.stringify(withChanges(body, own)) }
}

/** Undefined where one of them does not tell. */
function charged(answers: readonly EmbeddingsAnswer[]): Pick<ModelUsage, "toldMicroUsd"> {
  const told = answers.map(({ toldMicroUsd }) => toldMicroUsd).filter((microUsd) => microUsd !== undefined)
  return told.length === 0 || told.length < answers.length ? {} : { toldMicroUsd: told.reduce((sum, microUsd) => sum + microUsd) }
}

function usageOf(counts: readonly (number | null)[], chars: number): ModelUsage {
  const estimate = estimatedUsage(chars, 0)
  if (!counts.every((count) => count !== null)) return estimate
  return { ...estimate, inputTokens: counts.reduce((sum, count) => sum + count, 0), estimated: false }
}

function cannot(deployment: Deployment, what: string): AppError {
  return new AppError("feature_unavailable", `the deployment "${deployment.id}" (${deployment.dialect}) cannot ${what}`)
}
