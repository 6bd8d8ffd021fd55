// The routes of API keys: list, read, create and rotate (a secret is shown once), change, revoke; each change asks the gate and leaves a record.
import {
  apiKeyCreateRequestSchema,
  apiKeyListQuerySchema,
  apiKeyRotateRequestSchema,
  apiKeyUpdateRequestSchema,
  type ApiKey,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import type { LightRunRecord } from "../../accounting/index.ts"
import type { Clock, JsonObject, NewId } from "../../core/index.ts"
import { noLiveKey, userLabel, type Gate, type KeyAdmin, type Principal } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"
import { checked, readBody, readJsonObject, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"
import { tellingUnpassed, type PassedPaths } from "./unpassed.ts"

export interface KeyRoutesOptions {
  identity: KeyAdmin
  passThrough: PassedPaths
  gate: Gate
  clock: Clock
  newId: NewId
  /** Takes the record of each change, refused ones included. */
  record: (record: LightRunRecord) => void
}

type At = Context<HttpEnv>

const listRowsDefault = 100

export function createKeyRoutes(options: KeyRoutesOptions): Hono<HttpEnv> {
  const { identity, passThrough } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/keys", (context) => list(options, context))
  routes.post("/v1/keys", async (context) => {
    const { name, ...settings } = await readBody(context, apiKeyCreateRequestSchema)
    return changing(options, context, { name: "key.create", target: "new" }, async ({ projectId, principal }) => {
      const key = await identity.createKey(projectId, name, settings, principal)
      return { answer: tellingUnpassed(answer(key, 201), key, passThrough), data: { keyId: key.id } }
    })
  })
  routes.get("/v1/keys/:id", async (context) => {
    const { principal, projectId } = callerOf(context)
    const id = context.req.param("id")
    const key = await identity.getKey(projectId, id === "me" ? principal.id : id, principal)
    if (!key) throw noLiveKey(id)
    return answer(key)
  })
  routes.patch("/v1/keys/:id", async (context) => {
    const patch = await readBody(context, apiKeyUpdateRequestSchema)
    return changing(options, context, { name: "key.update", target: idOf(context) }, async ({ projectId, principal }) => {
      const key = await identity.updateKey(projectId, idOf(context), patch, principal)
      return { answer: tellingUnpassed(answer(key), key, passThrough), data: { keyId: key.id, changed: Object.keys(patch) } }
    })
  })
  routes.post("/v1/keys/:id/rotate", async (context) => {
    const request = checked(apiKeyRotateRequestSchema, await readJsonObject(context, { emptyAllowed: true }))
    return changing(options, context, { name: "key.rotate", target: idOf(context) }, async ({ projectId, principal }) => {
      const key = await identity.rotateKey(projectId, idOf(context), request, principal)
      return { answer: answer(key), data: { keyId: key.id, oldSecretsUntil: key.oldSecretsUntil } }
    })
  })
  routes.delete("/v1/keys/:id", (context) =>
    changing(options, context, { name: "key.revoke", target: idOf(context) }, async ({ projectId, principal }) => {
      const id = idOf(context)
      if (!(await identity.revokeKey(projectId, id, principal))) throw noLiveKey(id)
      return { answer: answer({ id, revoked: true }), data: { keyId: id } }
    }),
  )
  return routes
}

async function list({ identity }: KeyRoutesOptions, context: At): Promise<Response> {
  const { limit = listRowsDefault, ...filter } = readQuery(context, apiKeyListQuerySchema)
  const { projectId, principal } = callerOf(context)
  const keys: ApiKey[] = await identity.listKeys(projectId, { ...filter, limit: limit + 1 }, principal)
  const page = keys.slice(0, limit)
  return answer({ keys: page, next: keys.length > limit ? (page.at(-1)?.id ?? null) : null })
}

interface Caller {
  projectId: string
  principal: Principal
}

/** Asks the gate, does it, and records it with the gate's answer; never with a secret. */
function changing(
  { gate, clock, newId, record }: KeyRoutesOptions,
  context: At,
  { name, target }: { name: string; target: string },
  work: (caller: Caller) => Promise<{ answer: Response; data: JsonObject }>,
): Promise<Response> {
  const { projectId, principal } = callerOf(context)
  const call = { id: newId("run"), kind: "key", name, principal } as const
  return recordLightRun({ clock, record }, call, async (data) => {
    const label = userLabel(principal.id)
    requireGranted(gate, data, { projectId, principal: principal.id, action: "keys.manage", target, label, runId: call.id })
    const done = await work({ projectId, principal })
    return { value: done.answer, label, data: done.data }
  })
}

function callerOf(context: At): Caller {
  const principal = context.get("principal")
  return { projectId: principal.projectId, principal }
}

function idOf(context: At): string {
  return context.req.param("id") ?? ""
}
