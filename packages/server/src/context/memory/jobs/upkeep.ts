// The durable run that follows writes to a scope: vectors, facts, sessions, pages, what time ends; then it says when there is something to do next.
import { AppError, isJsonObject, type JsonValue } from "../../../core/index.ts"
import { StepError, type RunContext, type RunDefinition } from "../../../runs/index.ts"
import { episodeWork, memorySessions, memoryUpkeep, memoryWork, versionTimes, type Queryable } from "../../../store/index.ts"
import { upkeepBatch } from "../upkeep.ts"
import { consolidate } from "./consolidate.ts"
import { expire, nextExpiry } from "./expire.ts"
import { extractRound } from "./extract.ts"
import { destroyIdleKeys, nextRemoval, removeExpired } from "./retention.ts"
import { digestSessions } from "./sessions.ts"
import { upkeepName } from "./starter.ts"
import type { Job, JobDependencies } from "./work.ts"

/** A run's log must end; the next run goes on. */
const roundsMax = 50
/** First wait before vectors are tried again, as long as the oldest waits already, and the longest. */
const embedRetryMs = 30_000
const embedRetryMsMax = 60 * 60_000

export function upkeepDefinition(dependencies: JobDependencies): RunDefinition {
  return {
    kind: "memory",
    name: upkeepName,
    version: "1",
    style: "replay",
    execute: (context, input) => work(jobOf(dependencies, context, input)),
  }
}

function jobOf(dependencies: JobDependencies, context: RunContext, input: JsonValue): Job {
  const { claimLifeMs } = dependencies.settings
  return { ...dependencies, ...inputOf(input), context, projectId: context.run.projectId, claimLifeMs }
}

async function work(job: Job): Promise<JsonValue> {
  const counts = { embedded: 0, extracted: 0, sessions: 0, subjects: 0, expired: 0, removed: 0 }
  const keyIds = new Set<string>()
  for (let round = 0; ; round++) {
    counts.extracted += await extractRound(job, round)
    const embedded = await index(job, round)
    counts.embedded += Math.max(0, embedded)
    counts.sessions += await digestSessions(job, round)
    if (await isTimeToConsolidate(job, round)) counts.subjects += await consolidate(job, round)
    counts.expired += await expire(job, round)
    const removed = await removeExpired(job, round)
    counts.removed += removed.entries
    for (const id of removed.keyIds) keyIds.add(id)
    const isLast = round + 1 >= roundsMax
    const closed = await job.context.step(
      `close:${round}`,
      ({ tx }) => (tx === undefined ? true : close(job, tx, { embeddingFailed: embedded < 0, isLast, keyIds: [...keyIds] })),
      {
        effect: "transactional",
      },
    )
    if (closed) return counts
  }
}

/** How many entries are in the index as they should be now; -1 where the embedding model cannot be had. */
function index(job: Job, round: number): Promise<number> {
  return upkeepBatch(job, job.context, job.scope, round).catch((error: unknown) => {
    if (error instanceof StepError) return -1
    throw error
  })
}

/** After enough new facts, or when nobody has written for a while. */
function isTimeToConsolidate({ context, store, projectId, scope, clock, settings }: Job, round: number): Promise<boolean> {
  return context.step(
    `quiet:${round}`,
    async () => {
      const db = store.project(projectId)
      const upkeep = await memoryUpkeep.findUpkeep(db, projectId, scope)
      const fresh = await versionTimes.factsSince(db, projectId, scope, upkeep?.consolidatedAt ?? null)
      return fresh.count > 0 && (fresh.count >= settings.consolidateAfterFacts || (fresh.lastAt ?? 0) + settings.quietMs <= clock.now())
    },
    { effect: "read" },
  )
}

/** Opens the next generation, unless there is something left that this run can do. */
async function close(
  job: Job,
  tx: Queryable,
  { embeddingFailed, isLast, keyIds }: { embeddingFailed: boolean; isLast: boolean; keyIds: readonly string[] },
): Promise<boolean> {
  const { projectId, scope, generation, clock } = job
  const now = clock.now()
  const backlog = await episodeWork.episodeBacklog(tx, projectId, scope)
  const retryAt = await memoryWork.nextRetry(tx, projectId, scope)
  const waits = retryAt !== null && retryAt > now
  const isLeft = (backlog.toIndex > 0 && !embeddingFailed) || (backlog.toExtract > 0 && !waits)
  if (isLeft && !isLast) return false
  const age = now - (backlog.oldestAt ?? now)
  const embedAt = embeddingFailed ? now + Math.min(embedRetryMsMax, Math.max(embedRetryMs, age)) : null
  const dueAt = isLeft ? now : earliest([retryAt, embedAt, await nextTime(job, tx)])
  const error = embeddingFailed ? "The embedding model cannot be had; what is new is found by words." : null
  await destroyIdleKeys(job.keys, tx, projectId, keyIds)
  await memoryUpkeep.closeGeneration(tx, projectId, { scope, generation, now, dueAt, error })
  return true
}

/** When a session ends, pages are made anew, something lapses, or is to be removed. */
async function nextTime(job: Job, tx: Queryable): Promise<number | null> {
  const { projectId, scope, settings } = job
  const upkeep = await memoryUpkeep.findUpkeep(tx, projectId, scope)
  const fresh = await versionTimes.factsSince(tx, projectId, scope, upkeep?.consolidatedAt ?? null)
  const quietAt = fresh.lastAt === null ? null : fresh.lastAt + settings.quietMs
  const open = await memorySessions.firstOpenSession(tx, projectId, scope)
  return earliest([
    quietAt,
    open === null ? null : open + settings.sessionGapMs,
    await nextExpiry({ projectId, scope }, tx),
    await nextRemoval(job, tx),
  ])
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function inputOf(input: JsonValue): { scope: string; generation: number } {
  const { scope, generation } = isJsonObject(input) ? input : {}
  if (typeof scope === "string" && typeof generation === "number") return { scope, generation }
  throw new AppError("invalid_request", "The input of this run names `scope` and `generation`.")
}
