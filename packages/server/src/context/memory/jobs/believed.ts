// What is believed about the things that new facts speak of, and what new facts are in its light.
import type { JsonObject } from "../../../core/index.ts"
import { memoryVersions, versionTimes, type Queryable } from "../../../store/index.ts"
import { slotHash } from "../assert-fact.ts"
import type { DataKey } from "../data-keys.ts"
import { readRows } from "../entries.ts"
import type { Verdict } from "./judge-question.ts"
import { normalName, slotOf, type ExtractedFact } from "./types.ts"
import type { Job } from "./work.ts"

export interface Believed {
  /** Undefined of what another fact of the same batch says. */
  versionId?: string
  text: string | null
  object: string
  integrity: number
  /** From when on it holds. */
  since: number
}

/** Heads by slot. */
export async function believedIn(
  { keys, projectId, scope }: Pick<Job, "keys" | "projectId" | "scope">,
  db: Queryable,
  key: DataKey,
  facts: readonly ExtractedFact[],
): Promise<Map<string, Believed>> {
  const slots = [...new Set(facts.map(slotOf))].map((slot) => slotHash(key, slot))
  const heads = await memoryVersions.versionsByIds(db, projectId, await versionTimes.headsOfSlots(db, projectId, scope, slots))
  const rows = heads.map((version) => ({ version }))
  const entries = await readRows(keys, db, projectId, rows)
  return new Map(
    entries.map(({ slot, text, data, versionId, validFrom, createdAt, label: { integrity } }) => [
      slot ?? "",
      { text, object: objectOf(data), integrity, since: validFrom ?? createdAt, ...(versionId === null ? {} : { versionId }) },
    ]),
  )
}

export function isSameObject(fact: ExtractedFact, head: Believed | undefined): boolean {
  return head !== undefined && normalName(head.object) === normalName(fact.object)
}

/** Names what was judged: a fact against a version, so that a verdict is used of nothing else. */
export function pairKey({ text }: Pick<ExtractedFact, "text">, { versionId }: Believed): string {
  return `${versionId ?? ""} ${normalName(text)}`
}

/**
 * What is believed in other words is said in those words, so that it is the same. That something holds no longer is taken only of what is
 * believed: "I no longer live in Paris", said in Berlin, is no news. Where it is unclear what a fact is to what is believed, a verdict on the
 * two may say it; without one rules decide.
 */
export function againstBelieved(
  facts: readonly ExtractedFact[],
  heads: ReadonlyMap<string, Believed>,
  verdicts: ReadonlyMap<string, Verdict> = new Map(),
): ExtractedFact[] {
  const believed = new Map(heads)
  return facts.flatMap((fact) => {
    const slot = slotOf(fact)
    const head = believed.get(slot)
    const isSame = isSameObject(fact, head)
    if (fact.op === "retract") {
      if (!isSame) return []
      believed.delete(slot)
      return [fact]
    }
    if (isSame && head?.text && fact.kind !== "event") return [{ ...fact, text: head.text }]
    const verdict = head && verdicts.get(pairKey(fact, head))
    if (verdict === "same" && head?.text) return [{ ...fact, text: head.text }]
    if (verdict === "both") return [{ ...fact, isSingle: false }]
    if (verdict === "unclear") return [{ ...fact, isUnclear: true }]
    believed.set(slot, { text: fact.text, object: fact.object, integrity: head?.integrity ?? 0, since: fact.validFrom ?? 0 })
    return [verdict === "detail" ? { ...fact, refines: true } : fact]
  })
}

function objectOf(data: JsonObject | null): string {
  return typeof data?.["object"] === "string" ? data["object"] : ""
}
