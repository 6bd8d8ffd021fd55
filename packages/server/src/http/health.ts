// Liveness, readiness, metrics: routes for whoever operates the process; they need no key and tell nothing of projects.
import type { Health } from "@perdure/contract"
import { Hono } from "hono"
import { metricsContentType } from "../telemetry/index.ts"
import type { HttpEnv } from "./env.ts"

export interface HealthOptions {
  /** Anything but `failing` is ready. */
  ready: () => Promise<Health>
  /** Prometheus text. */
  metrics: () => Promise<string>
}

export function healthRoutes({ ready, metrics }: HealthOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  app.get("/health/live", (context) => context.json({ status: "ok" } satisfies Health))
  app.get("/health/ready", async (context) => {
    const health = await ready()
    return context.json(health, health.status === "failing" ? 503 : 200)
  })
  app.get("/metrics", async (context) => context.text(await metrics(), 200, { "content-type": metricsContentType }))
  return app
}
