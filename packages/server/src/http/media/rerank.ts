// Documents by relevance from providers that have a form of their own for it: asked in that, answered in Cohere's and Jina's.
import { z } from "zod"
import { AppError, type JsonObject } from "../../core/index.ts"
import { dialectOf, rerankOf, type Deployment } from "../../inference/index.ts"
import type { MadeAnswer } from "../light/answer-attempt.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"
import { checked } from "../request-body.ts"

const rerankSchema = z.looseObject({
  query: z.string(),
  documents: z.array(z.union([z.string(), z.looseObject({ text: z.string() })])).min(1),
  top_n: z.int().min(1).nullish(),
  max_tokens_per_doc: z.int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
})

/** Whether the deployment must be asked in another form than the client's. */
export function ranksInItsOwnForm(deployment: Deployment): boolean {
  return deployment.dialect !== "native" && dialectOf(deployment).rerank !== undefined
}

export async function makeRerank(
  dependencies: Pick<LightRunDependencies, "upstreams" | "limits">,
  body: ForwardedBody,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<MadeAnswer> {
  const request = checked(rerankSchema, body.parsed())
  const documents = request.documents.map((each) => (typeof each === "string" ? each : each.text))
  const { top_n: resultsMax = null, max_tokens_per_doc: tokensPerDocumentMax = null } = request
  if (documents.length > dependencies.limits.rerankDocumentsMax)
    throw new AppError(
      "invalid_request",
      `"documents" has ${documents.length}, at most ${dependencies.limits.rerankDocumentsMax} are allowed`,
      { param: "documents" },
    )
  const { results, usage } = await rerankOf(
    dependencies,
    deployment,
    { query: request.query, documents, resultsMax, tokensPerDocumentMax },
    signal,
  )
  const whole = request.return_documents === true
  const ranked = results.map(({ index, score }): JsonObject => {
    const text = documents[index]
    return { index, relevance_score: score, ...(whole && text !== undefined ? { document: { text } } : {}) }
  })
  const billed = usage.searchUnits === undefined ? {} : { meta: { billed_units: { search_units: usage.searchUnits } } }
  return { answer: { model: body.model, results: ranked, usage: { total_tokens: usage.inputTokens }, ...billed }, usage }
}
