// Serves the OpenAPI document, made once from the contract's route table.
import { openApiDocument } from "@perdure/contract"
import { Hono } from "hono"
import type { HttpEnv } from "./env.ts"

/** `GET /openapi.json`; needs no key, as it tells nothing of this installation but its version. */
export function openApiRoutes({ version }: { version: string }): Hono<HttpEnv> {
  const body = JSON.stringify(openApiDocument({ version }))
  const routes = new Hono<HttpEnv>()
  routes.get(
    "/openapi.json",
    () => new Response(body, { headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" } }),
  )
  return routes
}
