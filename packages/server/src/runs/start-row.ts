// What is written when a run starts: its row, and the first operation of its log with `run.started` and the first events of whoever starts it.
import { randomUUID } from "node:crypto"
import { AppError, type Clock, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import type { Lease, Operation, Unreachable } from "./operation.ts"
import { eventRow } from "./event-row.ts"
import { noUsage } from "./journal.ts"
import { encodeJson, unstorablePlace } from "./payload.ts"
import type { Run, RunDefinition, StartRun } from "./types.ts"

export interface NewStart {
  run: Run
  lease: Lease
  /** By the database's clock. */
  deadlineAt: number | null
  operation: Operation
}

/** `here`: it is executed by this process from its first event; otherwise it is queued. */
export function newStart(
  request: StartRun,
  definition: RunDefinition | undefined,
  here: boolean,
  host: { clock: Clock; newId: NewId; limits: Limits; databaseNow(): number },
): NewStart {
  const run = newRun(request, definition?.version ?? "", here, host.clock.now(), host.newId)
  const lease = { runId: run.id, projectId: run.projectId, parentId: run.parentId, token: randomUUID(), attempt: run.attempt }
  const deadlineAt = request.deadlineMs === undefined ? null : host.databaseNow() + request.deadlineMs
  return { run, lease, deadlineAt, operation: startOperation(run, lease, request, deadlineAt, here, host.limits.eventBytesMax) }
}

export function notStarted(cause: Unreachable): AppError {
  return new AppError("database_unavailable", "the run could not be written: the database does not answer", {
    hint: "Send the request again, with an Idempotency-Key: it may have been written all the same.",
    retryAfterMs: 1_000,
    cause,
  })
}

function newRun(request: StartRun, version: string, here: boolean, now: number, newId: NewId): Run {
  return {
    id: request.id ?? newId("run"),
    projectId: request.projectId,
    principal: request.principal,
    user: request.user ?? null,
    kind: request.kind,
    name: request.name,
    title: titleOf(request.title),
    version,
    status: here ? "running" : "queued",
    parentId: request.parentId ?? null,
    conversationId: request.conversationId ?? null,
    attempt: here ? 1 : 0,
    input: request.input,
    output: null,
    error: null,
    label: request.label,
    model: request.model ?? null,
    usage: noUsage,
    metadata: request.metadata ?? null,
    createdAt: now,
    startedAt: here ? now : null,
    finishedAt: null,
    wakeAt: null,
    lastSeq: 0,
  }
}

const runTitleCharsMax = 160

/** One line, cut with an ellipsis; nothing where there is no text. */
function titleOf(title: string | null | undefined): string | null {
  const line =
    title
      ?.slice(0, 4 * runTitleCharsMax)
      .replaceAll(/\s+/g, " ")
      .trim() ?? ""
  if (line === "") return null
  return line.length <= runTitleCharsMax ? line : `${[...line].slice(0, runTitleCharsMax - 1).join("")}…`
}

function startOperation(run: Run, lease: Lease, request: StartRun, deadlineAt: number | null, here: boolean, bytesMax: number): Operation {
  const { id, principal, kind, name, version, model, attempt, label, input, metadata } = run
  const row = {
    id,
    project_id: run.projectId,
    principal,
    end_user: run.user,
    kind,
    name,
    title: run.title,
    version,
    parent_id: run.parentId,
    conversation_id: run.conversationId,
    model,
    priority: request.priority ?? 0,
    token: lease.token,
    attempt,
    deadline_at: deadlineAt === null ? null : Math.round(deadlineAt),
    label: label as unknown as JsonValue, // labels are plain JSON
    input,
    metadata,
    created_at: run.createdAt,
    started_at: run.startedAt,
  }
  const events = [{ type: "run.started", data: { kind, name, version, principal }, label }, ...(request.events ?? [])].map((event, i) =>
    eventRow(run, attempt, i + 1, event.type, event.data, event.label ?? label, run.createdAt, bytesMax),
  )
  const start = encodeStart(row, bytesMax)
  const queued = JSON.stringify({ r: id, st: "queued", u: [0, 0, 0, 0, 0], cost_known: true })
  return { start, events, lifecycle: true, ...(here ? {} : { end: queued }) }
}

/** Whoever asked for the run knows its input by its fields, and not the id that it would have had. A response has its whole request as input. */
function encodeStart(row: { readonly input: JsonValue; readonly [key: string]: JsonValue | undefined }, bytesMax: number): string {
  try {
    return encodeJson(row, "the request", bytesMax)
  } catch (error) {
    const param = unstorablePlace(row.input, row["kind"] === "response" ? "" : "input") ?? unstorablePlace(row)
    if (param === undefined) throw error
    throw new AppError("unsupported_value", `${param} contains a NUL character or half a surrogate pair, which cannot be stored`, {
      param,
      hint: "Remove U+0000 and lone surrogates, or send the bytes as base64.",
      cause: error,
    })
  }
}
