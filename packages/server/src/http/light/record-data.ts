// What the record of a call says beside its columns: only what is not as usual.
import { usualTier, type LightRunRecord } from "../../accounting/index.ts"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { ModelUsage, ReachFault } from "../../inference/index.ts"
import type { Chosen } from "../prompts/shape.ts"
import type { AnswerCare } from "./answer-care.ts"
import type { CallMemory } from "./call-memory.ts"

/** Another deployment went on with an answer; no interface, since it is JSON. */
export type RecordedFailover = { from: string; afterCharacters: number }

interface RecordedCall {
  readonly hot: { readonly traceparent?: string | undefined }
  readonly request: { readonly shaped?: Pick<Chosen, "facts"> | undefined }
  readonly care: AnswerCare | undefined
  readonly memory: CallMemory | undefined
  readonly reachFault: ReachFault | undefined
}

export function recordData(
  { hot, request: { shaped }, care, memory, reachFault }: RecordedCall,
  { estimated, serviceTier = usualTier, servedIn, toolCalls, toldMicroUsd }: ModelUsage,
  attempts: number,
  failovers: readonly RecordedFailover[],
): LightRunRecord["data"] {
  const isUsual = serviceTier === usualTier && servedIn === undefined && toolCalls === undefined && toldMicroUsd === undefined
  const trace = hot.traceparent?.slice(3, 35)
  const cared = care?.data()
  if (isUsual && !estimated && trace === undefined && attempts < 2 && !cared && !shaped && !memory && !reachFault) return null
  return {
    ...(memory ? { context: memory.manifest } : {}),
    ...cared,
    ...shaped?.facts,
    ...(estimated ? { usageEstimated: true } : {}),
    ...(serviceTier === usualTier ? {} : { serviceTier }),
    ...(servedIn === undefined ? {} : { servedIn }),
    ...(toolCalls === undefined ? {} : { hostedCalls: toolCalls }),
    ...(toldMicroUsd === undefined ? {} : { toldMicroUsd }),
    ...(trace === undefined ? {} : { traceId: trace }),
    ...(attempts < 2 ? {} : { attempts }),
    ...(reachFault ? { reachFault } : {}),
    ...(failovers.length > 0 ? { failovers } : {}),
  }
}

/** With what was kept of the call in memory, which is known after its end. */
export function withKept(record: LightRunRecord, remembered: JsonValue): LightRunRecord {
  return { ...record, data: { ...(record.data as JsonObject | null), remembered } } // of `recordData`
}
