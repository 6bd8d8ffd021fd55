// The routes of erasures: start one, read its receipt. Each start passes the gate, and its decision is in the record.
import { erasureCreateRequestSchema, erasureListQuerySchema, erasureSchema } from "@perdure/contract"
import { Hono } from "hono"
import type { z } from "zod"
import type { LightRunRecord } from "../../accounting/index.ts"
import { writersLabel, type Erasure, type Erasures, type ErasureTarget } from "../../context/index.ts"
import { AppError, type Clock, type NewId } from "../../core/index.ts"
import type { Gate } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { readBody, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"

export interface ErasureRoutesOptions {
  erasures: Erasures
  gate: Gate
  clock: Clock
  newId: NewId
  record: (record: LightRunRecord) => void
}

const listRowsDefault = 20

export function erasureRoutes(options: ErasureRoutesOptions): Hono<HttpEnv> {
  const { erasures, newId } = options
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/erasures", async (context) => {
    const body = await readBody(context, erasureCreateRequestSchema)
    const caller = memoryCaller(options.gate, context.get("principal"))
    const { projectId, principal } = caller
    const target = targetOf(body)
    const call = { id: newId("run"), kind: "memory", name: "memory.erase", principal: context.get("principal") } as const
    const erasure = await recordLightRun(options, call, async (data) => {
      const label = writersLabel({ projectId, principal })
      const about = target.kind === "query" ? (target.withinScope ?? "*") : target.name
      requireGranted(options.gate, data, { projectId, principal, label, runId: call.id, action: "memories.erase", target: about })
      const value = await erasures.start(caller, { target, dryRun: body.dryRun }, context.req.raw.signal)
      return { value, label, data: { erasureId: value.id, dryRun: body.dryRun } }
    })
    return answer(wireErasure(erasure), 201)
  })
  routes.get("/v1/erasures", async (context) => {
    const { before, limit = listRowsDefault } = readQuery(context, erasureListQuerySchema)
    const rows = await erasures.list(context.get("principal").projectId, { before, limit: limit + 1 })
    const page = rows.slice(0, limit)
    return answer({ erasures: page.map(wireErasure), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null })
  })
  routes.get("/v1/erasures/:id", async (context) =>
    answer(wireErasure(await erasures.get(context.get("principal").projectId, context.req.param("id")))),
  )
  return routes
}

function targetOf({ subject, source, scope, query }: z.infer<typeof erasureCreateRequestSchema>): ErasureTarget {
  const named =
    [subject, source, query].filter((value) => value !== undefined).length + (scope !== undefined && query === undefined ? 1 : 0)
  if (named !== 1) {
    throw new AppError("invalid_request", "An erasure names exactly one of `subject`, `source`, `scope` and `query`.", {
      hint: "`scope` may stand beside `query`: then memory is looked through in that scope only.",
    })
  }
  if (query !== undefined) return { kind: "query", name: query, withinScope: scope }
  if (subject !== undefined) return { kind: "subject", name: subject }
  return source === undefined ? { kind: "scope", name: scope ?? "" } : { kind: "source", name: source }
}

function wireErasure(erasure: Erasure): object {
  return erasureSchema.parse(erasure)
}
