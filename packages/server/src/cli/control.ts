// The control channel of a running server: a loopback listener for commands on the same machine that may read `server.json`.
import { randomBytes, timingSafeEqual } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import {
  apiKeyCreateRequestSchema,
  apiKeyListQuerySchema,
  apiKeyRotateRequestSchema,
  apiKeyUpdateRequestSchema,
  usageQuerySchema,
  type ApiKey,
  type Deployments,
  type ErrorCode,
  type Usage,
  type UsageQuery,
} from "@perdure/contract"
import { z } from "zod"
import { AppError, messageOf, sleep } from "../core/index.ts"
import type { KeyAdmin } from "../security/index.ts"
import type { RunningPerdure } from "./composition.ts"
import type { ServerFile } from "./server-file.ts"

/** The embedded database has one opener, so `perdure keys` asks the process that has it open. */
export interface Control extends AsyncDisposable {
  readonly controlUrl: string
  readonly controlToken: string
}

const bodyBytesMax = 64 * 1024
const requestTimeoutMs = 10_000
/** Longest time for which one command may keep everybody else from the database. */
const holdMsMax = 30 * 60_000
const aliveMs = 5_000

const requestSchema = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("keys.create"), key: apiKeyCreateRequestSchema }),
  z.strictObject({ do: z.literal("keys.list"), filter: apiKeyListQuerySchema }),
  z.strictObject({ do: z.literal("keys.get"), id: z.string() }),
  z.strictObject({ do: z.literal("keys.update"), id: z.string(), patch: apiKeyUpdateRequestSchema }),
  z.strictObject({ do: z.literal("keys.rotate"), id: z.string(), request: apiKeyRotateRequestSchema }),
  z.strictObject({ do: z.literal("keys.revoke"), id: z.string() }),
  z.strictObject({ do: z.literal("dashboard.link") }),
  z.strictObject({ do: z.literal("deployments.list") }),
  z.strictObject({ do: z.literal("usage.sum"), query: usageQuerySchema }),
  z.strictObject({ do: z.literal("database.hold") }),
])

/** What commands reach of the running server. */
type Controlled = Pick<RunningPerdure, "identity" | "projectId" | "loginUrl" | "deployments" | "usage" | "holdDatabase">

type ControlRequest = z.infer<typeof requestSchema>

export async function openControl(perdure: Controlled): Promise<Control> {
  const token = randomBytes(32).toString("base64url")
  const server = createServer((request, response) => void answer(request, response, token, perdure))
  server.requestTimeout = requestTimeoutMs
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    controlUrl: `http://127.0.0.1:${port}`,
    controlToken: token,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Keys by way of the running server. */
export function remoteKeys(server: ServerFile): KeyAdmin {
  // What perform() gives for a request is what the same method gives here.
  const ask = async <T>(request: ControlRequest): Promise<T> => (await askServer(server, request)) as T
  return {
    createKey: (_projectId, name, settings = {}) => ask({ do: "keys.create", key: { name, ...settings } }),
    listKeys: (_projectId, filter = {}) => ask({ do: "keys.list", filter }),
    getKey: async (_projectId, id) => (await ask<ApiKey | null>({ do: "keys.get", id })) ?? undefined,
    updateKey: (_projectId, id, patch) => ask({ do: "keys.update", id, patch }),
    rotateKey: (_projectId, id, request = {}) => ask({ do: "keys.rotate", id, request }),
    revokeKey: (_projectId, id) => ask({ do: "keys.revoke", id }),
  }
}

/** A dashboard address with a new one-time token. */
export async function remoteDashboardLink(server: ServerFile): Promise<string> {
  return String(await askServer(server, { do: "dashboard.link" }))
}

/** Models and deployments as the running server has them. */
export async function remoteDeployments(server: ServerFile): Promise<Deployments> {
  return (await askServer(server, { do: "deployments.list" })) as Deployments // what perform() gives
}

/** What was spent, as the running server has it. */
export async function remoteUsage(server: ServerFile, query: UsageQuery): Promise<Usage> {
  return (await askServer(server, { do: "usage.sum", query })) as Usage // what perform() gives
}

/** The directory of the running server's database while it rests; rejects where the server let go of it before `work` was done. */
export async function remoteHold<T>(server: ServerFile, work: (directory: string) => Promise<T>): Promise<T> {
  const over = new AbortController()
  const response = await fetch(server.controlUrl, {
    method: "POST",
    headers: { authorization: `Bearer ${server.controlToken}`, "content-type": "application/json" },
    body: JSON.stringify({ do: "database.hold" } satisfies ControlRequest),
    signal: over.signal,
  }).catch((cause: unknown) => {
    throw notAnswering(server, cause)
  })
  if (!response.ok || !response.body) throw failureOf((await response.json()) as { error?: ControlError }, response.status)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const first = (await reader.read()).value ?? ""
  const { directory } = z.object({ directory: z.string() }).parse(JSON.parse(first))
  let isHeld = true
  const watching = (async () => {
    while (!(await reader.read()).done);
  })()
    .catch(() => undefined)
    .finally(() => (isHeld = false))
  try {
    const result = await work(directory)
    if (!isHeld)
      throw new AppError("conflict", "The server went on before its database was copied", {
        hint: "Make the backup again, or stop the server for it.",
      })
    return result
  } finally {
    over.abort()
    await watching
  }
}

async function askServer(server: ServerFile, request: ControlRequest): Promise<unknown> {
  const response = await fetch(server.controlUrl, {
    method: "POST",
    headers: { authorization: `Bearer ${server.controlToken}`, "content-type": "application/json" },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(requestTimeoutMs),
  }).catch((cause: unknown) => {
    throw notAnswering(server, cause)
  })
  const { result, error } = (await response.json()) as { result?: unknown; error?: ControlError } // what answer() sends
  if (response.ok) return result
  throw failureOf({ ...(error && { error }) }, response.status)
}

function notAnswering({ pid }: ServerFile, cause: unknown): AppError {
  const hint = "perdure doctor"
  return new AppError("server_error", `the server with process id ${pid} does not answer: ${messageOf(cause)}`, { hint, cause })
}

function failureOf({ error }: { error?: ControlError }, status: number): AppError {
  const { code = "server_error", message = `the running server answered ${status}`, hint = "perdure doctor" } = error ?? {}
  return new AppError(code, message, { hint })
}

interface ControlError {
  code?: ErrorCode
  message: string
  hint?: string | undefined
}

async function answer(request: IncomingMessage, response: ServerResponse, token: string, perdure: Controlled): Promise<void> {
  const send = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(body))
  }
  try {
    if (!isAuthorised(request.headers.authorization, token)) return send(401, { error: { message: "the control token is wrong" } })
    const parsed = requestSchema.safeParse(JSON.parse(await bodyOf(request)))
    if (!parsed.success)
      return send(400, { error: { message: "the control request has the wrong form: is the command of another version than the server?" } })
    if (parsed.data.do === "database.hold") return await hold(response, perdure)
    send(200, { result: await perform(parsed.data, perdure) })
  } catch (error) {
    const known = error instanceof AppError ? { code: error.code, hint: error.hint } : {}
    send(error instanceof AppError ? error.status : 500, { error: { message: messageOf(error), ...known } })
  }
}

/** Holds the database for as long as the other side keeps the connection; a sign of life shows when it is gone. */
async function hold(response: ServerResponse, { holdDatabase }: Controlled): Promise<void> {
  if (!holdDatabase) throw new AppError("invalid_request", "The database is a Postgres server: it is not held", { hint: "pg_dump" })
  await holdDatabase(async (directory) => {
    response.writeHead(200, { "content-type": "application/json", connection: "close" }).write(`${JSON.stringify({ directory })}\n`)
    const alive = setInterval(() => response.write("\n"), aliveMs)
    const over = new AbortController()
    await Promise.race([once(response, "close"), sleep(holdMsMax, over.signal).catch(() => undefined)])
    over.abort()
    clearInterval(alive)
    response.destroy()
  })
}

async function perform(
  request: Exclude<ControlRequest, { do: "database.hold" }>,
  { identity, projectId, loginUrl, deployments, usage }: Controlled,
): Promise<unknown> {
  switch (request.do) {
    case "dashboard.link":
      return loginUrl()
    case "deployments.list":
      return deployments()
    case "usage.sum":
      return usage(request.query)
    case "keys.create": {
      const { name, ...settings } = request.key
      return identity.createKey(projectId, name, settings)
    }
    case "keys.list":
      return identity.listKeys(projectId, request.filter)
    case "keys.get":
      return (await identity.getKey(projectId, request.id)) ?? null
    case "keys.update":
      return identity.updateKey(projectId, request.id, request.patch)
    case "keys.rotate":
      return identity.rotateKey(projectId, request.id, request.request)
    default:
      return identity.revokeKey(projectId, request.id)
  }
}

function isAuthorised(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "")
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyBytesMax) throw new Error(`the control request is larger than ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}
