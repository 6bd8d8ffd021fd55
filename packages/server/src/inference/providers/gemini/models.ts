// What the name of a Google model says about how it is asked: its generation, and how its thinking is set.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"

export function isVertex(deployment: Deployment): boolean {
  return deployment.provider === "vertex"
}

/** Unknown names are taken for the newest generation: only the old ones are a closed list. */
export function knowsGemini3(model: string): boolean {
  return /(?:^|\/)gemini-/i.test(model) && !/(?:^|\/)gemini-(?:1(?:[.-]|$)|2(?:[.-]|$)|pro(?:-vision)?$|robotics-er-1\.5)/i.test(model)
}

/** Google's own figures for OpenAI's words. */
const budgets: Readonly<Record<string, number>> = { none: 0, minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576, xhigh: 24_576 }

/** `thinkingConfig`, or undefined where the call asks for nothing. Thoughts are shown when thinking was asked for. */
export function thinkingConfig({ reasoningEffort, thinkingTokensMax }: ModelCall, model: string): JsonObject | undefined {
  const effort = thinkingTokensMax === 0 ? "none" : reasoningEffort
  if (typeof thinkingTokensMax === "number" && effort !== "none") return shown({ thinkingBudget: thinkingTokensMax }, true)
  if (effort === null || !Object.hasOwn(budgets, effort)) return undefined
  const thinks = effort !== "none"
  if (knowsGemini3(model)) return shown({ thinkingLevel: levelOf(effort, model) }, thinks)
  // 2.5 Pro cannot be kept from thinking; this is its least.
  const least = /gemini-2\.5-pro/i.test(model) ? 128 : 0
  return shown({ thinkingBudget: Math.max(budgets[effort] ?? 0, least) }, thinks)
}

function shown(config: JsonObject, includeThoughts: boolean): JsonObject {
  return includeThoughts ? { ...config, includeThoughts } : config
}

/** Gemini 3 always thinks. Some of its models refuse `minimal`: Pro, and Flash from 3.7 on. */
function levelOf(effort: string, model: string): string {
  if (effort === "none" || effort === "minimal") return /gemini-3(?:\.[0-6])?-flash|flash-lite/i.test(model) ? "minimal" : "low"
  return effort === "low" || effort === "medium" ? effort : "high"
}

/** A name with a slash is a path already: `tunedModels/mine`, `endpoints/123`; but `google/gemini-…` is how Vertex lists its own. */
export function modelPath(deployment: Deployment): string {
  const model = isVertex(deployment) ? deployment.upstreamModel.replace(/^google\//, "") : deployment.upstreamModel
  if (model.includes("/")) return `/${model}`
  return `/${isVertex(deployment) ? "publishers/google/models" : "models"}/${encodeURIComponent(model)}`
}
