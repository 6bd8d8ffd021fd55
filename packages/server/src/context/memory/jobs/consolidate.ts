// Profiles and timelines: what is believed about somebody, on one page, made anew where something about them changed; every line rests on a version.
import {
  memoryMentions,
  memoryUpkeep,
  memoryVersions,
  scopes,
  versionTimes,
  type MemoryKind,
  type Queryable,
} from "../../../store/index.ts"
import { assertFacts, slotHash, type NewFact } from "../assert-fact.ts"
import { subjectOfScope } from "../data-keys.ts"
import { readRows } from "../entries.ts"
import type { Entry } from "../types.ts"
import { endByTime } from "./expire.ts"
import type { Job } from "./work.ts"

/** Subjects that one run takes care of, and memories that one page is made of. */
const subjectsMax = 200
const linesMax = 100
const memoriesMax = 1_000
const salienceOfPages = 0.5
const derivedKinds: ReadonlySet<MemoryKind> = new Set(["summary", "timeline", "profile", "reflection"])

/** How many subjects got their pages anew. */
export async function consolidate(job: Job, round: number): Promise<number> {
  const { context, store, projectId, scope, clock } = job
  const plan = await context.step(
    `touched:${round}`,
    async () => {
      const db = store.project(projectId)
      const upkeep = await memoryUpkeep.findUpkeep(db, projectId, scope)
      const at = clock.now()
      return { at, subjects: await memoryMentions.subjectsTouchedSince(db, projectId, scope, upkeep?.consolidatedAt ?? null, subjectsMax) }
    },
    { effect: "read" },
  )
  for (const [index, subject] of plan.subjects.entries()) {
    await context.step(`pages:${round}.${index}`, ({ tx }) => (tx === undefined ? 0 : writePages(job, tx, subject)), {
      effect: "transactional",
    })
  }
  // More than one run takes care of: the time stays where it was, and the next one goes on. What is the same is not written again.
  if (plan.subjects.length < subjectsMax) {
    const mark = async (tx: Queryable | undefined): Promise<null> => {
      if (tx) await memoryUpkeep.markConsolidated(tx, projectId, scope, plan.at)
      return null
    }
    await context.step(`consolidated:${round}`, ({ tx }) => mark(tx), { effect: "transactional" })
  }
  return plan.subjects.length
}

/** One profile and one timeline for each level: a page of several would be of the lowest. */
async function writePages(job: Job, tx: Queryable, entityId: string): Promise<number> {
  const { keys, projectId, scope, context, clock } = job
  await scopes.lockScopes(tx, projectId, [scope])
  const ids = await memoryMentions.memoriesAbout(tx, projectId, entityId, memoriesMax)
  const heads = await memoryVersions.headsOf(tx, projectId, ids)
  const entries = await readRows(
    keys,
    tx,
    projectId,
    heads.map((version) => ({ version })),
  )
  const subject = await subjectOf(job, tx, ids, entries)
  if (subject === undefined) return 0
  const facts = entries.filter(({ text, kind }) => text !== null && kind !== "episode" && !derivedKinds.has(kind))
  const pages = levels.flatMap((level) => {
    const own = facts.filter(({ label }) => label.integrity === level)
    return [
      pageOf(
        "profile",
        subject,
        level,
        own.filter(({ kind }) => kind !== "event"),
      ),
      pageOf(
        "timeline",
        subject,
        level,
        own.filter(({ kind }) => kind === "event"),
      ),
    ]
  })
  const told = pages.flatMap((page) => (page.lines.length < linesMin ? [] : [newFactOf(page)]))
  const place = {
    projectId,
    scope,
    principal: facts.at(-1)?.principal ?? context.run.principal,
    runId: context.run.id,
    validFrom: clock.now(),
  }
  await endPages(
    job,
    tx,
    pages.filter(({ lines }) => lines.length < linesMin).map(({ slot }) => slot),
  )
  await assertFacts(
    job,
    tx,
    told.map((page) => ({ ...page, ...place })),
  )
  return told.length
}

interface Page {
  kind: "profile" | "timeline"
  slot: string
  subject: string
  lines: Entry[]
}

/** Fewer are no page. */
const linesMin = 2
const levels = [0, 1, 2, 3] as const

/** As its facts call it; a page may be left of one that has none any more. */
async function subjectOf(
  { keys, projectId }: Job,
  tx: Queryable,
  memoryIds: readonly string[],
  heads: readonly Entry[],
): Promise<string | undefined> {
  const named = (entry: Entry | undefined): string | undefined =>
    typeof entry?.data?.["subject"] === "string" ? entry.data["subject"] : undefined
  const [first] = heads
  if (first !== undefined) return named(first)
  const [ended] = await memoryVersions.versionsOfMemory(tx, projectId, memoryIds[0] ?? "", 1)
  return ended === undefined ? undefined : named((await readRows(keys, tx, projectId, [{ version: ended }]))[0])
}

/** What no longer has enough lines says nothing more. */
async function endPages(job: Job, tx: Queryable, slots: readonly string[]): Promise<void> {
  const { keys, projectId, scope } = job
  const key = await keys.within(tx, projectId, subjectOfScope(scope))
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
  await endByTime(job, tx, heads)
}

function pageOf(kind: Page["kind"], subject: string, level: number, facts: readonly Entry[]): Page {
  const ordered =
    kind === "timeline"
      ? facts.toSorted((a, b) => (a.validFrom ?? a.createdAt) - (b.validFrom ?? b.createdAt))
      : facts.toSorted(byPredicate)
  return {
    kind,
    subject,
    slot: `${subject}/${kind}/${level}`,
    lines: kind === "timeline" ? ordered.slice(-linesMax) : ordered.slice(0, linesMax),
  }
}

function newFactOf({ kind, slot, subject, lines }: Page): Omit<NewFact, "projectId" | "scope" | "principal"> {
  return {
    op: "assert",
    kind,
    slot,
    salience: salienceOfPages,
    text: lines.map(({ text }) => text).join("\n"),
    data: {
      subject,
      lines: lines.length,
    },
    parents: lines.flatMap(({ versionId }) =>
      versionId === null
        ? []
        : [
            {
              kind: "version" as const,
              id: versionId,
            },
          ],
    ),
    confidence: Math.min(...lines.map(({ confidence }) => confidence ?? 1)),
  }
}

/** In a stable order, so that a page changes only where a line does. */
function byPredicate(a: Entry, b: Entry): number {
  const [left, right] = [a, b].map(({ data, id }) => `${typeof data?.["predicate"] === "string" ? data["predicate"] : ""} ${id}`)
  return (left ?? "") < (right ?? "") ? -1 : 1
}
