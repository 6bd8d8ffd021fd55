// What a run's log says about its operations: which ones finished and how, which were begun, what the run consumed. Pure.
import type { JsonValue } from "../core/index.ts"
import { isJsonObject } from "../core/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import type { Effect, RunError, RunEvent, RunUsage } from "./types.ts"

export type OperationKind = "step" | "sleep" | "signal" | "child"
export type Outcome = { ok: true; value: JsonValue | undefined } | { ok: false; error: RunError }

/** One keyed operation of a run. */
export interface Entry {
  key: string
  kind: OperationKind
  /** Seq of the event that first named it. */
  seq: number
  /** The intent or begin, unless a person cleared it for another try. */
  begun: { effect: Effect | undefined; until: number | null; childId: string | null; name: string | null } | undefined
  outcome: Outcome | undefined
}

export interface Journal {
  entries: ReadonlyMap<string, Entry>
  /** Finished entries in the order in which they finished. */
  finished: readonly Entry[]
  /** For each signal name: the id of the last one consumed. */
  consumed: ReadonlyMap<string, number>
  usage: RunUsage
  model: string | null
  label: Label
  firstTokenAt: number | null
  lastSeq: number
  /** Key of the operation that a person has to decide about. */
  doubt: string | null
}

export const noUsage: RunUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, costMicroUsd: 0, costKnown: true }

export function readJournal(events: readonly RunEvent[], runLabel: Label): Journal {
  const entries = new Map<string, Entry>()
  const finished: Entry[] = []
  const consumed = new Map<string, number>()
  const labels: Label[] = [runLabel]
  const journal = { usage: noUsage, model: null as string | null, firstTokenAt: null as number | null, doubt: null as string | null }
  for (const event of events) {
    if (event.type === "usage.recorded") {
      journal.usage = addUsage(journal.usage, event.data)
      journal.model = text(event.data, "model") ?? journal.model
    }
    if (event.type === "run.in_doubt") journal.doubt = text(event.data, "key")
    if (event.type.endsWith(".delta")) journal.firstTokenAt ??= event.at
    const [noun, verb] = event.type.split(".")
    const key = text(event.data, "key")
    if (!isOperationKind(noun) || key === null || verb === undefined) continue
    const entry = entries.get(key) ?? { key, kind: noun, seq: event.seq, begun: undefined, outcome: undefined }
    entries.set(key, entry)
    const before = entry.outcome
    apply(entry, verb, event)
    if (entry.outcome && !before) {
      finished.push(entry)
      if (event.label !== runLabel) labels.push(event.label)
    }
    if (event.type === "signal.received") consumed.set(text(event.data, "name") ?? "", number(event.data, "id") ?? 0)
  }
  return {
    ...journal,
    entries,
    finished,
    consumed,
    label: labels.length === 1 ? runLabel : joinLabels(labels),
    lastSeq: events.at(-1)?.seq ?? 0,
  }
}

function apply(entry: Entry, verb: string, event: RunEvent): void {
  switch (verb) {
    case "intended":
    case "started":
    case "awaited":
      entry.begun = {
        effect: (text(event.data, "effect") ?? undefined) as Effect | undefined, // written by the kernel itself
        until: number(event.data, "until"),
        childId: text(event.data, "childId"),
        name: text(event.data, "name"),
      }
      return
    case "cleared":
      entry.begun = undefined
      return
    case "completed":
    case "received":
      entry.outcome = { ok: true, value: field(event.data, verb === "received" ? "payload" : "output") ?? null }
      return
    case "ended":
    case "timed_out":
      entry.outcome = { ok: true, value: undefined }
      return
    case "failed":
      entry.outcome = { ok: false, error: errorOf(field(event.data, "error")) }
  }
}

export function addUsage(sum: RunUsage, data: JsonValue): RunUsage {
  const costMicroUsd = number(data, "costMicroUsd")
  return {
    inputTokens: sum.inputTokens + (number(data, "inputTokens") ?? 0),
    outputTokens: sum.outputTokens + (number(data, "outputTokens") ?? 0),
    cachedTokens: sum.cachedTokens + (number(data, "cachedTokens") ?? 0),
    reasoningTokens: sum.reasoningTokens + (number(data, "reasoningTokens") ?? 0),
    costMicroUsd: sum.costMicroUsd + (costMicroUsd ?? 0),
    costKnown: sum.costKnown && field(data, "costKnown") !== false && costMicroUsd !== null,
  }
}

function errorOf(value: JsonValue | undefined): RunError {
  return { code: text(value, "code") ?? "server_error", message: text(value, "message") ?? "the step failed" }
}

function isOperationKind(noun: string | undefined): noun is OperationKind {
  return noun === "step" || noun === "sleep" || noun === "signal" || noun === "child"
}

function field(data: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(data) ? data[name] : undefined
}

export function text(data: JsonValue | undefined, name: string): string | null {
  const value = field(data, name)
  return typeof value === "string" ? value : null
}

function number(data: JsonValue | undefined, name: string): number | null {
  const value = field(data, name)
  return typeof value === "number" ? value : null
}
