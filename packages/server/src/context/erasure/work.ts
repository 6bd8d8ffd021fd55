// The durable run of an erasure: entries, tables, keys, files and log, proof, receipt; each step may be repeated after a crash.
import { createHash } from "node:crypto"
import { AppError, canonicalJson, isJsonObject, type JsonValue } from "../../core/index.ts"
import type { RunContext, RunDefinition, StepContext } from "../../runs/index.ts"
import { clientTextOpener, type KeyWrapping, type OpenClientText, type Sealer } from "../../security/index.ts"
import {
  dataKeys,
  erasures,
  erasureTargets,
  limitUsers,
  traces,
  type Queryable,
  type Scrubbed,
  type StoredErasure,
} from "../../store/index.ts"
import { subjectOfScope, type DataKeys } from "../memory/data-keys.ts"
import { historyScopeId, memoryScopeId } from "../memory/index-scopes.ts"
import { eraseEntryPage, eraseSourcePage, type EntryDependencies, type EntryPage, type PageOutcome } from "./entries.ts"
import { eraseFilePage, isOfFile } from "./files.ts"
import { parseScope } from "../scopes/scope-name.ts"
import { remainsOf } from "./remains.ts"
import { scrubStep, verifyStep, type ScrubDependencies } from "./scrub-steps.ts"
import { eraseFromSealed, eraseFromTables } from "./tables.ts"
import { keptTexts, keySubject, queried, queryMark, searchFor, type CollectedTexts, type Search } from "./texts.ts"
import {
  addEntries,
  addRows,
  addScrub,
  isClean,
  isWorthAnotherPass,
  noCounts,
  type ErasureCounts,
  type ErasureReceipt,
  type ErasureTarget,
  type Verification,
} from "./types.ts"

export const erasureRunName = "memory/erase"

export interface ErasureWorkDependencies extends EntryDependencies, ScrubDependencies {
  keys: DataKeys
  /** Opens what is sealed into what clients keep. */
  sealer: Sealer
  wrapping?: KeyWrapping | undefined
  /** Answers that processes keep in memory may hold the text. */
  dropCaches: () => void
}

export function erasureDefinition(dependencies: ErasureWorkDependencies): RunDefinition {
  return {
    kind: "memory",
    name: erasureRunName,
    version: "1",
    style: "replay",
    execute: async (context, input) => {
      const erasure = await erasureOf(dependencies, context, input)
      const work = new ErasureWork(dependencies, context, erasure)
      try {
        return await (erasure.dryRun ? work.plan() : work.erase())
      } catch (error) {
        // A crash or a lost lease is not its end: somebody goes on with it.
        if (!context.signal.aborted) await work.fail()
        throw error
      }
    },
  }
}

async function erasureOf({ store }: ErasureWorkDependencies, context: RunContext, input: JsonValue): Promise<StoredErasure> {
  const id = isJsonObject(input) ? input["erasureId"] : undefined
  const { projectId } = context.run
  const erasure = typeof id === "string" ? await erasures.findErasure(store.project(projectId), projectId, id) : undefined
  if (erasure === undefined) throw new AppError("not_found", "The input of this run names `erasureId`, an erasure of the project.")
  return erasure
}

const passesMax = 2

class ErasureWork {
  readonly #dependencies: ErasureWorkDependencies
  readonly #context: RunContext
  readonly #erasure: StoredErasure
  readonly #projectId: string
  readonly #opened: OpenClientText

  constructor(dependencies: ErasureWorkDependencies, context: RunContext, erasure: StoredErasure) {
    this.#dependencies = dependencies
    this.#context = context
    this.#erasure = erasure
    this.#projectId = context.run.projectId
    this.#opened = clientTextOpener(dependencies.sealer, context.run.projectId)
  }

  /** Counts, and changes nothing. Texts are only ever in this process's memory, so it is one step. */
  async plan(): Promise<JsonValue> {
    const { store } = this.#dependencies
    const receipt = await this.#context.step(
      "plan",
      async () => {
        const target = await this.#target()
        const collected: CollectedTexts[] = target.kind === "query" ? [queried(target)] : []
        const counts = noCounts()
        for (const read of [eraseEntryPage, eraseSourcePage, eraseFilePage]) {
          for (let after: string | null = ""; after !== null;) {
            const page: PageOutcome = await store
              .project(this.#projectId)
              .transaction((tx) => read(this.#dependencies, tx, { ...this.#page(target, after ?? ""), apply: false }))
            addEntries(counts, page)
            collected.push(page.collected)
            after = page.next
          }
        }
        const search = searchFor(collected, target.kind === "query", this.#opened)
        await this.#tables(counts, target, search, false)
        counts.cachedAnswers = await traces.countCachedAnswers(store.project(this.#projectId), this.#projectId)
        return { counts, shortTexts: search.shortTexts, verified: null, remains: [] } as unknown as JsonValue // plain numbers and texts
      },
      { effect: "read" },
    )
    await this.#finish(receipt as unknown as ErasureReceipt, "completed")
    return receipt
  }

  async erase(): Promise<JsonValue> {
    const counts = noCounts()
    const target = await this.#target()
    const keyIds = new Set<string>()
    for (const [name, erase] of [
      ["entries", eraseEntryPage],
      ["sources", eraseSourcePage],
      ...(isOfFile(target) ? ([["file", eraseFilePage]] as const) : []),
    ] as const) {
      let after: string | null = ""
      for (let page = 0; after !== null; page++)
        after = await this.#entryPage(`${name}:${page}`, erase, this.#page(target, after), counts, keyIds)
    }
    if (target.kind === "scope") await this.#scope(target.name, counts)
    let verified: Verification | undefined
    let scrubbed: Scrubbed | undefined
    for (let pass = 0; pass < passesMax && (verified === undefined || isWorthAnotherPass(verified)); pass++) {
      await this.#tablesStep(pass, target, counts)
      if (pass === 0) counts.keys = await this.#keys(target, [...keyIds])
      scrubbed = await scrubStep(this.#dependencies, this.#context, `scrub:${pass}`)
      verified = await this.#verify(pass, target, scrubbed)
    }
    const shortTexts = await this.#shortTexts(target)
    if (verified !== undefined) addScrub(verified, await this.#forgetTexts())
    const keyOutside = this.#dependencies.wrapping?.current ?? null
    const receipt = {
      counts,
      shortTexts,
      verified: verified ?? null,
      remains: remainsOf(this.#dependencies.store, target, { counts, verified, scrubbed, shortTexts, keyOutside }),
    }
    await this.#finish(receipt, verified !== undefined && isClean(verified) ? "completed" : "incomplete")
    return receipt as unknown as JsonValue // plain numbers and texts
  }

  async fail(): Promise<void> {
    const { store, clock, keys } = this.#dependencies
    await store.project(this.#projectId).transaction(async (tx) => {
      await erasures.endErasure(tx, this.#projectId, this.#erasure.id, {
        status: "failed",
        receipt: null,
        receiptHash: null,
        now: clock.now(),
      })
      await keys.destroy(tx, this.#projectId, keySubject(this.#erasure.id))
    })
  }

  #transact<T extends JsonValue>(key: string, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const within = ({ tx }: StepContext): Promise<T> => {
      if (tx === undefined) throw new AppError("server_error", "A transactional step has no transaction.")
      return work(tx)
    }
    return this.#context.step(key, within, { effect: "transactional" })
  }

  #page(target: ErasureTarget, after: string): EntryPage {
    const { principal, id } = this.#erasure
    return { projectId: this.#projectId, principal, erasureId: id, target, apply: true, after }
  }

  /** The text of a query lies with the other texts; once these are gone there is nothing left to do with it. */
  async #target(): Promise<ErasureTarget> {
    const { targetKind, target, withinScope, id } = this.#erasure
    if (targetKind !== "query") return { kind: targetKind, name: target ?? "" }
    const kept = await keptTexts(this.#dependencies, this.#dependencies.store.project(this.#projectId), this.#projectId, id)
    return {
      kind: "query",
      name: kept.find(({ runIds }) => runIds[0] === queryMark)?.texts[0] ?? "",
      withinScope: withinScope ?? undefined,
    }
  }

  async #search(target: ErasureTarget): Promise<Search> {
    const kept = await keptTexts(this.#dependencies, this.#dependencies.store.project(this.#projectId), this.#projectId, this.#erasure.id)
    return searchFor(kept, target.kind === "query", this.#opened)
  }

  async #entryPage(
    key: string,
    erase: (dependencies: EntryDependencies, tx: Queryable, page: EntryPage) => Promise<PageOutcome>,
    page: EntryPage,
    counts: ErasureCounts,
    keyIds: Set<string>,
  ): Promise<string | null> {
    const outcome = await this.#transact(key, async (tx) => {
      const { next, counts: erased, keyIds: under } = await erase(this.#dependencies, tx, page)
      return { next, counts: erased, keyIds: under }
    })
    addEntries(counts, outcome)
    for (const id of outcome.keyIds) keyIds.add(id)
    return outcome.next
  }

  async #scope(scope: string, counts: ErasureCounts): Promise<void> {
    const erased = await this.#transact("scope", async (tx) => {
      const texts = await erasureTargets.deleteScopeTexts(tx, this.#projectId, scope)
      for (const scopeId of [historyScopeId(scope), memoryScopeId(scope)])
        await this.#dependencies.index.removeScope(tx, { projectId: this.#projectId, scopeId })
      return texts
    })
    counts.blocks += erased.blocks
    counts.states += erased.states
  }

  async #tablesStep(pass: number, target: ErasureTarget, counts: ErasureCounts): Promise<void> {
    const { store, dropCaches } = this.#dependencies
    const found = await this.#context.step(
      `tables:${pass}`,
      async () => {
        const own = noCounts()
        await this.#tables(own, target, await this.#search(target), true)
        own.cachedAnswers = await traces.deleteCachedAnswers(store.project(this.#projectId), this.#projectId)
        dropCaches()
        return own as unknown as JsonValue // plain numbers
      },
      { effect: "idempotent", retries: 2 },
    )
    const { blocks, states, files, cachedAnswers, rows } = found as unknown as ErasureCounts
    counts.blocks += blocks
    counts.states += states
    counts.files += files
    counts.cachedAnswers += cachedAnswers
    addRows(counts.rows, rows)
  }

  async #tables(counts: ErasureCounts, target: ErasureTarget, search: Search, apply: boolean): Promise<void> {
    const pass = { projectId: this.#projectId, search, apply, isPlan: !apply, keepsFiles: isOfFile(target) }
    const sealed = await eraseFromSealed(this.#dependencies, pass)
    const { blocks = 0, states = 0, ...versions } = sealed
    counts.blocks += blocks
    counts.states += states
    const { rows, files } = await eraseFromTables(this.#dependencies, pass)
    counts.files += files.length
    addRows(counts.rows, { ...rows, ...versions })
    const { store } = this.#dependencies
    const apart = await store
      .project(this.#projectId)
      .transaction((tx) => limitUsers.eraseUsers(tx, this.#projectId, usersOf(target), apply))
    addRows(counts.rows, apart)
  }

  /** Keys that protect nothing any more, and that of the subject or scope which is erased. */
  async #keys(target: ErasureTarget, keyIds: readonly string[]): Promise<number> {
    const { keys } = this.#dependencies
    return await this.#transact("keys", async (tx) => {
      await erasureTargets.deleteRests(tx, this.#projectId)
      const own = target.kind === "scope" ? await dataKeys.liveKey(tx, this.#projectId, subjectOfScope(target.name)) : undefined
      const candidates = own === undefined ? keyIds : [...keyIds, own.id]
      await dataKeys.lockDataKeys(tx, this.#projectId, candidates)
      const subjects = new Set(await erasureTargets.subjectsWithoutData(tx, this.#projectId, candidates))
      if (target.kind === "subject") subjects.add(target.name)
      for (const subject of subjects) await keys.destroy(tx, this.#projectId, subject)
      return subjects.size
    })
  }

  #verify(pass: number, target: ErasureTarget, scrubbed: Scrubbed): Promise<Verification> {
    const searched = async () => ({ projectId: this.#projectId, search: await this.#search(target), keepsFiles: isOfFile(target) })
    return verifyStep(this.#dependencies, this.#context, `verify:${pass}`, { pass: searched, scrubbed })
  }

  #shortTexts(target: ErasureTarget): Promise<number> {
    return this.#context.step("short", async () => (await this.#search(target)).shortTexts, { effect: "read" })
  }

  /** What was looked for is itself what shall vanish: texts and their key go, then what is left of both in files and log. */
  async #forgetTexts(): Promise<Scrubbed> {
    await this.#transact("texts", async (tx) => {
      await erasures.deleteTexts(tx, this.#projectId, this.#erasure.id)
      await this.#dependencies.keys.destroy(tx, this.#projectId, keySubject(this.#erasure.id))
      return null
    })
    return await scrubStep(this.#dependencies, this.#context, "scrub:texts", ["erasure_texts", "data_keys"])
  }

  async #finish(receipt: ErasureReceipt, status: "completed" | "incomplete"): Promise<void> {
    const { clock, keys } = this.#dependencies
    const { id, targetKind, target, createdAt } = this.#erasure
    await this.#transact("finish", async (tx) => {
      const now = clock.now()
      const signed = canonicalJson({ id, targetKind, target, createdAt, finishedAt: now, receipt: receipt as unknown as JsonValue })
      const receiptHash = createHash("sha256").update(signed).digest("hex")
      await erasures.endErasure(tx, this.#projectId, id, { status, receipt: receipt as unknown as JsonValue, receiptHash, now })
      await keys.destroy(tx, this.#projectId, keySubject(id))
      return null
    })
  }
}

/** Whom limits and alerts may name: a query is looked for in their texts as in all others. */
function usersOf({ kind, name }: ErasureTarget): readonly string[] {
  if (kind === "subject") return [name]
  return kind === "scope" ? parseScope(name).users : []
}
