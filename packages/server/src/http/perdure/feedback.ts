// The routes of feedback: a score is put to a run of the caller's project, light or durable; scores are read by run, as a list, and summed.
import {
  feedbackCreateRequestSchema,
  feedbackListQuerySchema,
  feedbackSumsQuerySchema,
  type Feedback,
  type FeedbackListQuery,
} from "@perdure/contract"
import { Hono } from "hono"
import { AppError, sleep, type Clock, type Limits, type NewId } from "../../core/index.ts"
import type { Runs } from "../../runs/index.ts"
import type { Principal } from "../../security/index.ts"
import { feedback, type Store, type StoredFeedback } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"
import type { LightRuns } from "./light-runs.ts"

export interface FeedbackRoutesOptions {
  store: Pick<Store, "project">
  runs: Pick<Runs, "get">
  lightRuns: Pick<LightRuns, "get">
  newId: NewId
  clock: Clock
  limits: Pick<Limits, "recordFlushMs" | "feedbackPerRunMax">
}

/** The record of a call that has just ended is on its way to the database. */
const looksMax = 4

export function createFeedbackRoutes(options: FeedbackRoutesOptions): Hono<HttpEnv> {
  const { store, newId, clock, limits } = options
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/feedback", async (context) => {
    const body = await readBody(context, feedbackCreateRequestSchema)
    const { projectId, id: principal, user } = context.get("principal")
    const { name, value, comment = null } = body
    refuseNul(comment, "comment")
    refuseNul(typeof value === "string" ? value : null, "value")
    const idempotencyKey = body.idempotencyKey ?? context.req.header("idempotency-key") ?? ""
    refuseNul(idempotencyKey, "idempotencyKey")
    const runId = await requireRun(options, { projectId, user }, body.runId)
    const given = { id: newId("evt"), runId, name, value, comment, principal, idempotencyKey }
    const stored = await feedback.putFeedback(store.project(projectId), projectId, given, limits.feedbackPerRunMax)
    if (!stored)
      throw new AppError("invalid_request", `the run ${runId} has ${limits.feedbackPerRunMax} scores, which is the most`, {
        hint: 'Use the same idempotencyKey to replace one, or raise the limit "feedbackPerRunMax" in the configuration.',
      })
    return answer(wireFeedback(stored), 201)
  })
  routes.get("/v1/feedback", async (context) => {
    const { runId: asked, ...filter } = readQuery(context, feedbackListQuerySchema)
    const { projectId, user } = context.get("principal")
    if (asked === undefined) return answer(await newest(options, projectId, { ...filter, user: user ?? undefined }))
    const runId = await requireRun(options, { projectId, user }, asked)
    const rows = await feedback.feedbackOfRun(store.project(projectId), projectId, runId)
    return answer({ feedback: rows.map(wireFeedback), next: null })
  })
  routes.get("/v1/feedback/sums", async (context) => {
    const { projectId, user } = context.get("principal")
    const { name, interval, until = clock.now(), since = until - sumsRangeMs } = readQuery(context, feedbackSumsQuerySchema)
    if (since >= until)
      throw new AppError("invalid_request", `"since" is not before "until"`, { param: "since", hint: "Both are epoch milliseconds." })
    const rows = await feedback.feedbackSums(store.project(projectId), projectId, { since, until, name, interval, user }, sumRowsMax)
    return answer({ since, until, rows })
  })
  return routes
}

const sumsRangeMs = 30 * 24 * 60 * 60 * 1000
const sumRowsMax = 5_000
const rowsPerPage = 50

async function newest(
  { store }: FeedbackRoutesOptions,
  projectId: string,
  { limit = rowsPerPage, ...filter }: Omit<FeedbackListQuery, "runId"> & { user: string | undefined },
): Promise<{ feedback: Feedback[]; next: string | null }> {
  const rows = await feedback.newestFeedback(store.project(projectId), projectId, filter, limit + 1)
  const page = rows.slice(0, limit)
  return { feedback: page.map(wireFeedback), next: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
}

/** What was answered for a run shares its digits. */
async function requireRun(
  { runs, lightRuns, limits }: FeedbackRoutesOptions,
  { projectId, user }: Pick<Principal, "projectId" | "user">,
  id: string,
): Promise<string> {
  const runId = `run_${id.slice(id.indexOf("_") + 1)}`
  for (let look = 1; ; look += 1) {
    const run = (await runs.get(projectId, runId)) ?? (await lightRuns.get(projectId, runId))?.run
    if (run && (user === null || run.user === user)) return runId
    if (look === looksMax) break
    await sleep(limits.recordFlushMs * 2)
  }
  throw new AppError("not_found", `there is no run ${runId} in this project`, {
    param: "runId",
    hint: "Its id is in the header x-perdure-run-id of the answer.",
  })
}

function wireFeedback(stored: StoredFeedback): Feedback {
  const { id, runId, name, value, comment, principal, experiment, createdAt, updatedAt } = stored
  const tied = experiment && { name: experiment.name, variant: experiment.variant }
  return { id, runId, name, value: value as Feedback["value"], comment, principal, experiment: tied, createdAt, updatedAt } // checked when it was stored
}

function refuseNul(text: string | null, param: string): void {
  if (text?.includes("\0")) throw new AppError("invalid_request", `"${param}" contains the NUL character`, { param, hint: "Remove it." })
}
