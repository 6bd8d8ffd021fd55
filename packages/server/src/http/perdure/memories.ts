// The routes of memories: remember, search, list, forget. What changes memories passes the gate, and its decision is in the record.
import { memoryCreateRequestSchema, memoryListQuerySchema, memorySchema, memorySearchRequestSchema } from "@perdure/contract"
import { Hono } from "hono"
import type { z } from "zod"
import type { LightRunRecord } from "../../accounting/index.ts"
import { parseScope, writersLabel, type Entry, type Memories, type NewMemory } from "../../context/index.ts"
import type { Clock, JsonValue, NewId } from "../../core/index.ts"
import { AppError } from "../../core/index.ts"
import { joinLabels, requireModel, type Gate, type GateRequest, type Label, type Principal } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
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
    const principal = context.get("principal")
    const call = { id: newId("run"), kind: "memory", name: "memory.remember", principal } as const
    const memory = await recordLightRun(options, call, async (data) => {
      const label = writersLabel(memoryCaller(options.gate, principal))
      requireGranted(options.gate, data, {
        ...gateRequest(principal, label, call.id),
        action: "memory.write",
        target: parseScope(body.scope).path,
      })
      const value = await memories.remember(memoryCaller(options.gate, principal), { ...newMemoryOf(body), runId: call.id })
      return { value, label: value.label, data: { memoryId: value.id, scope: value.scope, created: value.created } }
    })
    return answer({ ...wireMemory(memory), created: memory.created, seq: memory.seq }, 201)
  })
  routes.post("/v1/memories/search", async (context) => {
    const body = await readBody(context, memorySearchRequestSchema)
    const principal = context.get("principal")
    const call = { id: newId("run"), kind: "retrieval", name: "memory.search", principal } as const
    const { scope, scopes = [scope ?? "project"], limit = searchRowsDefault, ...rest } = body
    if (typeof rest.rerank === "object") requireModel(principal, rest.rerank.model)
    const found = await recordLightRun(options, call, async () => {
      const query = { ...rest, scopes, limit, runId: call.id }
      const value = await memories.recall(memoryCaller(options.gate, principal), query, context.req.raw.signal)
      const results = value.entries.map(({ id, score, why }) => ({ memoryId: id, score, why: { ...why } }) as unknown as JsonValue) // plain numbers
      return {
        value,
        label: joinLabels(value.entries.map((entry) => entry.label)),
        data: { scopes, results, wordsOnly: value.wordsOnly, ...(value.reranked === null ? {} : { reranked: value.reranked }) },
      }
    })
    const { entries, ...others } = found
    return answer({ memories: entries.map((entry) => ({ ...wireMemory(entry), score: entry.score, why: entry.why })), ...others })
  })
  routes.get("/v1/memories", async (context) => {
    const { scope, kind, pinned, before, limit = listRowsDefault } = readQuery(context, memoryListQuerySchema)
    const asked = { scope, kinds: kind === undefined ? undefined : [kind], pinned: pinned === "true", before, limit: limit + 1 }
    const rows = await memories.list(memoryCaller(options.gate, context.get("principal")), asked)
    const page = rows.slice(0, limit)
    return answer({ memories: page.map(wireMemory), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null })
  })
  routes.get("/v1/memories/:id", async (context) => {
    return answer(wireMemory(await memories.get(memoryCaller(options.gate, context.get("principal")), context.req.param("id"))))
  })
  routes.delete("/v1/memories/:id", async (context) => {
    const id = context.req.param("id")
    const principal = context.get("principal")
    const call = { id: newId("run"), kind: "memory", name: "memory.forget", principal } as const
    await recordLightRun(options, call, async (data) => {
      const memory = await memories.get(memoryCaller(options.gate, principal), id)
      const label = writersLabel(memoryCaller(options.gate, principal))
      requireGranted(options.gate, data, { ...gateRequest(principal, label, call.id), action: "memory.delete", target: memory.scope })
      await memories.forget(memoryCaller(options.gate, principal), id)
      return { value: undefined, label, data: { memoryId: id, scope: memory.scope } }
    })
    return answer({ id, deleted: true })
  })
  return routes
}

function gateRequest(principal: Principal, label: Label, runId: string): Pick<GateRequest, "projectId" | "principal" | "label" | "runId"> {
  return { projectId: principal.projectId, principal: principal.id, label, runId }
}

function newMemoryOf(body: z.infer<typeof memoryCreateRequestSchema>): NewMemory {
  for (const param of ["text", "scope", "speaker", "session", "subject"] as const) refuseNul(body[param] ?? "", param)
  return body
}

/** An entry has exactly the fields that its schema names; what search adds is left out. */
export function wireMemory(entry: Entry): object {
  return memorySchema.parse(entry)
}

function refuseNul(text: string, param: string): void {
  if (text.includes("\0")) throw new AppError("invalid_request", `\`${param}\` contains the NUL character.`, { param, hint: "Remove it." })
}
