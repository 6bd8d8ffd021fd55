// A new run, and the first operation of its log: its row, `run.started`, the first events of whoever starts it.
import type { JsonValue, NewId } from "../core/index.ts"
import type { Lease, Operation } from "./operation.ts"
import { eventRow } from "./event-row.ts"
import { noUsage } from "./journal.ts"
import { encodeJson } from "./payload.ts"
import type { Run, StartRun } from "./types.ts"

export function newRun(request: StartRun, version: string, here: boolean, now: number, newId: NewId): Run {
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

export function startOperation(
  run: Run,
  lease: Lease,
  request: StartRun,
  deadlineAt: number | null,
  here: boolean,
  bytesMax: number,
): Operation {
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
  const start = encodeJson(row, `the input of run ${id}`, bytesMax)
  const queued = JSON.stringify({ r: id, st: "queued", u: [0, 0, 0, 0, 0], cost_known: true })
  return { start, events, lifecycle: true, ...(here ? {} : { end: queued }) }
}
