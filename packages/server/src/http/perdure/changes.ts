// The routes of the change log: a page, a page that is waited for, a stream, and the cursors of named readers.
import { changeCursorRequestSchema, changePageQuerySchema } from "@perdure/contract"
import { Hono, type Context } from "hono"
import type { ChangeLog } from "../../context/index.ts"
import { AppError, sseEvent, type Limits } from "../../core/index.ts"
import type { Gate } from "../../security/index.ts"
import type { StoredChange } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { readBody, readQuery } from "../request-body.ts"
import { openSse } from "../sse-writer.ts"
import { answer } from "./answer.ts"

export interface ChangeRoutesOptions {
  changeLog: ChangeLog
  gate: Gate
  limits: Pick<Limits, "keepAliveMs">
  onError: (what: string, error: unknown) => void
}

const rowsDefault = 100

export function changeRoutes(options: ChangeRoutesOptions): Hono<HttpEnv> {
  const { changeLog } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/changes", async (context) => {
    const { scope, after: asked, reader, limit = rowsDefault, waitMs = 0, stream } = readQuery(context, changePageQuerySchema)
    const place = await changeLog.place({ caller: memoryCaller(options.gate, context.get("principal")), scope })
    const cursor = reader === undefined ? 0 : await changeLog.cursor(place, reader)
    const after = asked ?? cursor
    const wantsStream = stream === "true" || (context.req.header("accept") ?? "").includes("text/event-stream")
    if (wantsStream) return follow(options, context, place, lastEventId(context) ?? after)
    const page = await changeLog.page(place, after, { limit, waitMs, signal: context.req.raw.signal })
    return answer({ ...page, changes: page.changes.map((change) => wireChange(scope, change)) })
  })
  routes.post("/v1/changes/cursors", async (context) => {
    const { scope, reader, seq } = await readBody(context, changeCursorRequestSchema)
    const place = await changeLog.place({ caller: memoryCaller(options.gate, context.get("principal")), scope })
    return answer({ scope, reader, seq: await changeLog.moveCursor(place, reader, seq) })
  })
  return routes
}

async function follow(
  { changeLog, limits, onError }: ChangeRoutesOptions,
  context: Context<HttpEnv>,
  place: { projectId: string; scope: string },
  after: number,
): Promise<Response> {
  // A cursor that is of no use is refused with its status, before there is a stream.
  await changeLog.page(place, after, { limit: 1 })
  const sse = openSse(context, { keepAliveMs: limits.keepAliveMs, isStillAllowed: context.get("isStillAllowed") })
  const work = async (): Promise<void> => {
    try {
      for await (const change of changeLog.follow(place, after, sse.signal))
        if (!(await sse.write(`id: ${change.seq}\n${sseEvent("change", wireChange(place.scope, change))}`))) break
    } catch (error) {
      if (!sse.signal.aborted) onError("a stream of changes", error)
    } finally {
      sse.end()
    }
  }
  void work()
  return sse.response
}

/** What a stream that is taken up again sends; it is newer than the `after` of its address. */
function lastEventId(context: Context<HttpEnv>): number | undefined {
  const header = context.req.header("last-event-id")
  if (header === undefined || header === "") return undefined
  if (/^\d{1,15}$/.test(header)) return Number(header)
  throw new AppError("invalid_request", `Last-Event-ID '${header.slice(0, 40)}' is not the number of a change.`, { param: "Last-Event-ID" })
}

function wireChange(scope: string, { seq, entry, kind, op, versionId, principal, at }: StoredChange): object {
  return { seq, scope, entry, kind, op, versionId, principal, at }
}
