// The route of limits: how much is left of what binds the caller.
import type { KeyLimits, LimitStatus } from "@perdure/contract"
import { Hono } from "hono"
import type { HttpEnv } from "../env.ts"
import { answer } from "./answer.ts"

export interface LimitCaller {
  projectId: string
  principalId: string
  keyLimits: KeyLimits | null
  user: string | null
  tags: readonly string[]
  /** Limits of all keys of the project are shown, not only the caller's, and those of deployments: to those who run the server. */
  seesAllKeys: boolean
}

export interface LimitRoutesOptions {
  readLimits: (caller: LimitCaller) => Promise<LimitStatus[]>
}

export function createLimitRoutes({ readLimits }: LimitRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/limits", async (context) => {
    const { id, projectId, kind, limits, user, tags } = context.get("principal")
    const caller = { projectId, principalId: id, keyLimits: limits, user, tags, seesAllKeys: kind === "session" }
    return answer({ limits: await readLimits(caller) })
  })
  return routes
}
