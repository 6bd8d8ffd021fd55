// The routes of memory scopes: settings and grants.
import { scopeListQuerySchema, scopeUpdateRequestSchema } from "@perdure/contract"
import { Hono } from "hono"
import type { LightRunRecord } from "../../accounting/index.ts"
import { parseScope, writersLabel, type Scopes } from "../../context/index.ts"
import type { Clock, NewId } from "../../core/index.ts"
import type { Gate } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { readBody, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"

export interface ScopeRoutesOptions {
  scopes: Scopes
  gate: Gate
  clock: Clock
  newId: NewId
  /** Takes the record of each change: a light run of kind "memory". */
  record: (record: LightRunRecord) => void
}

const listRowsDefault = 50

export function scopeRoutes(options: ScopeRoutesOptions): Hono<HttpEnv> {
  const { scopes, gate, newId } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/scopes", async (context) => {
    const { after, limit = listRowsDefault } = readQuery(context, scopeListQuerySchema)
    return answer(await scopes.list(memoryCaller(gate, context.get("principal")), after, limit))
  })
  routes.get("/v1/scopes/:scope", async (context) =>
    answer(await scopes.get(memoryCaller(gate, context.get("principal")), context.req.param("scope"))),
  )
  routes.patch("/v1/scopes/:scope", async (context) => {
    const patch = await readBody(context, scopeUpdateRequestSchema)
    const { path } = parseScope(context.req.param("scope"))
    const principal = context.get("principal")
    const caller = memoryCaller(gate, principal)
    const call = { id: newId("run"), kind: "memory", name: "scope.update", principal } as const
    const changed = await recordLightRun(options, call, async (data) => {
      const label = writersLabel(caller)
      const { projectId } = caller
      requireGranted(gate, data, { projectId, principal: principal.id, action: "memory.manage", target: path, label, runId: call.id })
      const value = await scopes.update(caller, path, patch)
      return { value, label, data: { scope: path, changed: Object.keys(patch) } }
    })
    return answer(changed)
  })
  return routes
}
