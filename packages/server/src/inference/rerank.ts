// Makes the function that orders texts by a model's judgement, for whoever needs it inside the server.
import type { Clock } from "../core/index.ts"
import type { Models } from "./models.ts"
import { runPlan } from "./pool/run-plan.ts"
import type { PlanRequest, Pool } from "./pool/types.ts"
import { rerankOf } from "./providers/embeddings.ts"
import type { SendOptions } from "./providers/send.ts"
import type { Deployment, ModelUsage } from "./types.ts"

export interface CreateRerankOptions extends SendOptions {
  models: Pick<Models, "require">
  pool: Pick<Pool, "plan">
  clock: Clock
}

export interface RerankedTexts {
  /** Best first. `index`: position in the call. */
  results: readonly { index: number; score: number }[]
  deployment: Deployment
  usage: ModelUsage
}

/** `placing`: for whom it is done, and the only regions in which it may be. */
export type MeasuredRerank = (
  call: { query: string; documents: readonly string[] },
  signal: AbortSignal,
  placing?: Pick<PlanRequest, "caller" | "residency" | "expected">,
) => Promise<RerankedTexts>

/** Looks the model up at each call, so that a replaced registry is followed. */
export function createRerank(options: CreateRerankOptions, model: string): MeasuredRerank {
  return (call, signal, placing) => {
    const plan = options.pool.plan(options.models.require(model, "rerank"), { needs: "rerank", ...placing })
    const work = async (deployment: Deployment): Promise<RerankedTexts> => {
      const asked = { ...call, resultsMax: null, tokensPerDocumentMax: null }
      const { results, usage } = await rerankOf(options, deployment, asked, signal)
      return { results, usage, deployment }
    }
    return runPlan(plan, { clock: options.clock, signal }, work)
  }
}
