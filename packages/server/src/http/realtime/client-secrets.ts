// `POST /v1/realtime/client_secrets`: a short-lived secret with which a browser opens sessions of one model, and never sees a key.
import { Hono, type Context } from "hono"
import { z } from "zod"
import { AppError, type Clock, type JsonObject, type JsonValue, type Limits, type NewId } from "../../core/index.ts"
import type { Models } from "../../inference/index.ts"
import { requireModel, type Identity } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody } from "../request-body.ts"

export interface RealtimeRoutesOptions {
  readonly identity: Pick<Identity, "createClientSecret">
  readonly models: Pick<Models, "require">
  readonly limits: Pick<Limits, "clientSecretSessionBytesMax">
  readonly clock: Clock
  readonly newId: NewId
}

const lifeSecondsDefault = 600
const json = z.custom<JsonValue>(() => true) // the body came from JSON
const session = z.looseObject({ type: z.enum(["realtime", "transcription"]).default("realtime"), model: z.string().min(1) }).catchall(json)
const bodySchema = z.looseObject({
  expires_after: z.looseObject({ anchor: z.literal("created_at").optional(), seconds: z.int().min(10).max(7_200).optional() }).nullish(),
  session,
})

export function realtimeRoutes(options: RealtimeRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/realtime/client_secrets", (context) => createSecret(options, context))
  routes.post("/v1/realtime/calls", () => {
    throw new AppError("feature_unavailable", "calls over WebRTC and SIP do not come through this server: their sound would pass it by", {
      hint: "Open a WebSocket at /v1/realtime?model=…; browsers use a secret of /v1/realtime/client_secrets.",
    })
  })
  return routes
}

async function createSecret(options: RealtimeRoutesOptions, context: Context<HttpEnv>): Promise<Response> {
  const { identity, models, clock, newId } = options
  const body = await readBody(context, bodySchema)
  const principal = context.get("principal")
  if (principal.kind !== "key") {
    throw new AppError("permission_denied", "client secrets are made with an API key, and this request came with a dashboard session", {
      hint: "Send `Authorization: Bearer <key>`.",
    })
  }
  const asked: JsonObject = body.session
  const { model } = body.session
  requireModel(principal, model)
  models.require(model, "realtime", principal.scope?.allowsModel)
  const expiresAt = clock.now() + (body.expires_after?.seconds ?? lifeSecondsDefault) * 1000
  const value = identity.createClientSecret(principal, { model, expiresAt, session: settingsOf(options, asked) })
  const shown = { ...asked, object: `realtime.${body.session.type === "realtime" ? "" : "transcription_"}session`, id: newId("sess") }
  return context.json({ value, expires_at: Math.floor(expiresAt / 1000), session: shown })
}

/** Null where there is nothing to set but the model. */
function settingsOf({ limits }: RealtimeRoutesOptions, asked: JsonObject): JsonObject | null {
  if (Object.keys(asked).every((name) => name === "model" || (name === "type" && asked[name] === "realtime"))) return null
  const bytes = Buffer.byteLength(JSON.stringify(asked))
  if (bytes <= limits.clientSecretSessionBytesMax) return asked
  throw new AppError(
    "invalid_request",
    `the session's settings have ${bytes} bytes, more than ${limits.clientSecretSessionBytesMax}: they travel inside the secret`,
    {
      param: "session",
      hint: 'Send long instructions by session.update once the session is open, or raise the limit "clientSecretSessionBytesMax".',
    },
  )
}
