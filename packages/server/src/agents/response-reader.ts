// Reads a response back from its run log: the exact wire events from any number on, or the response as it stands.
import { AppError, type JsonObject } from "../core/index.ts"
import type { Run, RunEvent, Runs } from "../runs/index.ts"
import { outcomeOf, requestOf } from "./chain.ts"
import { errorData, errorEvent, failedEnd } from "./response-error.ts"
import { ResponseLog } from "./response-log.ts"
import { beginning, responseObject } from "./response-object.ts"
import { endingEvents } from "./response-writer.ts"
import { baseOf, wireRow } from "./session.ts"
import type { ResponseEnd, WireEvent } from "./types.ts"

export type ReadRuns = Pick<Runs, "get" | "events" | "tail">

/** A wire event with the row that it came from; rows keep more of an error than its event shows. */
export interface ReadEvent {
  readonly event: WireEvent
  readonly row: JsonObject | undefined
}

export type WatchLog = (event: Pick<RunEvent, "type" | "data">) => void

/**
 * Events after number `after` (-1: all), until the response has ended. The log is always read from its beginning, because
 * the rows build on each other; an end that the log does not hold (cancelled, lost) follows from the run. `watch`
 * sees every event of the log before what comes of it, and also those of which nothing comes.
 */
export async function* readResponse(
  runs: ReadRuns,
  run: Run,
  after: number,
  signal: AbortSignal,
  watch: WatchLog = () => undefined,
): AsyncGenerator<ReadEvent> {
  const log = new ResponseLog(baseOf(run.id, run.createdAt, requestOf(run)))
  let last: readonly ReadEvent[] = []
  for await (const event of runs.tail(run.projectId, run.id, 0, signal)) {
    watch(event)
    if (parking.has(event.type)) {
      const now = await runs.get(run.projectId, run.id)
      if (now && parked(now)) {
        yield { event: parkedEvent(log, now), row: parkedError(now) }
        return
      }
    }
    const row = wireRow(event)
    if (!row) continue
    const events = log.apply(row).map((each) => ({ event: each, row: row.data }))
    // The last event waits for the end of the run, so that whoever has it can continue the response at once.
    if (log.ended) last = events
    else yield* events.filter((each) => each.event.sequence_number > after)
  }
  if (signal.aborted) return
  yield* last.filter((each) => each.event.sequence_number > after)
  if (log.ended) return
  const ended = await runs.get(run.projectId, run.id)
  if (!ended) return
  for (const event of ending(log, ended)) if (event.sequence_number > after) yield { event, row: undefined }
}

/** Events behind which a run rests until an operator acts: nobody who waits would learn of it. */
const parking: ReadonlySet<string> = new Set(["run.poisoned", "run.needs_migration"])

function parked(run: Run): boolean {
  return run.status === "poisoned" || run.status === "needs_migration"
}

function parkedError({ id, status }: Run): JsonObject {
  const error = new AppError("server_error", `The run ${id} is parked (${status}) until an operator resumes it`, {
    hint: "Its log says why; after it was resumed, read the response again.",
  })
  return errorData(error)
}

/** Not part of the log: a run that is resumed goes on under the same number, for readers that come back. */
function parkedEvent(log: ResponseLog, run: Run): WireEvent {
  return { type: "error", ...errorEvent(parkedError(run)), sequence_number: log.sequence }
}

const eventsPerPage = 1_000

/** The response object as it stands now. */
export async function readSnapshot(runs: ReadRuns, run: Run): Promise<JsonObject> {
  const base = baseOf(run.id, run.createdAt, requestOf(run))
  const outcome = outcomeOf(run)
  if (outcome) return responseObject(base, outcome.output, endOf(outcome))
  const log = new ResponseLog(base)
  let last: RunEvent | undefined
  do {
    const page = await runs.events(run.projectId, run.id, last?.seq ?? 0, eventsPerPage)
    for (const row of page.flatMap((event) => wireRow(event) ?? [])) log.apply(row)
    last = page.length === eventsPerPage ? page.at(-1) : undefined
  } while (last)
  if (run.finishedAt !== null && !log.ended) ending(log, run)
  if (!parked(run) || log.ended) return log.snapshot()
  const error = { code: "server_error", message: parkedError(run)["message"] as string }
  return { ...log.snapshot(), status: "failed", error }
}

/** Only what stands in the response: the run's output holds more. */
function endOf({ status, error, incomplete_details, usage, completed_at, service_tier: tier }: ResponseEnd): ResponseEnd {
  return { status, error, incomplete_details, usage, completed_at, ...(tier === undefined ? {} : { service_tier: tier }) }
}

/** The end of a response whose run ended without writing one. A cancelled response has no event of its own on the wire: it is incomplete, and its status says the rest. */
function ending(log: ResponseLog, run: Run): WireEvent[] {
  if (run.status === "cancelled") return endingEvents(log, "incomplete", { ...beginning("in_progress"), status: "cancelled" })
  const error = run.error ?? { code: "server_error", message: "The run ended without a word" }
  return endingEvents(log, "failed", failedEnd(error, null))
}
