// The raw handlers by path: what `createHttpServer` serves before the Hono application.
import type { HotHandler } from "../shell.ts"
import { chatHandler } from "./chat.ts"
import { embeddingsHandler } from "./embeddings.ts"
import type { LightRunDependencies } from "./light-call.ts"
import { createSweep } from "./sweep.ts"

export type HotRouteOptions = Omit<LightRunDependencies, "sweep">

export function createHotRoutes(options: HotRouteOptions): Readonly<Record<string, HotHandler>> {
  const dependencies = { ...options, sweep: createSweep(options) }
  return { "/v1/chat/completions": chatHandler(dependencies), "/v1/embeddings": embeddingsHandler(dependencies) }
}
