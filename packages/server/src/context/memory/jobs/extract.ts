// Facts out of new messages: at most one model call to read a batch and one for what contradicts, then everything that they gave in one transaction.
import { messageOf } from "../../../core/index.ts"
import {
  episodeWork,
  episodes,
  memorySessions,
  memoryWork,
  scopes,
  type Queryable,
  type StoredEpisode,
  type StoredWork,
  type WorkDone,
} from "../../../store/index.ts"
import { subjectOfScope } from "../data-keys.ts"
import { readRows } from "../entries.ts"
import { askWithinBudget } from "./ask.ts"
import { batchesOf } from "./batches.ts"
import { judge } from "./judge.ts"
import { extractionPromptVersion, extractionQuestion, factsOfAnswer } from "./model-extraction.ts"
import { factsByRules, rulesVersion } from "./rules.ts"
import { openOutput, sealOutput } from "./sealed-output.ts"
import type { ExtractedFact, Message } from "./types.ts"
import type { Job } from "./work.ts"
import { writeFacts } from "./write-facts.ts"

/** Messages that one round looks at. */
const lookMax = 64
const askTimeoutMs = 120_000
/** Times that a batch is given to a model that fails; then rules read it, and the failure stays visible. */
const attemptsMax = 4

/** Ids alone: what a batch says is read again from its rows. */
interface Batch {
  ids: string[]
  attempts: number
  /** Nobody is asked: rules, or nothing to read. */
  isAsked: boolean
}

/** How many messages were taken care of. */
export async function extractRound(job: Job, round: number): Promise<number> {
  const { context } = job
  const plan = await context.step(`look:${round}`, async () => ({ batches: (await planRound(job)).map((batch) => ({ ...batch })) }), {
    effect: "read",
  })
  let done = 0
  for (const [index, batch] of plan.batches.entries()) {
    const step = `${round}.${index}`
    const asked = batch.isAsked
      ? await context.step(`ask:${step}`, ({ signal }) => ask(job, step, batch, signal), { effect: "read", timeoutMs: askTimeoutMs * 2 })
      : nobody
    const verdicts =
      asked.sealed === ""
        ? ""
        : await context.step(`judge:${step}`, ({ signal }) => judgeBatch(job, step, batch, asked, signal), {
            effect: "read",
            timeoutMs: askTimeoutMs * 2,
          })
    const answers = { ...asked, verdicts }
    done += await context.step(`facts:${step}`, ({ tx }) => (tx === undefined ? 0 : commit(job, step, tx, batch, answers)), {
      effect: "transactional",
    })
  }
  return done
}

interface Asked {
  /** Sealed text of the answer; empty where nobody was asked. */
  sealed: string
  /**
   * Ids of the messages, in the order in which the answer numbers them: meanwhile some may be gone, or settled by others.
   * Absent in steps of versions that did not note it.
   */
  messages?: string[]
  model: string
  /** The model failed, or may not be asked now: why. */
  error: string
  /** When it may be asked again; 0 where nothing forbids it. */
  resumesAt: number
}
type AskedStep = { [Key in keyof Asked]: Asked[Key] }
const nobody: AskedStep = { sealed: "", model: "", error: "", resumesAt: 0 }

async function planRound(job: Job): Promise<Batch[]> {
  const { store, projectId, scope, clock } = job
  const db = store.project(projectId)
  const ids = await episodeWork.episodesToExtract(db, projectId, scope, versionOf(job), clock.now(), lookMax)
  const waiting = (await episodes.episodesByIds(db, projectId, ids)).sort((a, b) => (a.id < b.id ? -1 : 1))
  const work = await workOf(job, db, waiting)
  const readable = waiting.filter((row) => row.revokedAt === null && isRead(job, row) && !isSettled(work.get(workKey(row))))
  const read = new Set(readable.map(({ id }) => id))
  const rest = waiting.filter(({ id }) => !read.has(id)).map(({ id }) => id)
  const batches = batchesOf(readable).map((batch) => ({
    ids: batch.map(({ id }) => id),
    attempts: Math.max(...batch.map((row) => work.get(workKey(row))?.attempts ?? 0)),
    isAsked: job.extractionModel !== undefined,
  }))
  return rest.length === 0 ? batches : [{ ids: rest, attempts: 0, isAsked: false }, ...batches]
}

/** Nothing is ever read out of what repeats what was recalled. */
function isRead({ settings }: Job, { recalledFrom }: StoredEpisode): boolean {
  return settings.isExtracting && recalledFrom.length === 0
}

function isSettled(work: StoredWork | undefined): boolean {
  return work !== undefined && work.state !== "waiting"
}

/** The same text at another level is another piece of evidence. */
function workKey({ contentHash, integrity }: Pick<StoredEpisode, "contentHash" | "integrity">): string {
  return `${contentHash}/${integrity}`
}

function versionOf({ extractionModel }: Job): string {
  return extractionModel === undefined ? rulesVersion : `${extractionPromptVersion} ${extractionModel.name}`
}

async function workOf(job: Job, db: Queryable, rows: readonly StoredEpisode[]): Promise<Map<string, StoredWork>> {
  const found = await memoryWork.workOn(db, job.projectId, job.scope, rows.map(workKey), versionOf(job))
  return new Map(found.map((work) => [work.contentHash, work]))
}

async function ask(job: Job, step: string, batch: Batch, signal: AbortSignal): Promise<AskedStep> {
  const { store, keys, projectId, scope, extractionModel: model } = job
  if (model === undefined) return nobody
  const { open } = await toRead(job, store.project(projectId), batch)
  const messages = await messagesOf(job, store.project(projectId), open)
  const principal = open[0]?.principal
  if (principal === undefined || messages.length === 0) return nobody
  try {
    const timed = AbortSignal.any([signal, AbortSignal.timeout(askTimeoutMs)])
    const answer = await askWithinBudget(
      { ...job, budget: job.settings.budget },
      model,
      { projectId, principal },
      scope,
      extractionQuestion(messages),
      timed,
    )
    if (answer === undefined) return nobody
    if ("overBudget" in answer) return { ...nobody, error: answer.overBudget, resumesAt: answer.resumesAt }
    factsOfAnswer(answer.text, messages) // throws where it is none: then it is asked again
    const key = await keys.ensure(projectId, subjectOfScope(scope))
    return {
      sealed: sealOutput(key.bytes, projectId, `${job.context.run.id} ask:${step}`, { text: answer.text }),
      messages: messages.map(({ episodeId }) => episodeId),
      model: answer.model,
      error: "",
      resumesAt: 0,
    }
  } catch (error) {
    if (signal.aborted) throw error
    return { ...nobody, error: messageOf(error) }
  }
}

async function judgeBatch(job: Job, step: string, batch: Batch, asked: AskedStep, signal: AbortSignal): Promise<string> {
  const db = job.store.project(job.projectId)
  const { open } = await toRead(job, db, batch)
  const [first] = open
  if (first === undefined) return ""
  const read = await readFacts(job, step, db, open, asked)
  if (read === undefined) return ""
  const { facts } = read
  const timed = AbortSignal.any([signal, AbortSignal.timeout(askTimeoutMs)])
  return judge(job, step, { level: first.integrity, principal: first.principal, facts }, timed)
}

async function messagesOf({ keys, projectId }: Job, db: Queryable, rows: readonly StoredEpisode[]): Promise<Message[]> {
  const entries = await readRows(
    keys,
    db,
    projectId,
    rows.map((episode) => ({ episode })),
  )
  return entries.flatMap(({ id, text, speaker, lane, occurredAt, createdAt }) =>
    text === null ? [] : [{ episodeId: id, text, speaker, lane, saidAt: occurredAt ?? createdAt }],
  )
}

/** All or nothing: facts, whom they speak of, sessions, what was done with the texts, and that the messages are done. */
async function commit(job: Job, step: string, tx: Queryable, batch: Batch, asked: AskedStep & { verdicts: string }): Promise<number> {
  const { projectId, scope, clock, context, settings } = job
  await scopes.lockScopes(tx, projectId, [scope])
  const { rows, open } = await toRead(job, tx, batch)
  await touchSessions(job, tx, rows)
  if (asked.resumesAt > 0) {
    const { attempts } = batch
    await noteWork(job, tx, open, { ...undone, state: "waiting", attempts, retryAt: asked.resumesAt, error: asked.error })
    return 0
  }
  if (asked.error !== "" && batch.attempts + 1 < attemptsMax) {
    await noteWork(job, tx, open, {
      ...undone,
      state: "waiting",
      attempts: batch.attempts + 1,
      retryAt: clock.now() + settings.retryMs * 2 ** batch.attempts,
      error: asked.error,
    })
    return 0
  }
  const read = await readFacts(job, step, tx, open, asked)
  // The answer is lost: the next round asks again.
  if (read === undefined) return 0
  const { facts, refused } = read
  const model = asked.model === "" ? null : asked.model
  await writeFacts(job, tx, rows, facts, { model, step, verdicts: asked.verdicts })
  const outcome = asked.error === "" ? { state: "done" as const, error: null } : { state: "failed" as const, error: asked.error }
  await noteWork(job, tx, open, { ...undone, ...outcome, attempts: batch.attempts + 1, model }, facts, refused)
  await episodeWork.markExtracted(tx, projectId, batch.ids, clock.now())
  context.emit("memory.extracted", { step, messages: rows.length, facts: facts.length, refused, model })
  return batch.ids.length
}

const undone = { retryAt: null, error: null, model: null }

async function noteWork(
  job: Job,
  tx: Queryable,
  rows: readonly StoredEpisode[],
  outcome: Pick<WorkDone, "state" | "attempts" | "retryAt" | "error" | "model">,
  facts: readonly ExtractedFact[] = [],
  refused = 0,
): Promise<void> {
  const { projectId, scope, clock } = job
  const done = rows.map((row, index): WorkDone => {
    const own = facts.filter(({ episodeId }) => episodeId === row.id).length
    return { ...outcome, contentHash: workKey(row), version: versionOf(job), facts: own, refused: index === 0 ? refused : 0 }
  })
  await memoryWork.recordWork(tx, projectId, scope, done, clock.now())
}

/** What is left of a batch, in its order, and what of that is still to be read. */
async function toRead(job: Job, db: Queryable, { ids }: Batch): Promise<Record<"rows" | "open", StoredEpisode[]>> {
  const byId = new Map((await episodes.episodesByIds(db, job.projectId, ids)).map((row) => [row.id, row]))
  const rows = ids.flatMap((id) => byId.get(id) ?? []).filter(({ expiredAt, revokedAt }) => expiredAt === null && revokedAt === null)
  const work = await workOf(job, db, rows)
  return { rows, open: firstOfEach(rows.filter((row) => isRead(job, row) && !isSettled(work.get(workKey(row))))) }
}

/** One of each text: others with it say the same. */
function firstOfEach(rows: readonly StoredEpisode[]): StoredEpisode[] {
  const seen = new Set<string>()
  return rows.filter((row) => seen.size < seen.add(workKey(row)).size)
}

/** Undefined where the key of the answer was destroyed meanwhile. */
async function readFacts(
  job: Job,
  step: string,
  tx: Queryable,
  rows: readonly StoredEpisode[],
  asked: AskedStep,
): Promise<{ facts: ExtractedFact[]; refused: number } | undefined> {
  const messages = await messagesOf(job, tx, rows)
  if (messages.length === 0) return { facts: [], refused: 0 }
  if (asked.sealed === "") return { facts: messages.flatMap(factsByRules), refused: 0 }
  const key = await job.keys.within(tx, job.projectId, subjectOfScope(job.scope))
  const answer = openOutput(key.bytes, job.projectId, `${job.context.run.id} ask:${step}`, asked.sealed)
  if (answer === undefined) return undefined
  const { text } = answer as { text: string } // sealed above
  const byId = new Map(messages.map((message) => [message.episodeId, message]))
  const { facts, refused } = factsOfAnswer(
    text,
    (asked.messages ?? [...byId.keys()]).map((id) => byId.get(id)),
  )
  return { facts, refused: refused.quote + refused.secret + refused.shape }
}

async function touchSessions({ projectId, scope }: Job, tx: Queryable, rows: readonly StoredEpisode[]): Promise<void> {
  const sessions = Map.groupBy(
    rows.filter(({ session }) => session !== null),
    ({ session }) => session ?? "",
  )
  for (const [session, messages] of [...sessions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const times = messages.map(({ occurredAt }) => occurredAt)
    await memorySessions.touchSession(tx, projectId, { scope, session, firstAt: Math.min(...times), lastAt: Math.max(...times) })
  }
}
