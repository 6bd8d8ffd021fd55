// The routes of API keys: list, create (the secret is shown once), revoke.
import { apiKeyCreateRequestSchema } from "@perdure/contract"
import { Hono } from "hono"
import { AppError } from "../../core/index.ts"
import type { Identity } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody } from "../request-body.ts"
import { answer } from "./answer.ts"

export interface KeyRoutesOptions {
  identity: Pick<Identity, "createKey" | "listKeys" | "revokeKey">
}

export function createKeyRoutes({ identity }: KeyRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/keys", async (context) => answer({ keys: await identity.listKeys(context.get("principal").projectId) }))
  routes.post("/v1/keys", async (context) => {
    const { name } = await readBody(context, apiKeyCreateRequestSchema)
    return answer(await identity.createKey(context.get("principal").projectId, name), 201)
  })
  routes.delete("/v1/keys/:id", async (context) => {
    const id = context.req.param("id")
    if (await identity.revokeKey(context.get("principal").projectId, id)) return answer({ id, revoked: true })
    throw new AppError("not_found", `There is no live key '${id}'.`, { param: "id", hint: "List keys with GET /v1/keys." })
  })
  return routes
}
