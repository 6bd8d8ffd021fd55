// Writes what was derived from evidence: each statement is weighed against what is believed about the same thing, in one transaction.
import type { Clock, JsonObject, NewId } from "../../core/index.ts"
import { joinLabels, type Label } from "../../security/index.ts"
import {
  changes,
  derivations,
  memories,
  memoryReviews,
  memoryVersions,
  type MemoryKind,
  type Queryable,
  type StoredMemory,
  type NewVersion,
  type StoredVersion,
} from "../../store/index.ts"
import { estimateTokens } from "../documents/tokens.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import { sealBody } from "./bodies.ts"
import { contentHash, subjectOfScope, type DataKey, type DataKeys } from "./data-keys.ts"
import { proposeConfirmation } from "./corroboration.ts"
import { isDirective } from "./directives.ts"
import { readRows, type VersionBody } from "./entries.ts"
import { evidenceOf, type Evidence, type Parent } from "./evidence.ts"
import { IndexChanges } from "./index-changes.ts"
import { instructingLevel } from "./choose.ts"
import { reconcile, type Verdict } from "./reconcile.ts"

export interface NewFact {
  projectId: string
  scope: string
  kind: MemoryKind
  /** `retract`: what is believed about the slot holds no longer, and nothing takes its place. */
  op: "assert" | "retract"
  /** What it is about: subject and predicate. Null: it replaces nothing. */
  slot: string | null
  /** A sentence that can be read alone. */
  text: string
  data?: JsonObject | undefined
  validFrom?: number | null | undefined
  validTo?: number | null | undefined
  /** It says the same as what is believed, in more detail. */
  refines?: boolean | undefined
  /** It excludes what is believed, and which of them holds is for a person to say: of equal trust it becomes a claim beside that. */
  isUnclear?: boolean | undefined
  confidence?: number | undefined
  salience?: number | undefined
  parents: readonly Parent[]
  /** Joined with the labels of the parents, so it can only lower. */
  label?: Label | undefined
  principal: string
  runId?: string | null | undefined
  model?: string | null | undefined
  promptHash?: string | null | undefined
}

export type FactOutcome =
  | { op: Exclude<Verdict, "unheard">; memoryId: string; versionId: string }
  | { op: "unheard" }
  /** Nothing was written. */
  | { op: "refused"; reason: string }

export interface FactDependencies {
  keys: DataKeys
  index: ScopeIndex
  clock: Clock
  newId: NewId
  /** Claims of no trust lapse after it unless somebody confirms them; 30 days when absent. */
  claimLifeMs?: number | undefined
}

const claimLifeMsDefault = 30 * 24 * 60 * 60 * 1000

/** Call it last in a transaction: it ends with the rows of the index and of the change log, which other writers of the scope wait for. */
export async function assertFacts(dependencies: FactDependencies, tx: Queryable, facts: readonly NewFact[]): Promise<FactOutcome[]> {
  const outcomes: FactOutcome[] = []
  const index = new IndexChanges(dependencies.index)
  // Slots are locked in one order, whoever asserts.
  const order = facts.map((fact, at) => ({ fact, at })).sort((a, b) => ((a.fact.slot ?? "") < (b.fact.slot ?? "") ? -1 : 1))
  for (const { fact, at } of order) outcomes[at] = await assertOne(dependencies, tx, fact, index)
  await index.apply(tx)
  for (const [at, outcome] of outcomes.entries()) {
    const fact = facts[at]
    if (fact === undefined || outcome.op === "refused" || outcome.op === "unheard" || outcome.op === "known") continue
    const { projectId, scope, principal } = fact
    await changes.recordChange(tx, {
      projectId,
      scope,
      principal,
      kind: "memory",
      op: outcome.op,
      entry: outcome.memoryId,
      versionId: outcome.versionId,
    })
  }
  return outcomes
}

/** As slots are kept. */
export function slotHash(key: DataKey, slot: string): string {
  return contentHash(key, ["slot", slot])
}

async function assertOne(dependencies: FactDependencies, tx: Queryable, fact: NewFact, index: IndexChanges): Promise<FactOutcome> {
  const { keys, clock, newId } = dependencies
  const { projectId, scope, kind } = fact
  const evidence = await evidenceOf(keys, tx, fact, fact.parents)
  if ("refused" in evidence) return { op: "refused", reason: evidence.refused }
  const key = await keys.held(tx, projectId, subjectOfScope(scope))
  const blank = { id: newId("mem"), scope, kind, createdAt: clock.now() }
  const slot = fact.slot === null ? null : slotHash(key, fact.slot)
  const hash = contentHash(key, ["fact", fact.text.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ").trim()])
  const memory = slot === null ? { ...blank, slot } : await memories.lockSlot(tx, projectId, { ...blank, slot })
  const [head] =
    slot === null
      ? await memoryVersions.headsWithContent(tx, projectId, scope, hash)
      : await memoryVersions.headsOf(tx, projectId, [memory.id])
  const label = fact.label === undefined ? evidence.label : joinLabels([evidence.label, fact.label])
  const weighed: Weighed = { fact, evidence: { ...evidence, label }, key, memory, head, hash }
  return write(dependencies, tx, weighed, await verdictOn(tx, weighed), index)
}

interface Weighed {
  fact: NewFact
  evidence: Evidence
  key: DataKey
  memory: StoredMemory
  head: StoredVersion | undefined
  hash: string
}

async function verdictOn(tx: Queryable, { fact, evidence, memory, head, hash }: Weighed): Promise<Verdict> {
  const withdrawn = head === undefined && fact.slot !== null ? await memoryVersions.lastRetracted(tx, fact.projectId, memory.id) : undefined
  return reconcile(
    head && { ...head, since: sinceOf(head) },
    withdrawn && {
      ...withdrawn,
      integrity: withdrawn.endedIntegrity ?? withdrawn.integrity,
      since: withdrawn.replacedFrom ?? sinceOf(withdrawn),
    },
    {
      op: fact.op,
      integrity: evidence.label.integrity,
      since: fact.validFrom ?? evidence.since,
      contentHash: hash,
      validTo: fact.validTo ?? null,
      refines: fact.refines === true,
      isUnclear: fact.isUnclear === true,
    },
  )
}

function sinceOf({ validFrom, recordedAt }: StoredVersion): number {
  return validFrom ?? recordedAt
}

async function write(
  dependencies: FactDependencies,
  tx: Queryable,
  weighed: Weighed,
  verdict: Verdict,
  index: IndexChanges,
): Promise<FactOutcome> {
  const { fact, evidence, memory, head } = weighed
  const { projectId } = fact
  if (verdict === "unheard") return { op: "unheard" }
  if (verdict === "known" && head !== undefined) return addSupport(dependencies, tx, weighed, head)
  const now = dependencies.clock.now()
  const since = fact.validFrom ?? evidence.since
  if (verdict === "retract" && head !== undefined) {
    await end(dependencies.keys, tx, weighed, head, { by: "retract", now, replacedFrom: since }, index)
    return { op: "retract", memoryId: memory.id, versionId: head.id }
  }
  if (verdict === "contradict") {
    const [same] = (await memoryVersions.claimsBeside(tx, projectId, memory.id)).filter(({ contentHash: hash }) => hash === weighed.hash)
    if (same !== undefined) return addSupport(dependencies, tx, weighed, same)
  }
  if ((verdict === "supersede" || verdict === "refine") && head !== undefined) {
    await end(dependencies.keys, tx, weighed, head, { by: verdict, now, replacedFrom: verdict === "supersede" ? since : null }, index)
  }
  if (fact.slot === null && head === undefined) await memories.insertMemory(tx, projectId, memory)
  const memoryId = fact.slot === null && head !== undefined ? head.memoryId : memory.id
  const version = versionOf(dependencies, weighed, verdict, memoryId)
  await memoryVersions.insertVersion(tx, projectId, version)
  await derivations.insertDerivations(
    tx,
    projectId,
    evidence.parents.map((parent) => ({ ...parent, child: version.id })),
  )
  await askPerson(dependencies, tx, weighed, version)
  if (evidence.parents.length > 1 && verdict !== "older") await proposeConfirmation(dependencies, tx, projectId, version)
  if (verdict !== "contradict") index.add(projectId, { ...version, kind: memory.kind }, fact.text)
  return { op: verdict, memoryId, versionId: version.id }
}

async function end(
  keys: DataKeys,
  tx: Queryable,
  { fact, evidence }: Weighed,
  head: StoredVersion,
  ending: { by: "retract" | "supersede" | "refine"; now: number; replacedFrom: number | null },
  index: IndexChanges,
): Promise<void> {
  const [entry] = await readRows(keys, tx, fact.projectId, [{ version: head }])
  await memoryVersions.endVersions(tx, fact.projectId, [head.id], { ...ending, integrity: evidence.label.integrity })
  index.end(fact.projectId, head, entry?.text ?? null)
}

/** The same again: one more parent, unless that would be one that is trusted less than what rests on it. */
async function addSupport(
  dependencies: FactDependencies,
  tx: Queryable,
  { fact, evidence }: Weighed,
  version: StoredVersion,
): Promise<FactOutcome> {
  if (evidence.label.integrity >= version.integrity) {
    await derivations.insertDerivations(
      tx,
      fact.projectId,
      evidence.parents.map((parent) => ({ ...parent, child: version.id })),
    )
    await proposeConfirmation(dependencies, tx, fact.projectId, version)
  }
  return { op: "known", memoryId: version.memoryId, versionId: version.id }
}

function versionOf(
  { clock, newId, claimLifeMs = claimLifeMsDefault }: FactDependencies,
  { fact, evidence, key, head, hash }: Weighed,
  verdict: Verdict,
  memoryId: string,
): NewVersion {
  const { projectId, scope, text, data, slot, principal } = fact
  const id = newId("ver")
  const now = clock.now()
  const isOlder = verdict === "older"
  const { label } = evidence
  const body: VersionBody = { text, ...(data === undefined ? {} : { data }), ...(slot === null ? {} : { slot }) }
  return {
    id,
    memoryId,
    scope,
    keyId: key.id,
    contentHash: hash,
    principal,
    body: sealBody(key.bytes, projectId, id, body),
    validFrom: fact.validFrom ?? evidence.since,
    validTo: fact.validTo ?? null,
    recordedAt: now,
    expiredAt: isOlder ? now : null,
    endedBy: isOlder ? "supersede" : null,
    replacedFrom: isOlder && head !== undefined ? sinceOf(head) : null,
    op: verdict === "refine" || verdict === "supersede" || verdict === "contradict" ? verdict : "assert",
    supersedes: verdict === "refine" || verdict === "supersede" ? (head?.id ?? null) : null,
    head: verdict === "assert" || verdict === "refine" || verdict === "supersede",
    label: label as never, // a Label is plain JSON
    integrity: label.integrity,
    directive: isDirective(text),
    confidence: fact.confidence ?? 1,
    salience: fact.salience ?? 0.5,
    tokens: estimateTokens(text),
    runId: fact.runId ?? null,
    model: fact.model ?? null,
    promptHash: fact.promptHash ?? null,
    lapsesAt: label.integrity === 0 ? now + claimLifeMs : null,
    endedIntegrity: isOlder ? (head?.integrity ?? label.integrity) : null,
  }
}

/** What a person should look at. */
async function askPerson(
  { clock, newId }: FactDependencies,
  tx: Queryable,
  { fact }: Weighed,
  version: Pick<StoredVersion, "id" | "op" | "directive" | "integrity">,
): Promise<void> {
  const review = { scope: fact.scope, entryId: version.id, createdAt: clock.now() }
  const { projectId } = fact
  if (version.op === "contradict") await memoryReviews.insertReview(tx, projectId, { ...review, id: newId("rev"), reason: "contradiction" })
  if (version.directive && version.integrity < instructingLevel) {
    await memoryReviews.insertReview(tx, projectId, { ...review, id: newId("rev"), reason: "directive" })
  }
}
