// The Hono application behind the hot path: request ids, authentication, body limits and error shapes around the given routes.
import { Hono, type Context, type MiddlewareHandler } from "hono"
import { HTTPException } from "hono/http-exception"
import { AppError, type Limits, type NewId } from "../core/index.ts"
import { fileTooLarge } from "../context/index.ts"
import type { Identity } from "../security/index.ts"
import { isStoreError, type StoreError } from "../store/index.ts"
import { sparing } from "../telemetry/index.ts"
import { anthropicShape } from "./anthropic/errors.ts"
import { callerOf, mayStillCall } from "./callers.ts"
import { unpackerOf, type Unpack } from "./content-encoding.ts"
import type { HttpEnv } from "./env.ts"
import { isLiteLlmPath, liteLlmMounts, liteLlmShape, standInOf } from "./litellm/index.ts"
import type { WireShape } from "./light/wire-shape.ts"
import { openAiShape } from "./openai/errors.ts"
import { createRouteTable } from "./route-table.ts"
import { answeredTraceparent } from "./trace-context.ts"

export interface ShellLogger {
  error(fields: object, message: string): void
}

export interface ApiOptions {
  identity: Identity
  /** Mounted at the root, in order; each route carries its whole path (`/v1/files`). */
  routes: readonly Hono<HttpEnv>[]
  limits: Pick<Limits, "requestBodyBytesMax" | "fileBytesMax" | "batchFileBytesMax">
  newId: NewId
  logger: ShellLogger
  /** Routes that are served before this application, as `METHOD /path`: for "did you mean" and 405. */
  hotRoutes?: readonly string[]
}

const sayAgainMs = 60_000
/** Room for the other parts of a multipart upload. */
const uploadOverheadBytes = 64 * 1024
/** Its handler takes the body as it comes and counts it. */
const uploadPath = /^\/v1\/files\/?$/
const messageBatchesPath = /^\/v1\/messages\/batches\/?$/

export function createApi({ identity, routes, limits, newId, logger, hotRoutes = [] }: ApiOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  // Every request may meet a database that is away.
  const sayAway = sparing(({ what: route, error, times }) => logger.error({ route, error, times }, "the database failed"), sayAgainMs)
  app.onError((error, context) => {
    const told = thrown(error)
    const isOurs = !(told instanceof AppError) || told.code !== "invalid_request"
    // What the database said is for the log.
    if (isStoreError(error) && isOurs) {
      if (error.isAway) sayAway(context.req.path, error)
      else logger.error({ requestId: context.get("requestId"), route: context.req.path, error }, "the database failed")
    }
    return answerError(context, told, logger)
  })
  app.use(identified(newId))
  // Bodies only behind the key: whoever has none cannot make the server keep one.
  for (const path of ["/v1/*", "/mcp", ...liteLlmMounts]) app.use(path, authenticated(identity), bodyLimited(limits))
  for (const route of routes) app.route("/", route)
  const table = createRouteTable([
    ...hotRoutes,
    ...app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`),
  ])
  app.notFound((context) => answerError(context, table.explain(context.req.method, context.req.path), logger))
  return app
}

function identified(newId: NewId): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const requestId = newId("req")
    context.set("requestId", requestId)
    context.header("x-request-id", requestId)
    const traceparent = answeredTraceparent(context.req.header("traceparent"), requestId)
    if (traceparent !== undefined) context.header("traceparent", traceparent)
    await next()
  }
}

function authenticated(identity: Identity): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const headers = context.req.header()
    const secret = headers["authorization"]?.slice("Bearer ".length) ?? headers["x-api-key"]
    const { method, path } = standInOf({ ...asked(context), secret })
    context.set("principal", callerOf(identity, headers, method, path))
    context.set("isStillAllowed", () => mayStillCall(identity, headers, method, path))
    await next()
  }
}

function asked({ req }: Context<HttpEnv>): Pick<Parameters<typeof standInOf>[0], "method" | "path" | "query"> {
  return { method: req.method, path: req.path, query: (name) => req.query(name) }
}

function bodyLimited(limits: ApiOptions["limits"]): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const { path } = context.req
    const isUpload = uploadPath.test(path)
    const { limitBytes, error } = bodyLimitOf(path, limits)
    if (Number(context.req.header("content-length") ?? 0) > limitBytes) throw error()
    // Without a length the body has to be counted while it is read; a request without either header has none.
    const mayHaveBody = !["GET", "HEAD"].includes(context.req.method)
    const unpack = mayHaveBody ? unpackerOf(context.req.header("content-encoding")) : undefined
    if (unpack && isUpload) throw compressedUpload()
    if (unpack || (mayHaveBody && !isUpload && context.req.header("transfer-encoding") !== undefined))
      context.req.raw = await counted(context.req.raw, { limitBytes, error, unpack })
    await next()
  }
}

function bodyLimitOf(path: string, limits: ApiOptions["limits"]): BodyLimit {
  const { requestBodyBytesMax, fileBytesMax, batchFileBytesMax } = limits
  if (uploadPath.test(path)) {
    const bytesMax = Math.max(fileBytesMax, batchFileBytesMax)
    return { limitBytes: bytesMax + uploadOverheadBytes, error: () => fileTooLarge(bytesMax, "batchFileBytesMax") }
  }
  if (messageBatchesPath.test(path)) return { limitBytes: fileBytesMax, error: () => tooLarge(fileBytesMax, "fileBytesMax") }
  return { limitBytes: requestBodyBytesMax, error: () => tooLarge(requestBodyBytesMax, "requestBodyBytesMax") }
}

interface BodyLimit {
  limitBytes: number
  error: () => AppError
}

/** The request with its body read up to the limit. Made from its parts: the platform's Request does not accept the server's own as a model. */
async function counted(request: Request, { limitBytes, error, unpack }: BodyLimit & { unpack: Unpack | undefined }): Promise<Request> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of request.body ?? []) {
    sizeBytes += piece.byteLength
    if (sizeBytes > limitBytes) throw error()
    pieces.push(piece)
  }
  const { url, method, headers, signal } = request
  const body = unpack && sizeBytes > 0 ? await unpacked(unpack, pieces, { limitBytes, error }) : Buffer.concat(pieces)
  return new Request(url, { method, headers, signal, ...(sizeBytes === 0 ? {} : { body }) })
}

function unpacked(unpack: Unpack, pieces: readonly Uint8Array[], { limitBytes, error }: BodyLimit): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    unpack(pieces, { bytesMax: limitBytes, tooLarge: error }, (body) => (body instanceof AppError ? reject(body) : resolve(body)))
  })
}

function compressedUpload(): AppError {
  return new AppError("unsupported_media_type", "a file is uploaded as it is, not with a content-encoding", {
    hint: "Leave the header out; what is in the form may be a compressed file.",
  })
}

export function tooLarge(sizeBytes: number, name: string): AppError {
  return new AppError("request_too_large", `the request body is larger than ${sizeBytes} bytes`, {
    hint: `Send less, or raise the limit "${name}" in the configuration.`,
  })
}

/** What handlers threw, with the errors of libraries turned into ours. */
function thrown(error: unknown): unknown {
  if (error instanceof SyntaxError) return new AppError("invalid_json", `the request body is not valid JSON: ${error.message}`)
  // Postgres has no NUL in texts; only a request can have brought it so far.
  if (isStoreError(error) && error.sqlState === "22021") {
    return new AppError("invalid_request", "a text of the request contains the NUL character, which cannot be stored", {
      hint: "Remove it.",
    })
  }
  if (isStoreError(error)) return storeFailure(error)
  if (!(error instanceof HTTPException)) return error
  if (error.status === 413) return new AppError("request_too_large", "the request body is too large")
  return error.status < 500 ? new AppError("invalid_request", error.message || "the request is not valid") : error
}

/** A failure of the database as a client may see it: statements, tables and hosts are nobody's business. */
function storeFailure({ code, retryAfterMs }: StoreError): AppError {
  const message = storeFailures[code] ?? "the server could not do this in its database"
  const shown = code in storeFailures ? code : "server_error"
  return new AppError(shown, message, retryAfterMs === undefined ? {} : { retryAfterMs })
}

const storeFailures: Readonly<Partial<Record<StoreError["code"], string>>> = {
  database_unavailable: "the database cannot be reached now",
  database_timeout: "the database took too long for this",
  database_read_only: "the database takes no writes now",
  database_full: "the disk of the database is full: nothing can be written until there is space again",
  overloaded: "the database has too much to do now",
  conflict: "the request conflicts with another one that was made at the same time",
}

/** Below Anthropic's paths are Anthropic's clients, and below LiteLLM's are scripts that were written for it. */
function shapeOf(path: string): WireShape {
  if (isLiteLlmPath(path)) return liteLlmShape
  return path.startsWith("/v1/messages/") ? anthropicShape : openAiShape
}

function answerError(context: Context<HttpEnv>, error: unknown, logger: ShellLogger): Response {
  const requestId = context.get("requestId")
  const { status, headers, body } = shapeOf(context.req.path).errorAnswer(error, requestId)
  if (!(error instanceof AppError)) logger.error({ requestId, route: context.req.path, error }, "request failed")
  for (const [name, value] of Object.entries(headers)) context.header(name, value)
  // Statuses of the published codes all may carry a body.
  return context.json(body, status as 500)
}
