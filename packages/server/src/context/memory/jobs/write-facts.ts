// What was read out of messages becomes what is believed: in the words that it is believed in already, with whom it speaks of.
import { createHash } from "node:crypto"
import type { JsonObject } from "../../../core/index.ts"
import { memoryVersions, versionTimes, type Queryable, type StoredEpisode } from "../../../store/index.ts"
import { assertFacts, slotHash, type NewFact } from "../assert-fact.ts"
import { subjectOfScope, type DataKey } from "../data-keys.ts"
import { readRows } from "../entries.ts"
import { noteEntities, type Spoken } from "./entities.ts"
import { extractionQuestion } from "./model-extraction.ts"
import { normalName, slotOf, type ExtractedFact } from "./types.ts"
import type { Job } from "./work.ts"

const salienceOf = { preference: 0.7, fact: 0.6, event: 0.4 } as const

/** `model`: that read them; null where rules did. */
export async function writeFacts(
  job: Job,
  tx: Queryable,
  rows: readonly StoredEpisode[],
  facts: readonly ExtractedFact[],
  model: string | null,
): Promise<void> {
  const { projectId, scope, keys } = job
  const byId = new Map(rows.map((row) => [row.id, row]))
  const key = await keys.within(tx, projectId, subjectOfScope(scope))
  const news = await againstHeads(job, tx, key, facts)
  const outcomes = await assertFacts(
    job,
    tx,
    news.map((fact) => newFactOf(job, fact, byId.get(fact.episodeId)?.principal ?? job.context.run.principal, model)),
  )
  const spoken = news.map(({ episodeId, subject, names }, index): Spoken => {
    const outcome = outcomes[index]
    return { episodeId, subject, names, memoryId: outcome && "memoryId" in outcome ? outcome.memoryId : null }
  })
  if (spoken.length > 0) await noteEntities(job, tx, key, spoken)
}

function newFactOf({ projectId, scope, context }: Job, fact: ExtractedFact, principal: string, model: string | null): NewFact {
  const { op, kind, text, subject, predicate, object, validFrom, validTo, confidence, quoteStart, quoteEnd, episodeId } = fact
  return {
    projectId,
    scope,
    principal,
    op,
    kind,
    text,
    validFrom,
    validTo,
    confidence,
    slot: slotOf(fact),
    data: {
      subject,
      predicate,
      object,
    },
    parents: [
      {
        kind: "episode",
        id: episodeId,
        quote: {
          start: quoteStart,
          end: quoteEnd,
        },
      },
    ],
    salience: salienceOf[kind],
    runId: context.run.id,
    model,
    promptHash: model === null ? null : promptHash,
  }
}

/**
 * What is believed in other words is said in those words, so that it is the same. That something holds no longer is taken only of what is
 * believed: "I no longer live in Paris", said in Berlin, is no news.
 */
async function againstHeads(
  { keys, projectId, scope }: Job,
  tx: Queryable,
  key: DataKey,
  facts: readonly ExtractedFact[],
): Promise<ExtractedFact[]> {
  const slots = [...new Set(facts.map((fact) => slotOf(fact)))]
  const heads = await memoryVersions.versionsByIds(
    tx,
    projectId,
    await versionTimes.headsOfSlots(
      tx,
      projectId,
      scope,
      slots.map((slot) => slotHash(key, slot)),
    ),
  )
  const entries = await readRows(
    keys,
    tx,
    projectId,
    heads.map((version) => ({ version })),
  )
  const believed = new Map(entries.map(({ slot, text, data }) => [slot ?? "", { text, object: objectOf(data) }]))
  return facts.flatMap((fact) => {
    const slot = slotOf(fact)
    const head = believed.get(slot)
    const isSame = head !== undefined && normalName(head.object) === normalName(fact.object)
    if (fact.op === "retract") {
      if (!isSame) return []
      believed.delete(slot)
      return [fact]
    }
    if (isSame && head.text !== null && fact.kind !== "event") return [{ ...fact, text: head.text }]
    believed.set(slot, { text: fact.text, object: fact.object })
    return [fact]
  })
}

function objectOf(data: JsonObject | null): string {
  return typeof data?.["object"] === "string" ? data["object"] : ""
}

const promptHash = createHash("sha256").update(extractionQuestion([]).instructions).digest("hex").slice(0, 16)
