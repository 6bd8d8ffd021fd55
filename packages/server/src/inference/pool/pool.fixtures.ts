// A pool on a bench: deployments and models by name, time and chance as a test gives them, calls that fail and work.
import { defaultLimits, type Limits } from "../../core/index.ts"
import { createModels } from "../models.ts"
import type { Deployment, Model } from "../types.ts"
import { errorOfStatus, errorOfTransport, type UpstreamError } from "../upstream-error.ts"
import { createPool, type Plan, type PlanRequest, type Pool, type PoolObserver } from "./index.ts"

export function deployment(id: string, part: Partial<Deployment> = {}): Deployment {
  const base = { provider: "openai", dialect: "openai-chat", apiKey: null, contextTokensMax: null, origin: "test" } as const
  return { ...base, id, baseUrl: `http://${id.replace("/", ".")}/v1`, upstreamModel: "m", does: { chat: true, embeddings: false }, ...part }
}

export function model(name: string, deployments: readonly Deployment[], part: Partial<Model> = {}): Model {
  return { name, createdAt: 0, ownedBy: "test", deployments, ...part }
}

interface Bench {
  pool: Pool
  plan: (name: string, request?: Partial<PlanRequest>) => Plan
  pass: (ms: number) => void
}

interface BenchOptions {
  limits?: Partial<Limits>
  rng?: () => number
  observer?: PoolObserver
  prices?: Readonly<Record<string, { prompt: number; completion: number }>>
}

export function bench(models: readonly Model[], { limits = {}, rng = () => 0.5, observer = {}, prices = {} }: BenchOptions = {}): Bench {
  let ms = 1_000
  const registry = createModels({ models })
  const clock = { now: () => 1_700_000_000_000 + ms, monotonic: () => ms }
  const priceOf = ({ id }: Deployment) => prices[id]
  const pool = createPool({ models: registry, limits: { ...defaultLimits, ...limits }, clock, rng, observer, priceOf })
  const plan = (name: string, request: Partial<PlanRequest> = {}) => pool.plan(registry.require(name), { needs: "chat", ...request })
  return { pool, plan, pass: (passed) => void (ms += passed) }
}

export const status = (of: Deployment, code: number, headers: Record<string, string> = {}): UpstreamError =>
  errorOfStatus(of, code, "", headers)
export const unreachable = (of: Deployment): UpstreamError =>
  errorOfTransport(of, Object.assign(new Error("x"), { code: "ECONNREFUSED" }), defaultLimits)
export const tooLong = (of: Deployment): UpstreamError =>
  errorOfStatus(of, 400, JSON.stringify({ error: { message: "too long", code: "context_length_exceeded" } }), {})

export function fails(plan: Plan, at: Deployment, error: UpstreamError) {
  plan.started(at)
  plan.finished(at, { error, ms: 5, outputTokens: 0 })
  return plan.afterFailure(at, error)
}

export function works(plan: Plan, at: Deployment): void {
  plan.started(at)
  plan.firstToken(at, 10)
  plan.finished(at, { ms: 20, outputTokens: 10 })
}
