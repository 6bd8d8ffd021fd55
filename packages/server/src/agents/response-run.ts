// The turn loop: the body of runs of kind `response`, from a stored request to its output, over any number of attempts.
import { addUsage, UpstreamError } from "../inference/index.ts"
import { AppError, type JsonObject, type JsonValue } from "../core/index.ts"
import { StepError, type RunContext, type RunDefinition } from "../runs/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import { loadContext, ownInput } from "./chain.ts"
import { compactAll, compactBeforeTurn } from "./compact-turn.ts"
import { editBeforeTurn } from "./edit-turn.ts"
import { assertPaired, questionOf } from "./messages.ts"
import { giveContext } from "./recalled-context.ts"
import { rememberTurns } from "./remember-turns.ts"
import type { ResponseLog } from "./response-log.ts"
import { beginning } from "./response-object.ts"
import { runServerCalls, searchUpFront } from "./server-calls.ts"
import { openSession, wireUsage, type ResponseRunDependencies, type Session } from "./session.ts"
import { flatToolsOf, offeredTools } from "./tool-choice.ts"
import { callError, errorData, errorOfData, failedEnd } from "./response-error.ts"
import type { TurnOutcome } from "./live-turn.ts"
import { fitBeforeTurn } from "./truncate-turn.ts"
import { rememberTurn, runTurn } from "./turn.ts"
import { messagesOfWindow } from "./window.ts"
import type { LabelledItem, ResponseEnd, ResponseOutcome, ResponseRequest } from "./types.ts"

/**
 * State is data: the log of the run. An attempt restores the response from `context.history`, takes finished turns and
 * tool calls from the journal, and goes on.
 *
 *   created ─▶ in_progress ─▶ (search up front) ─▶ turn ─┬─ calls for us ─▶ tools ─▶ turn …
 *                                                        ├─ calls for the client, or an answer ─▶ completed
 *                                                        ├─ cut by length or filter ────────────▶ incomplete
 *                                                        └─ any error ──▶ error event ──────────▶ failed
 *   cancelled: nothing is written here; readers derive the end from the log and the run.
 */
export function responseRun(dependencies: ResponseRunDependencies): RunDefinition {
  return {
    kind: "response",
    name: "response",
    version: "1",
    style: "data",
    execute: async (context, input) => executeResponse(dependencies, context, input as ResponseRequest), // started by the service with one
    hasEnded: (history) => history.some(({ type }) => endingTypes.has(type)),
  }
}

/** After them only the end of the run is left to write. */
const endingTypes: ReadonlySet<string> = new Set(["response.completed", "response.incomplete", "response.failed", "error"])

async function executeResponse(dependencies: ResponseRunDependencies, context: RunContext, request: ResponseRequest): Promise<JsonValue> {
  const session = openSession(dependencies, context, request)
  if (session.writer.log.ended) return endedBefore(session)
  const broken = context.history.find((event) => event.type === "error")
  if (broken) throw failAgain(session, broken.data as JsonObject) // written by `fail`
  try {
    const items = await loadContext(dependencies, { projectId: context.run.projectId, principal: context.run.principal, request })
    await readContext(session, items)
    const question = questionOf(items.map(({ item }) => item))
    const compactsOnly = request.input.at(-1)?.type === "compaction_trigger"
    const recalled = compactsOnly ? [] : await giveContext(session, question)
    const reason = compactsOnly ? await compactedAll(session) : await turns(session, question)
    return await finish(session, items, { reason, recalled })
  } catch (error) {
    if (context.signal.aborted || isEnding(error)) throw error
    throw fail(session, error)
  }
}

async function readContext(session: Session, items: readonly LabelledItem[]): Promise<void> {
  const { request, dependencies } = session
  const plain = items.map(({ item }) => item)
  assertPaired(plain)
  session.label = joinLabels([session.label, ...items.map(({ label }) => label)])
  const { tools, speaksResponses } = dependencies
  session.tools = offeredTools(request, tools, speaksResponses(request.model) ? undefined : flatToolsOf(request, plain, tools))
  session.window = items
  session.messages = await messagesOfWindow(session)
  session.turnsFrom = session.messages.length
}

/** An attempt died between the last event of the response and the end of its run: only that is left to do. */
function endedBefore({ context, writer }: Session): JsonValue {
  const { status, error, incomplete_details } = writer.log.standing
  const last = context.history.findLast((event) => event.type === `response.${status}`)
  if (status === "failed") throw new StepError({ code: error?.code ?? "server_error", message: error?.message ?? "the response failed" })
  return conclude(writer.log, last?.label ?? context.run.label, incomplete_details?.reason ?? null)
}

type Reason = TurnOutcome["reason"]

async function compactedAll(session: Session): Promise<Reason> {
  await compactAll(session)
  return "stop"
}

async function turns(session: Session, question: string): Promise<Reason> {
  const { dependencies, request } = session
  if (dependencies.quotesPassages(request.model)) {
    const found = await searchUpFront(session, question)
    if (found && found.status !== "done") throw new AppError(found.code === "policy_denied" ? "policy_denied" : "server_error", found.text)
  }
  for (let turn = 1; ; turn++) {
    await compactBeforeTurn(session, turn)
    await fitBeforeTurn(session, turn)
    editBeforeTurn(session, turn)
    const outcome = await runTurn(session, { turn, last: turn >= dependencies.turnsMax })
    session.usage = addUsage(session.usage, outcome.usage)
    session.serviceTier = outcome.serviceTier
    if (outcome.reason === "length" || outcome.reason === "content_filter") return outcome.reason
    assertChoiceMet(session, turn, outcome)
    rememberTurn(session, outcome)
    await runServerCalls(session, turn, outcome.calls)
    const forClient = outcome.calls.some((call) => call.route.kind === "client")
    if (forClient || outcome.calls.length === 0 || turn >= dependencies.turnsMax) return outcome.reason
    if (request.max_output_tokens !== null && session.usage.outputTokens >= request.max_output_tokens) return "length"
  }
}

/** `required`, or a named tool, is a promise to the client that the model cannot break silently. */
function assertChoiceMet(session: Session, turn: number, outcome: TurnOutcome): void {
  const { choice, fileSearch, passed } = session.tools
  // Whoever has tools of its own sees to it.
  if (passed) return
  const forced = choice === "required" || typeof choice === "object"
  const searched = fileSearch !== undefined && session.serverCalls > 0
  if (!forced || turn > 1 || searched || outcome.calls.some((call) => call.route.kind !== "refused")) return
  throw new AppError("upstream_error", "The model did not call a tool, which tool_choice requires", {
    hint: 'Try another model, or tool_choice: "auto".',
  })
}

interface Finished {
  reason: Reason
  /** Ids of the memories that were put before the model. */
  recalled: readonly string[]
}

async function finish(session: Session, items: readonly LabelledItem[], { reason, recalled }: Finished): Promise<JsonValue> {
  const cut = reason === "length" ? ("max_output_tokens" as const) : reason === "content_filter" ? reason : null
  const end: ResponseEnd = {
    ...beginning("in_progress"),
    status: cut === null ? "completed" : "incomplete",
    incomplete_details: cut === null ? null : { reason: cut },
    usage: wireUsage(addUsage(session.usage, session.contextUsage)),
    completed_at: cut === null ? Math.floor(session.dependencies.clock.now() / 1000) : null,
    ...(session.serviceTier === undefined ? {} : { service_tier: session.serviceTier }),
  }
  await keepInConversation(session)
  await rememberTurns(session, items, recalled)
  session.writer.lifecycle(cut === null ? "completed" : "incomplete", end)
  return conclude(session.writer.log, session.label, cut)
}

/** The run's output; a cut response ends its run as incomplete, which is thrown. */
function conclude(log: ResponseLog, label: Label, cut: string | null): JsonValue {
  const outcome: ResponseOutcome = { ...log.standing, output: log.items, label }
  const output = { ...outcome, label: { ...label } } as unknown as JsonObject // members are plain JSON
  if (cut !== null) throw Object.assign(new Error(cut), { status: "incomplete", output, reason: cut })
  return output
}

async function keepInConversation({ context, dependencies, request, writer, label }: Session): Promise<void> {
  const { conversation } = request
  if (conversation === null || !dependencies.conversations) return
  const { conversations } = dependencies
  const { projectId, principal } = context.run
  const own = await ownInput(dependencies, { projectId, principal, request })
  const made = writer.log.items.filter((item) => item["status"] !== "incomplete").map((item) => ({ item, label }))
  const work = async (): Promise<null> => {
    await conversations.append(context.run.projectId, conversation, context.run.id, [...own, ...made])
    return null
  }
  await context.step("conversation", work, { effect: "idempotent" })
}

function isEnding(error: unknown): boolean {
  return error instanceof Error && "output" in error && "status" in error
}

/** An attempt died between the error event and the failed end. */
function failAgain({ writer }: Session, data: JsonObject): AppError {
  const error = errorOfData(data)
  writer.lifecycle("failed", failedEnd(error, null))
  return error
}

/** With the run, where its operator finds more than clients are told. */
function seenIn(runId: string, error: AppError): AppError {
  return error instanceof UpstreamError ? error.tellingOf(runId) : error
}

/** Writes the error and the failed end into the log; what is thrown then ends the run. */
function fail({ context, writer, usage: ofTurns, contextUsage }: Session, thrown: unknown): AppError {
  const usage = addUsage(ofTurns, contextUsage)
  const error = seenIn(context.run.id, callError(thrown))
  writer.closeAll("incomplete")
  writer.error(errorData(error))
  writer.lifecycle("failed", failedEnd(error, usage.outputTokens > 0 ? wireUsage(usage) : null))
  return error
}
