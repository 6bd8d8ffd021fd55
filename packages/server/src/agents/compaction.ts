// Compaction (R28): a model writes down what whoever continues needs; the client gets that summary sealed, and what is kept word for word.
import { noUsage } from "../inference/index.ts"
import { AppError, type JsonObject, type NewId } from "../core/index.ts"
import { joinLabels, type Principal } from "../security/index.ts"
import { callRouting, inputCall } from "./input-call.ts"
import { recorded, type RecordDependencies } from "./compaction-record.ts"
import { gather, type PrepareDependencies } from "./prepare.ts"
import { itemId, responseIdOf } from "./response-object.ts"
import { saidOf } from "./said.ts"
import { wireUsage } from "./session.ts"
import { extract, type Spent } from "./summarise.ts"
import { summariseAll, type SummarisePartsDependencies } from "./summarise-parts.ts"
import { sealSummary } from "./summary.ts"
import { citationsOf, citedSummary, extractOf, keptVerbatim, markedTranscript } from "./transcript.ts"
import type { NewResponse, ResponseItem } from "./types.ts"

export interface CompactionDependencies extends PrepareDependencies, SummarisePartsDependencies, RecordDependencies {
  /** Whether the model quotes and cannot write: it gets an extract instead of a summary. */
  readonly quotesPassages: (model: string) => boolean
  readonly newId: NewId
}

/** The compacted window as an object `response.compaction`; a light run. */
export type Compact = (principal: Principal, request: NewResponse, signal: AbortSignal) => Promise<JsonObject>

export function createCompaction(dependencies: CompactionDependencies): Compact {
  return async (principal, request, signal) => {
    const { newId, clock, sealer, quotesPassages, countTokens } = dependencies
    const runId = newId("run")
    const startedAt = clock.now()
    const { complete, items } = await gather(dependencies, principal, request, runId)
    const { text: transcript, marks } = markedTranscript(items.map(({ item }) => item))
    if (transcript === "") throw nothingToCompact()
    const label = joinLabels(items.map((each) => each.label))
    const spent: Spent = { usage: noUsage, deployment: undefined }
    const user = complete.user ?? complete.safety_identifier
    const said = saidOf(complete)
    const given = { principal, model: complete.model, user, runId, startedAt, label, spent, said }
    const who = { projectId: principal.projectId, principal: principal.id, user: complete.user ?? principal.user }
    const caller = { endpoint: "responses", runId, ...who, said } as const
    const asked = { call: inputCall(complete, [], []), held: complete.instructions, transcript, spent, signal, caller }
    const written = await recorded(dependencies, given, () =>
      quotesPassages(complete.model)
        ? extract(countTokens, asked, extractOf(items.map(({ item }) => item)))
        : summariseAll(dependencies, { ...asked, routing: callRouting(complete), isPatient: false }),
    )
    const { text, citations } = citedSummary(written, marks)
    const kept = keptVerbatim(items).map(({ item }) => item)
    const encrypted = sealSummary(sealer, principal.projectId, { text, label })
    const id = itemId("cmp", runId, "output", kept.length)
    const compaction: ResponseItem = { id, type: "compaction", encrypted_content: encrypted, ...citationsOf(citations) }
    const base = { id: responseIdOf(runId), object: "response.compaction", created_at: Math.floor(startedAt / 1000) }
    return { ...base, output: [...kept, compaction], usage: wireUsage(spent.usage) }
  }
}

export function nothingToCompact(): AppError {
  return new AppError("invalid_request", "there is nothing to compact", {
    param: "input",
    hint: "Send the conversation as input, or previous_response_id.",
  })
}
