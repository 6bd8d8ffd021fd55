// The routes of operational state: versioned values by scope and key, written by compare-and-swap past the gate.
import { stateKeySchema, stateListQuerySchema, statePutRequestSchema } from "@perdure/contract"
import { Hono } from "hono"
import { writersLabel, type States } from "../../context/index.ts"
import type { HttpEnv } from "../env.ts"
import { checked, readBody, readQuery } from "../request-body.ts"
import { memoryCaller } from "../memory-caller.ts"
import { answer } from "./answer.ts"
import { preconditionFailed, preconditionOf, versioned } from "./preconditions.ts"
import { writeRecorded, type ScopeRecording } from "./scope-writes.ts"

export interface StateRoutesOptions extends ScopeRecording {
  states: States
}

const rowsDefault = 20

export function stateRoutes(options: StateRoutesOptions): Hono<HttpEnv> {
  const { states } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/states/:scope", async (context) => {
    const { prefix, after, limit = rowsDefault } = readQuery(context, stateListQuerySchema)
    const rows = await states.list(memoryCaller(options.gate, context.get("principal")), context.req.param("scope"), {
      prefix,
      after,
      limit: limit + 1,
    })
    const page = rows.slice(0, limit)
    return answer({ states: page, next: rows.length > limit ? (page.at(-1)?.key ?? null) : null })
  })
  routes.get("/v1/states/:scope/:key", async (context) =>
    versioned(await states.get(memoryCaller(options.gate, context.get("principal")), context.req.param("scope"), context.req.param("key"))),
  )
  routes.get("/v1/states/:scope/:key/versions", async (context) =>
    answer({
      versions: await states.versions(
        memoryCaller(options.gate, context.get("principal")),
        context.req.param("scope"),
        context.req.param("key"),
      ),
    }),
  )
  routes.put("/v1/states/:scope/:key", async (context) => {
    const { value } = await readBody(context, statePutRequestSchema)
    const key = checked(stateKeySchema, context.req.param("key"))
    const caller = memoryCaller(options.gate, context.get("principal"))
    const precondition = preconditionOf(context)
    const scope = context.req.param("scope")
    const swap = await writeRecorded(options, context, { name: "state.write", action: "memory.write", scope, entry: key }, (runId) =>
      states.put(caller, { scope, key, value, precondition, label: writersLabel(caller), runId }),
    )
    return swap.written ? versioned({ ...swap.value, seq: swap.seq }) : preconditionFailed(swap.current)
  })
  routes.delete("/v1/states/:scope/:key", async (context) => {
    const { scope, key } = context.req.param()
    const caller = memoryCaller(options.gate, context.get("principal"))
    const precondition = preconditionOf(context)
    const swap = await writeRecorded(options, context, { name: "state.delete", action: "memory.delete", scope, entry: key }, (runId) =>
      states.delete(caller, { scope, key, precondition, label: writersLabel(caller), runId }),
    )
    return swap.written ? answer({ scope: swap.value.scope, key, deleted: true, seq: swap.seq }) : preconditionFailed(swap.current)
  })
  return routes
}
