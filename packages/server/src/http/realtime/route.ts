// `GET /v1/realtime?model=…` as a WebSocket: which model, who may use it, and where it is served.
import type { Admission, LightRunRecord, Prices, Records } from "../../accounting/index.ts"
import { AppError, type Clock, type JsonObject, type Limits, type NewId, type Said } from "../../core/index.ts"
import { connectRealtime, type Deployment, type Model, type Models, type Plan, type Pool, type Upstreams } from "../../inference/index.ts"
import { requireModel, residencyOf, type ClientSecretGrant, type Guards, type Identity, type Principal } from "../../security/index.ts"
import type { ShellLogger } from "../api.ts"
import { highestPrice } from "../light/admit.ts"
import { routingOf } from "../light/own-fields.ts"
import { saidOf } from "../said.ts"
import type { UpgradeCall, UpgradeRoute } from "../sockets/index.ts"
import { GuardedSession } from "./guarded.ts"
import { RealtimeMeter, type Admit } from "./meter.ts"
import { RealtimeSession } from "./session.ts"

export interface RealtimeOptions {
  readonly identity: Pick<Identity, "clientSecretOf">
  readonly models: Pick<Models, "require">
  readonly pool: Pick<Pool, "plan">
  readonly upstreams: Upstreams
  readonly admission: Pick<Admission, "reserve">
  readonly records: Pick<Records, "add">
  readonly prices: Pick<Prices, "priceOf">
  readonly limits: Limits
  readonly clock: Clock
  readonly newId: NewId
  readonly logger: ShellLogger
  readonly guards?: Guards | undefined
}

export const realtimePath = "/v1/realtime"

export function realtimeRoute(options: RealtimeOptions): UpgradeRoute {
  return { messageBytesMax: options.limits.realtimeMessageBytesMax, open: (call) => openSession(options, call) }
}

function openSession(options: RealtimeOptions, call: UpgradeCall): RealtimeSession {
  const { limits, clock, newId, prices, records, upstreams } = options
  const secret = options.identity.clientSecretOf(call.credentials)
  const model = call.query.get("model") ?? secret?.model ?? ""
  const transcribes = call.query.get("intent") === "transcription" || secret?.session?.["type"] === "transcription"
  const runId = `run_${call.requestId.slice(call.requestId.indexOf("_") + 1)}`
  const said = saidOf(call.request.headers, { perdure: undefined, metadata: undefined, user: null }, limits)
  let guarded: GuardedSession | undefined
  const meter: RealtimeMeter = new RealtimeMeter({
    runId,
    guards: () => guarded?.reports ?? [],
    principal: call.principal,
    model,
    startedAt: clock.now(),
    admit: admitter(options, call, model, () => meter.deployment),
    record: (record: LightRunRecord) => void records.add(record),
    priceOf: (deployment) => prices.priceOf(deployment),
    clock,
    newId,
    said,
  })
  return new RealtimeSession({
    ...options,
    call,
    meter,
    plan: () => planOf(options, call, model),
    connect: (deployment, signal) => {
      const target = upstreams.target(deployment)
      const headers = passedHeaders(call)
      return connectRealtime({ deployment, target, headers, transcribes, messageBytesMax: limits.realtimeMessageBytesMax, limits }, signal)
    },
    opening: openingOf(secret),
    guards: () => (guarded = guardsOf(options, call, { runId, model, said })),
  })
}

/** One for the whole session: what was taken out of a question is put back into the answer to it. */
function guardsOf(
  options: RealtimeOptions,
  call: UpgradeCall,
  about: { runId: string; model: string; said: Said | undefined },
): GuardedSession | undefined {
  const { principal, socket } = call
  const { projectId, user, tags } = principal
  const { runId, said } = about
  const context = { endpoint: "realtime", runId, projectId, principal: principal.id, user, tags, said, signal: socket.signal }
  const session = options.guards?.open({ ...context, model: modelOf(options, principal, about.model).name })
  return session && new GuardedSession({ session, limits: options.limits })
}

function planOf({ models, pool }: RealtimeOptions, call: UpgradeCall, name: string): Plan {
  if (call.query.has("call_id")) {
    throw new AppError(
      "unsupported_value",
      "sessions cannot be attached to calls: calls over WebRTC and SIP do not come through this server",
      {
        param: "call_id",
        hint: "Open a session of its own with ?model=….",
      },
    )
  }
  if (name === "")
    throw new AppError("missing_required_parameter", '"model" is missing', {
      param: "model",
      hint: "Connect to /v1/realtime?model=<name>.",
    })
  requireModel(call.principal, name)
  const residency = residencyOf(call.principal)
  const routing = routingOf(undefined, call.request.headers)
  const request = {
    ...routing,
    needs: "realtime",
    caller: call.principal,
    usable: speaksRealtime,
    ...(residency ? { residency } : {}),
  } as const
  return pool.plan(modelOf({ models }, call.principal, name), request)
}

/** What an error names besides is only what the key may use. */
function modelOf({ models }: Pick<RealtimeOptions, "models">, { scope }: Principal, name: string): Model {
  return models.require(name, "realtime", scope?.allowsModel)
}

/** The protocol is OpenAI's, which Azure speaks too. */
function speaksRealtime({ dialect }: Deployment): boolean {
  return dialect === "openai-chat" || dialect === "openai-responses"
}

function admitter(options: RealtimeOptions, call: UpgradeCall, name: string, deployment: () => Deployment | undefined): Admit {
  return (inputTokensEstimated) => {
    const principal = call.current()
    const served = deployment()
    return options.admission.reserve({
      projectId: principal.projectId,
      principalId: principal.id,
      keyLimits: principal.limits,
      user: principal.user,
      model: name,
      tags: principal.tags,
      inputTokensEstimated,
      outputTokensMax: null,
      price: served ? options.prices.priceOf(served) : highestPrice(options, modelOf(options, principal, name)),
    })
  }
}

/** Beta sessions are asked for by header, or from browsers by subprotocol. */
function passedHeaders({ request }: UpgradeCall): Record<string, string> {
  const { "openai-beta": beta, "openai-safety-identifier": user, "sec-websocket-protocol": offered = "" } = request.headers
  const asked = typeof beta === "string" ? beta : offered.includes("openai-beta.realtime-v1") ? "realtime=v1" : undefined
  return {
    ...(asked === undefined ? {} : { "openai-beta": asked }),
    ...(typeof user === "string" ? { "openai-safety-identifier": user } : {}),
  }
}

function openingOf(secret: ClientSecretGrant | undefined): string | undefined {
  if (!secret?.session) return undefined
  const { model: _bound, ...session }: JsonObject = secret.session
  return JSON.stringify({ type: "session.update", session })
}
