// Vectors of texts, and documents by relevance, from a deployment behind HTTP, whatever dialect it speaks.
import { AppError } from "../../core/index.ts"
import type { Deployment, ModelUsage } from "../types.ts"
import { unreadable } from "../upstream-error.ts"
import { dialectOf } from "./index.ts"
import type { EmbeddingsAnswer, EmbeddingsCall, RerankAnswer, RerankCall } from "./port.ts"
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
  const requests = embeddings.requests(call, deployment)
  const answers: EmbeddingsAnswer[] = []
  for (let from = 0; from < requests.length; from += requestsAtOnceMax) {
    const some = requests.slice(from, from + requestsAtOnceMax)
    const answered = await Promise.all(some.map((request) => ask(options, deployment, request, signal)))
    answers.push(...answered.map((answer) => embeddings.read(answer, deployment)))
  }
  const vectors = answers.flatMap((answer) => answer.vectors)
  if (vectors.length !== call.texts.length) throw unreadable(deployment, `embeddings for ${vectors.length} of ${call.texts.length} texts`)
  const chars = call.texts.reduce((sum, text) => sum + text.length, 0)
  return {
    vectors,
    usage: usageOf(
      answers.map((answer) => answer.inputTokens),
      chars,
    ),
  }
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

function usageOf(counts: readonly (number | null)[], chars: number): ModelUsage {
  const estimate = estimatedUsage(chars, 0)
  if (!counts.every((count) => count !== null)) return estimate
  return { ...estimate, inputTokens: counts.reduce((sum, count) => sum + count, 0), estimated: false }
}

function cannot(deployment: Deployment, what: string): AppError {
  return new AppError("feature_unavailable", `the deployment "${deployment.id}" (${deployment.dialect}) cannot ${what}`)
}
