// The raw handlers by path: what `createHttpServer` serves before the Hono application.
import { countTokensRoute, type CountTokensDependencies } from "./anthropic/count-tokens.ts"
import { messagesDialect } from "./anthropic/messages-dialect.ts"
import { dialectRoute } from "./light/serve.ts"
import { createRefusedBetas } from "./light/refused-betas.ts"
import { createSweep } from "./light/sweep.ts"
import { mediaEndpoints } from "./media/endpoints.ts"
import { mediaRoute } from "./media/route.ts"
import { chatDialect } from "./openai/chat-dialect.ts"
import { completionsDialect } from "./openai/completions-dialect.ts"
import { embeddingsRoute } from "./openai/embeddings.ts"
import type { HotRoute } from "./shell.ts"

export type HotRouteOptions = Omit<CountTokensDependencies, "sweep" | "refusedBetas">

/** The paths of the raw handlers: what metrics name; everything else is "other" there. */
export const hotPaths = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/messages",
  "/v1/messages/count_tokens",
  ...mediaEndpoints.map(({ path }) => path),
]

export function createHotRoutes(options: HotRouteOptions): Readonly<Record<string, HotRoute>> {
  const dependencies = { ...options, sweep: createSweep(options), refusedBetas: createRefusedBetas(options) }
  return {
    "/v1/chat/completions": dialectRoute(dependencies, chatDialect),
    "/v1/completions": dialectRoute(dependencies, completionsDialect),
    "/v1/embeddings": embeddingsRoute(dependencies),
    "/v1/messages": dialectRoute(dependencies, messagesDialect),
    "/v1/messages/count_tokens": countTokensRoute(dependencies),
    ...Object.fromEntries(mediaEndpoints.map((endpoint) => [endpoint.path, mediaRoute(dependencies, endpoint)])),
  }
}
