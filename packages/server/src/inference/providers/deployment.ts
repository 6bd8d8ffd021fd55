// Makes the deployment of a model at a provider: the dialect that it needs, and what its provider must be told.
import type { JsonObject } from "../../core/index.ts"
import type { Deployment, Dialect } from "../types.ts"
import { familyOf } from "./bedrock/models.ts"
import { claudeTraits } from "./claude.ts"
import { needsResponses } from "./openai/models.ts"
import { presetOf } from "./presets.ts"

export interface ProviderDeploymentOptions {
  id: string
  /** The type of the provider. */
  provider: string
  baseUrl: string | null
  apiKey: string | null
  settings?: JsonObject
  upstreamModel: string
  /** Chosen by the configuration. */
  dialect?: "chat" | "responses" | null
  does: Deployment["does"]
  contextTokensMax: number | null
  origin: string
}

export function providerDeployment({ dialect, settings, ...rest }: ProviderDeploymentOptions): Deployment {
  const spoken = dialectFor(rest, dialect ?? null)
  const own = { ...rest, dialect: spoken, continuesPrefix: goesOn(rest, spoken) }
  return settings === undefined || Object.keys(settings).length === 0 ? own : { ...own, settings }
}

function dialectFor({ provider, upstreamModel }: ProviderDeploymentOptions, chosen: "chat" | "responses" | null): Dialect {
  if (provider === "vertex") return vertexDialect(upstreamModel)
  const usual = presetOf(provider).dialect
  if (usual !== "openai-chat") return usual
  if (chosen === null) return (provider === "openai" || provider === "azure") && needsResponses(upstreamModel) ? "openai-responses" : usual
  return chosen === "responses" ? "openai-responses" : "openai-chat"
}

/** Vertex serves Google's models, Anthropic's, and those of other publishers (`meta/llama-…`), each in another way. */
function vertexDialect(model: string): Dialect {
  if (/^claude/i.test(model)) return "anthropic-vertex"
  return /^[a-z0-9-]+\/[^/]+$/.test(model) && !/^(?:google|endpoints|tunedModels)\//.test(model) ? "openai-chat" : "gemini"
}

function goesOn({ provider, upstreamModel }: ProviderDeploymentOptions, dialect: Dialect): boolean {
  if (dialect === "anthropic-messages" || dialect === "anthropic-vertex") return claudeTraits(upstreamModel).continuesPrefix
  if (dialect === "bedrock-converse") return familyOf(upstreamModel) === "claude" && claudeTraits(upstreamModel).continuesPrefix
  return dialect === "openai-chat" && presetOf(provider).habits.prefix !== null
}
