// What was read out of messages becomes what is believed: in the words that it is believed in already, with whom it speaks of.
import { createHash } from "node:crypto"
import type { Queryable, StoredEpisode } from "../../../store/index.ts"
import { assertFacts, type NewFact } from "../assert-fact.ts"
import { subjectOfScope } from "../data-keys.ts"
import { againstBelieved, believedIn } from "./believed.ts"
import { noteEntities, type Spoken } from "./entities.ts"
import { openVerdicts } from "./judge.ts"
import { extractionQuestion } from "./model-extraction.ts"
import { slotOf, type ExtractedFact } from "./types.ts"
import type { Job } from "./work.ts"

const salienceOf = { preference: 0.7, fact: 0.6, event: 0.4 } as const

export interface Reading {
  /** Null where rules read them. */
  model: string | null
  step: string
  /** Sealed: what a model said of those that contradict what is believed; empty where none was asked. */
  verdicts: string
}

export async function writeFacts(
  job: Job,
  tx: Queryable,
  rows: readonly StoredEpisode[],
  facts: readonly ExtractedFact[],
  { model, step, verdicts }: Reading,
): Promise<void> {
  const { projectId, scope, keys } = job
  const byId = new Map(rows.map((row) => [row.id, row]))
  const key = await keys.held(tx, projectId, subjectOfScope(scope))
  const news = againstBelieved(facts, await believedIn(job, tx, key, facts), openVerdicts(job, step, key.bytes, verdicts))
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
    refines: fact.refines === true,
    isUnclear: fact.isUnclear === true,
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

const promptHash = createHash("sha256").update(extractionQuestion([]).instructions).digest("hex").slice(0, 16)
