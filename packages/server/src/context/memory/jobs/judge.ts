// Contradictions that rules cannot settle are put to the model that reads facts: once for a batch, within the scope's budget. Whatever goes wrong, rules decide.
import { messageOf } from "../../../core/index.ts"
import { subjectOfScope } from "../data-keys.ts"
import { askWithinBudget } from "./ask.ts"
import { believedIn, isSameObject, pairKey, type Believed } from "./believed.ts"
import { judgeQuestion, pairsMax, verdictsOf, type Pair, type Verdict } from "./judge-question.ts"
import { openOutput, sealOutput } from "./sealed-output.ts"
import { slotOf, type ExtractedFact } from "./types.ts"
import type { Job } from "./work.ts"

/** What was said further apart is told by time: the later one holds. */
const unsureWithinMs = 24 * 60 * 60_000

export interface Judged {
  /** Of the messages. */
  level: number
  /** Who pays. */
  principal: string
  facts: readonly ExtractedFact[]
}

/** Sealed verdicts by pair; "" where nobody was asked. */
export async function judge(job: Job, step: string, { level, principal, facts }: Judged, signal: AbortSignal): Promise<string> {
  const { store, keys, projectId, scope, extractionModel: model, settings, context } = job
  if (model === undefined) return ""
  const key = await keys.ensure(projectId, subjectOfScope(scope))
  const believed = await believedIn(job, store.project(projectId), key, facts)
  const pairs = unsurePairs(facts, believed, level)
  if (pairs.length === 0) return ""
  try {
    const budget = { ...job, budget: settings.budget }
    const answer = await askWithinBudget(budget, model, { projectId, principal }, scope, judgeQuestion(pairs), signal)
    if (answer === undefined || "overBudget" in answer) return ""
    return sealOutput(key.bytes, projectId, rowOf(job, step), verdictsOf(answer.text, pairs))
  } catch (error) {
    if (context.signal.aborted) throw error
    context.emit("memory.judging_failed", { step, pairs: pairs.length, error: messageOf(error) })
    return ""
  }
}

/** None where their key was destroyed: then rules decide. */
export function openVerdicts(job: Job, step: string, key: Uint8Array, sealed: string): Map<string, Verdict> {
  if (sealed === "") return new Map()
  return new Map(Object.entries((openOutput(key, job.projectId, rowOf(job, step), sealed) ?? {}) as Record<string, Verdict>))
}

/**
 * Facts of the same trust as what is believed, that name another value of the same attribute, and neither of which is clearly the newer one. What is
 * trusted less or more than what is believed is settled by that: no verdict can let it in.
 */
function unsurePairs(facts: readonly ExtractedFact[], believed: ReadonlyMap<string, Believed>, level: number): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const fact of facts) {
    const head = believed.get(slotOf(fact))
    const saidAt = fact.validFrom ?? 0
    if (!head?.text || head.integrity !== level || fact.op === "retract" || fact.kind === "event" || !fact.isSingle) continue
    if (isSameObject(fact, head) || Math.abs(saidAt - head.since) >= unsureWithinMs) continue
    const key = pairKey(fact, head)
    const about = `${fact.subject}: ${fact.predicate}`
    pairs.set(key, { key, about, believed: head.text, said: fact.text, believedAt: head.since, saidAt })
  }
  return [...pairs.values()].slice(0, pairsMax)
}

function rowOf({ context }: Job, step: string): string {
  return `${context.run.id} judge:${step}`
}
