// The dialects of providers by name.
import { AppError } from "../../core/index.ts"
import type { Deployment, Dialect } from "../types.ts"
import { anthropicMessagesDialect } from "./anthropic/dialect.ts"
import { anthropicVertex } from "./anthropic/vertex.ts"
import { bedrockConverse } from "./bedrock/dialect.ts"
import { cohere } from "./cohere/dialect.ts"
import { gemini } from "./gemini/dialect.ts"
import { openAiChat } from "./openai/dialect.ts"
import { openAiResponses } from "./openai-responses/dialect.ts"
import type { ProviderDialect } from "./port.ts"

const dialects: ReadonlyMap<Dialect, ProviderDialect> = new Map(
  [openAiChat, openAiResponses, anthropicMessagesDialect, anthropicVertex, gemini, bedrockConverse, cohere].map((dialect) => [
    dialect.name,
    dialect,
  ]),
)

export function dialectOf(deployment: Deployment): ProviderDialect {
  const dialect = dialects.get(deployment.dialect)
  if (!dialect)
    throw new AppError(
      "feature_unavailable",
      `the deployment "${deployment.id}" speaks "${deployment.dialect}", which cannot be called here`,
    )
  return dialect
}
