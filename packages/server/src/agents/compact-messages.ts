// Compaction of a conversation that its client holds as messages: a light run beside the call that asked for it.
import type { NewId } from "../core/index.ts"
import { noUsage, type CallRouting, type ModelCall, type ModelMessage, type ModelUsage } from "../inference/index.ts"
import type { Principal } from "../security/index.ts"
import { recorded, type Recorded, type RecordDependencies } from "./compaction-record.ts"
import { extract, UnusableSummary, type Spent } from "./summarise.ts"
import { summariseAll, type SummarisePartsDependencies } from "./summarise-parts.ts"
import { citedSummary, extractOf, markedTranscript } from "./transcript.ts"
import type { ResponseItem } from "./types.ts"
import { itemsOf, withoutMarks } from "./window.ts"

export interface MessagesToCompact {
  readonly principal: Principal
  /** Whose messages are compacted; its model writes the summary. */
  readonly call: ModelCall
  /** What the client wants of the summary. */
  readonly wanted: string | undefined
  readonly routing: CallRouting
  readonly said: Recorded["said"]
}

export interface CompactedMessages {
  /** Null where the model answered, but with no summary. */
  readonly text: string | null
  readonly usage: ModelUsage
}

export type CompactMessages = (asked: MessagesToCompact, signal: AbortSignal) => Promise<CompactedMessages>

export interface CompactMessagesDependencies extends SummarisePartsDependencies, RecordDependencies {
  readonly quotesPassages: (model: string) => boolean
  readonly newId: NewId
}

export function createMessagesCompaction(dependencies: CompactMessagesDependencies): CompactMessages {
  return async ({ principal, call, wanted, routing, said }, signal) => {
    const { newId, clock, quotesPassages, countTokens } = dependencies
    const { projectId, id } = principal
    const runId = newId("run")
    const items = call.messages.flatMap(spoken)
    const spent: Spent = { usage: noUsage, deployment: undefined }
    const user = call.user ?? principal.user
    const asked = {
      call: { ...call, outputTokensMax: null },
      held: systemText(call.messages),
      transcript: markedTranscript(items).text,
      wanted,
      routing,
      isPatient: false,
      caller: { endpoint: "messages", runId, projectId, principal: id, user, said },
      spent,
      signal,
    }
    const given = { principal, model: call.model, user, runId, startedAt: clock.now(), label: null, spent, said }
    try {
      const written = await recorded(dependencies, given, () =>
        quotesPassages(call.model) ? extract(countTokens, asked, extractOf(items)) : summariseAll(dependencies, asked),
      )
      return { text: withoutMarks(citedSummary(written, new Map()).text), usage: spent.usage }
    } catch (error) {
      if (!(error instanceof UnusableSummary)) throw error
      return { text: null, usage: spent.usage }
    }
  }
}

function spoken(message: ModelMessage): ResponseItem[] {
  if (message.role !== "user") return itemsOf(message)
  return [
    { id: "", type: "message", role: "user", content: message.content.map((part) => (part.type === "text" ? part : { type: part.type })) },
  ]
}

function systemText(messages: readonly ModelMessage[]): string | null {
  const texts = messages.flatMap((message) => (message.role === "system" ? message.content : []))
  const text = texts.map((part) => (part.type === "text" ? part.text : "")).join("\n")
  return text === "" ? null : text
}
