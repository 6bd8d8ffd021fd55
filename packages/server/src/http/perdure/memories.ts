// The routes of memories: remember, search, list, forget. What changes memories passes the gate, and its decision is in the record.
import { memoryCreateRequestSchema, memoryListQuerySchema, memorySearchRequestSchema } from "@perdure/contract"
import { Hono } from "hono"
import type { LightRunRecord } from "../../accounting/index.ts"
import { writersLabel, type Memories, type Memory } from "../../context/index.ts"
import type { Clock, JsonValue, NewId } from "../../core/index.ts"
import { AppError } from "../../core/index.ts"
import { joinLabels, type Gate, type GateRequest, type Label, type Principal } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"

export interface MemoryRoutesOptions {
  memories: Memories
  gate: Gate
  clock: Clock
  newId: NewId
  /** Takes the record of each call: a light run of kind "memory", or "retrieval" for a search. */
  record: (record: LightRunRecord) => void
}

const listRowsDefault = 20
const searchRowsDefault = 10

export function memoryRoutes(options: MemoryRoutesOptions): Hono<HttpEnv> {
  const { memories, newId } = options
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/memories", async (context) => {
    const body = await readBody(context, memoryCreateRequestSchema)
    refuseNul(body.text, "text")
    refuseNul(body.scope, "scope")
    const principal = context.get("principal")
    const call = { id: newId("run"), kind: "memory", name: "memory.remember", principal } as const
    const memory = await recordLightRun(options, call, async (data) => {
      const label = writersLabel(callerOf(principal))
      requireGranted(options.gate, data, { ...gateRequest(principal, label, call.id), action: "memory.write", target: body.scope })
      const metadata = body.metadata as Parameters<Memories["remember"]>[1]["metadata"] // JSON by its schema
      const value = await memories.remember(callerOf(principal), { ...body, metadata, runId: call.id, label }, context.req.raw.signal)
      return { value, label, data: { memoryId: value.id, scope: value.scope } }
    })
    return answer(wireMemory(memory), 201)
  })
  routes.post("/v1/memories/search", async (context) => {
    const body = await readBody(context, memorySearchRequestSchema)
    const principal = context.get("principal")
    const call = { id: newId("run"), kind: "retrieval", name: "memory.search", principal } as const
    const query = { scope: body.scope, text: body.query, limit: body.limit ?? searchRowsDefault }
    const found = await recordLightRun(options, call, async () => {
      const value = await memories.search(callerOf(principal), query, context.req.raw.signal)
      const results = value.hits.map(({ id, score, why }) => ({ memoryId: id, score, why: { ...why } }) as unknown as JsonValue) // plain numbers
      return {
        value,
        label: joinLabels(value.hits.map((hit) => hit.label)),
        data: { scope: body.scope, results, wordsOnly: value.wordsOnly },
      }
    })
    const hits = found.hits.map((hit) => ({ ...wireMemory(hit), score: hit.score, why: hit.why }))
    return answer({ memories: hits, wordsOnly: found.wordsOnly })
  })
  routes.get("/v1/memories", async (context) => {
    const { scope, before, limit = listRowsDefault } = readQuery(context, memoryListQuerySchema)
    const rows = await memories.list(context.get("principal").projectId, scope, before, limit + 1)
    const page = rows.slice(0, limit)
    return answer({ memories: page.map(wireMemory), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null })
  })
  routes.get("/v1/memories/:id", async (context) => {
    return answer(wireMemory(await memories.get(context.get("principal").projectId, context.req.param("id"))))
  })
  routes.delete("/v1/memories/:id", async (context) => {
    const id = context.req.param("id")
    const principal = context.get("principal")
    const call = { id: newId("run"), kind: "memory", name: "memory.forget", principal } as const
    await recordLightRun(options, call, async (data) => {
      const memory = await memories.get(principal.projectId, id)
      const label = writersLabel(callerOf(principal))
      requireGranted(options.gate, data, { ...gateRequest(principal, label, call.id), action: "memory.delete", target: memory.scope })
      await memories.forget(principal.projectId, id)
      return { value: undefined, label, data: { memoryId: id, scope: memory.scope } }
    })
    return answer({ id, deleted: true })
  })
  return routes
}

function gateRequest(principal: Principal, label: Label, runId: string): Pick<GateRequest, "projectId" | "principal" | "label" | "runId"> {
  return { projectId: principal.projectId, principal: principal.id, label, runId }
}

function callerOf(principal: Principal): { projectId: string; principal: string } {
  return { projectId: principal.projectId, principal: principal.id }
}

function wireMemory(memory: Memory): object {
  const { id, scope, text, metadata, label, principal, runId, validFrom, validTo, createdAt } = memory
  return { id, scope, text, metadata, label, principal, runId, validFrom, validTo, createdAt }
}

function refuseNul(text: string, param: string): void {
  if (text.includes("\0")) throw new AppError("invalid_request", `\`${param}\` contains the NUL character.`, { param, hint: "Remove it." })
}
