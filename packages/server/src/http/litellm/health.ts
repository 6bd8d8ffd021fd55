// LiteLLM's paths of the liveness and readiness of a process, for probes that were written for it: no key, and nothing of projects.
import { Hono } from "hono"
import type { HttpEnv } from "../env.ts"
import type { HealthOptions } from "../health.ts"

export function liteLlmHealthRoutes({ ready }: Pick<HealthOptions, "ready">): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  for (const path of ["/health/liveliness", "/health/liveness"]) routes.get(path, (context) => context.json("I'm alive!"))
  routes.get("/health/readiness", async (context) => {
    const { status, checks } = await ready()
    const db = checks?.["database"]?.ok === false ? "Not connected" : "connected"
    const isReady = status !== "failing"
    return context.json({ status: isReady ? "healthy" : "unhealthy", db }, isReady ? 200 : 503)
  })
  return routes
}
