// The model routes of LiteLLM's admin API: each place where a model is served, with its prices and limits; no credentials, and no addresses.
import { liteLlmModelInfoQuerySchema, type DeploymentStatus, type LiteLlmModel, type ServedModel } from "@perdure/contract"
import { Hono, type Context } from "hono"
import type { HttpEnv } from "../env.ts"
import { answer } from "../perdure/answer.ts"
import { readDeployments, type DeploymentsOptions } from "../perdure/deployments.ts"
import { readQuery } from "../request-body.ts"

export function liteLlmModelRoutes(options: DeploymentsOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  for (const path of ["/model/info", "/v1/model/info"]) routes.get(path, (context) => list(options, context))
  return routes
}

function list(options: DeploymentsOptions, context: Context<HttpEnv>): Response {
  const { litellm_model_id: id } = readQuery(context, liteLlmModelInfoQuerySchema)
  const { scope } = context.get("principal")
  const isAllowed = (name: string): boolean => scope === null || scope.allowsModel(name)
  const { models, deployments } = readDeployments(options, { isAllowed, isOperator: false })
  const byId = new Map(deployments.map((each) => [each.id, each]))
  const data = models.flatMap((model) => entriesOf(model, byId))
  return answer({ data: id === undefined ? data : data.filter((entry) => entry.model_info.id === id) })
}

/** One for each name that clients may ask for, and each place of the model. */
function entriesOf(model: ServedModel, byId: ReadonlyMap<string, DeploymentStatus>): LiteLlmModel[] {
  const places = model.deployments.flatMap(({ id, priority, weight }) => {
    const status = byId.get(id)
    return status ? [{ status, priority, weight }] : []
  })
  return [model.name, ...model.aliases].flatMap((name) => places.map(({ status, ...order }) => entryOf(name, status, order)))
}

function entryOf(name: string, status: DeploymentStatus, { priority, weight }: { priority: number; weight: number }): LiteLlmModel {
  const { id, provider, upstreamModel, does, contextTokensMax, tags, limits, price } = status
  return {
    model_name: name,
    litellm_params: {
      model: `${provider}/${upstreamModel}`,
      ...(limits?.requestsPerMinute === undefined ? {} : { rpm: limits.requestsPerMinute }),
      ...(limits?.tokensPerMinute === undefined ? {} : { tpm: limits.tokensPerMinute }),
      ...(limits?.concurrent === undefined ? {} : { max_parallel_requests: limits.concurrent }),
      ...(tags.length === 0 ? {} : { tags }),
      weight,
      order: priority,
    },
    model_info: {
      id,
      db_model: false,
      key: upstreamModel,
      litellm_provider: provider,
      mode: modes.find(([word]) => does.includes(word))?.[1] ?? null,
      max_tokens: contextTokensMax,
      max_input_tokens: contextTokensMax,
      max_output_tokens: null,
      input_cost_per_token: perToken(price?.inputPerMillionUsd),
      output_cost_per_token: perToken(price?.outputPerMillionUsd),
      cache_read_input_token_cost: perToken(price?.cachedInputPerMillionUsd),
    },
  }
}

/** The first that it does. */
const modes = [
  ["chat", "chat"],
  ["embeddings", "embedding"],
  ["images", "image_generation"],
  ["transcription", "audio_transcription"],
  ["speech", "audio_speech"],
  ["moderation", "moderation"],
  ["rerank", "rerank"],
  ["realtime", "realtime"],
] as const

/** Null where nobody knows the price. */
function perToken(perMillionUsd: number | undefined): number | null {
  return perMillionUsd === undefined ? null : perMillionUsd / 1_000_000
}
