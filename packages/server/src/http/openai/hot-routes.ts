// The raw handlers by path: what `createHttpServer` serves before the Hono application.
import type { HotHandler } from "../shell.ts"
import { chatHandler } from "./chat.ts"
import { embeddingsHandler } from "./embeddings.ts"
import type { LightRunDependencies } from "./light-call.ts"
import { createSweep } from "./sweep.ts"

export type HotRouteOptions = Omit<LightRunDependencies, "sweep">

/** The paths of the raw handlers: what metrics name; everything else is "other" there. */
export const hotPaths = ["/v1/chat/completions", "/v1/embeddings"] as const

export function createHotRoutes(options: HotRouteOptions): Readonly<Record<(typeof hotPaths)[number], HotHandler>> {
  const dependencies = { ...options, sweep: createSweep(options) }
  return { "/v1/chat/completions": chatHandler(dependencies), "/v1/embeddings": embeddingsHandler(dependencies) }
}
