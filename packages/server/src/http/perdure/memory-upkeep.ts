// The route that tells how far the work is that follows what was remembered.
import { memoryUpkeepQuerySchema } from "@perdure/contract"
import { Hono } from "hono"
import type { Upkeep } from "../../context/index.ts"
import type { Gate } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"

/** Mount it before the routes of memories: `upkeep` is no id. */
export function memoryUpkeepRoutes({ upkeep, gate }: { upkeep: Upkeep; gate: Gate }): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/memories/upkeep", async (context) => {
    const { scope } = readQuery(context, memoryUpkeepQuerySchema)
    return answer(await upkeep.status(memoryCaller(gate, context.get("principal")), scope))
  })
  return routes
}
