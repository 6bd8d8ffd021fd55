// The routes by which a person looks after memory: versions, grounds, confirm, retract, redact, reviews, sources and taking one back.
import {
  memoryCorrectRequestSchema,
  memoryRetractRequestSchema,
  memoryReviewsQuerySchema,
  memoryVersionsQuerySchema,
  sourceListQuerySchema,
  sourceRevokeRequestSchema,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import { writersLabel, type Entry, type Ground } from "../../context/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { readBody, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"
import { wireMemory, type MemoryRoutesOptions } from "./memories.ts"

const rowsDefault = 20
const versionsDefault = 100

/** Before `memoryRoutes`: `/v1/memories/reviews` is no id. */
export function memoryCurationRoutes(options: MemoryRoutesOptions): Hono<HttpEnv> {
  const { memories } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/memories/reviews", async (context) => {
    const { scope, before, limit = rowsDefault } = readQuery(context, memoryReviewsQuerySchema)
    const found = await memories.reviews(callerOf(options, context), { scope, before, limit: limit + 1 })
    const page = found.slice(0, limit)
    const reviews = page.map(({ entry, ...review }) => ({ ...review, memory: wireMemory(entry) }))
    return answer({ reviews, next: found.length > limit ? (page.at(-1)?.id ?? null) : null })
  })
  routes.get("/v1/memories/:id/versions", async (context) => {
    const { limit = versionsDefault } = readQuery(context, memoryVersionsQuerySchema)
    const versions = await memories.versions(callerOf(options, context), context.req.param("id"), limit)
    return answer({ versions: versions.map(wireMemory) })
  })
  routes.get("/v1/memories/:id/explain", async (context) => {
    const { entry, grounds, ...rest } = await memories.explain(callerOf(options, context), context.req.param("id"))
    return answer({ ...rest, memory: wireMemory(entry), grounds: grounds.map(wireGround) })
  })
  routes.post("/v1/memories/:id/confirm", (context) =>
    decide(options, context, "memory.confirm", "memory.write", (caller, id) => memories.confirm(caller, id)),
  )
  routes.post("/v1/memories/:id/retract", async (context) => {
    const { until = null } = await readBody(context, memoryRetractRequestSchema)
    return decide(options, context, "memory.retract", "memory.write", (caller, id) => memories.retract(caller, id, until))
  })
  routes.post("/v1/memories/:id/correct", async (context) => {
    const correction = await readBody(context, memoryCorrectRequestSchema)
    return decide(options, context, "memory.correct", "memory.write", (caller, id) => memories.correct(caller, id, correction))
  })
  routes.post("/v1/memories/:id/redact", (context) =>
    decide(options, context, "memory.redact", "memory.delete", (caller, id) => memories.redact(caller, id)),
  )
  routes.put("/v1/memories/:id/pin", (context) =>
    decide(options, context, "memory.pin", "memory.write", (caller, id) => memories.pin(caller, id, true)),
  )
  routes.delete("/v1/memories/:id/pin", (context) =>
    decide(options, context, "memory.unpin", "memory.write", (caller, id) => memories.pin(caller, id, false)),
  )
  sourceRoutes(options, routes)
  return routes
}

function sourceRoutes(options: MemoryRoutesOptions, routes: Hono<HttpEnv>): void {
  const { memories, newId, gate } = options
  routes.get("/v1/sources", async (context) => {
    const { scope, before, limit = rowsDefault } = readQuery(context, sourceListQuerySchema)
    const found = await memories.sources(callerOf(options, context), { scope, before, limit: limit + 1 })
    const page = found.slice(0, limit)
    return answer({ sources: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null })
  })
  routes.get("/v1/sources/:id/blast_radius", async (context) => {
    return answer(await memories.blastRadius(callerOf(options, context), context.req.param("id")))
  })
  routes.post("/v1/sources/:id/revoke", async (context) => {
    const { reason = null } = await readBody(context, sourceRevokeRequestSchema)
    const [id, principal, caller] = [context.req.param("id"), context.get("principal"), callerOf(options, context)]
    const call = { id: newId("run"), kind: "memory", name: "source.revoke", principal } as const
    const revoked = await recordLightRun(options, call, async (data) => {
      const source = await memories.source(caller, id)
      const label = writersLabel(caller)
      const request = { projectId: principal.projectId, principal: principal.id, label, runId: call.id }
      requireGranted(gate, data, { ...request, action: "memory.delete", target: source.scope })
      // A stored file leaves the vector stores, too.
      if (source.id.startsWith("file_")) requireGranted(gate, data, { ...request, action: "file.write", target: id })
      const value = await memories.revoke(caller, id, reason)
      return { value, label, data: { sourceId: id, scope: source.scope, episodes: value.episodes, versions: value.versions } }
    })
    return answer(revoked)
  })
}

/** One decision on one memory: asked of the gate, carried out, recorded. */
async function decide(
  options: MemoryRoutesOptions,
  context: Context<HttpEnv, "/v1/memories/:id/:what">,
  name: string,
  action: "memory.write" | "memory.delete",
  work: (caller: ReturnType<typeof callerOf>, id: string) => Promise<Entry>,
): Promise<Response> {
  const [id, principal, caller] = [context.req.param("id"), context.get("principal"), callerOf(options, context)]
  const call = { id: options.newId("run"), kind: "memory", name, principal } as const
  const decided = await recordLightRun(options, call, async (data) => {
    const { scope } = await options.memories.get(caller, id)
    const label = writersLabel(caller)
    const request = { projectId: principal.projectId, principal: principal.id, label, runId: call.id }
    requireGranted(options.gate, data, { ...request, action, target: scope })
    const value = await work(caller, id)
    return { value, label, data: { memoryId: id, scope } }
  })
  return answer(wireMemory(decided))
}

function callerOf({ gate }: Pick<MemoryRoutesOptions, "gate">, context: Context<HttpEnv>): ReturnType<typeof memoryCaller> {
  return memoryCaller(gate, context.get("principal"))
}

function wireGround({ entry, grounds, ...ground }: Ground): object {
  return { ...ground, memory: entry === null ? null : wireMemory(entry), grounds: grounds.map(wireGround) }
}
