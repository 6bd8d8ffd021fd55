// Gathers what a turn may need of its scopes (blocks, states, profiles, timelines, what is recalled for the question) and assembles it.
import type { JsonValue } from "../../core/index.ts"
import type { Blocks } from "../blocks/blocks.ts"
import type { AwaitChanges, ReadAfter } from "../changes/read-after.ts"
import type { Memories } from "../memory/memories-port.ts"
import type { RecallQuery } from "../memory/recall-query.ts"
import type { Entry, LeftOutReason } from "../memory/types.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { Search } from "../retrieval/search.ts"
import type { States } from "../state/states.ts"
import { assemble } from "./assemble.ts"
import { documentPieces } from "./document-pieces.ts"
import { fenced } from "./fences.ts"
import type { Assembly, AssemblyBudget, Piece, SectionName } from "./types.ts"

/** How memories are searched: of what time, by whose calendar, in which order. */
export type RecallManner = Pick<RecallQuery, "asOf" | "validAt" | "time" | "timeZone" | "hop" | "rerank" | "weights" | "diversity">

export interface AssemblyRequest extends AssemblyBudget, RecallManner {
  /** The first is the scope whose blocks and states stand in the context. */
  scopes: readonly string[]
  /** What memories are searched for; nothing is recalled for an empty one. */
  query: string
  limit: number
  lanes?: RecallQuery["lanes"]
  levelMin?: number
  /** Keys of the states that stand in the context. */
  states?: readonly string[]
  runId?: string
  /** Whose passages are searched for, too. */
  vectorStoreIds?: readonly string[] | undefined
  /** Wait until these changes of the scopes are committed. */
  readAfter?: ReadAfter | undefined
  /** Texts that stand before the model anyway. */
  shown?: readonly string[]
  /** How long the embedding of the question is waited for. */
  embedWaitMs?: number | undefined
}

/** `wordsOnly`: why vectors were not searched; null when they were, or nothing was. */
export type Assembled = Assembly & { withheld: number; passedOver: PassedOver[]; wordsOnly: string | null }

export interface Assembler {
  assemble(caller: MemoryCaller, request: AssemblyRequest, signal: AbortSignal): Promise<Assembled>
}

/** What was found and would only have repeated. */
export interface PassedOver {
  id: string
  version: string | null
  score: number
  reason: (typeof repeating)[number]
}

const repeating = ["shown", "repeats", "near_duplicate", "same_text"] as const satisfies LeftOutReason[]

export interface AssemblerDependencies {
  blocks: Pick<Blocks, "list">
  states: Pick<States, "get">
  memories: Pick<Memories, "recall" | "list" | "pinned">
  search: Search
  awaitChanges: AwaitChanges
}

const blocksMax = 50
const derivedMax = 20
const pinnedMax = 50

export function createAssembler(dependencies: AssemblerDependencies): Assembler {
  return {
    async assemble(caller, request, signal) {
      await dependencies.awaitChanges(caller, request.scopes, request.readAfter, signal)
      const standing = await Promise.all([
        blockPieces(dependencies, caller, request),
        statePieces(dependencies, caller, request),
        // Before the same entries that come for another reason.
        pinnedPieces(dependencies, caller, request),
        ...request.scopes.map((scope) => derivedPieces(dependencies, caller, scope)),
      ])
      const [{ pieces, ...told }, passages] = await Promise.all([
        recalledPieces(dependencies, caller, request, signal),
        documentPieces(dependencies.search, caller, request, signal),
      ])
      const wordsOnly = told.wordsOnly ?? passages.wordsOnly
      return { ...assemble(distinct([...standing.flat(), ...pieces, ...passages.pieces]), request), ...told, wordsOnly }
    },
  }
}

/** Chosen by nobody's question: all are wanted alike. */
const standingScore = 1

async function blockPieces({ blocks }: AssemblerDependencies, caller: MemoryCaller, { scopes }: AssemblyRequest): Promise<Piece[]> {
  const lists = await Promise.all(scopes.map((scope) => blocks.list(caller, scope, { limit: blocksMax })))
  return lists.flat().map(({ scope, path, version, text, label, description }) => ({
    section: "blocks",
    id: `block:${scope}/${path}`,
    version: String(version),
    text,
    label,
    score: standingScore,
    ...(description === null ? {} : { facts: { about: description } }),
  }))
}

async function statePieces(
  { states }: AssemblerDependencies,
  caller: MemoryCaller,
  { scopes, states: keys = [] }: AssemblyRequest,
): Promise<Piece[]> {
  const [scope] = scopes
  if (scope === undefined) return []
  const found = await Promise.all(keys.map((key) => states.get(caller, scope, key)))
  return found.map(({ key, version, value, label }) => ({
    section: "state",
    id: `state:${scope}/${key}`,
    version: String(version),
    text: JSON.stringify(value satisfies JsonValue, null, 1),
    label,
    score: standingScore,
  }))
}

async function derivedPieces({ memories }: AssemblerDependencies, caller: MemoryCaller, scope: string): Promise<Piece[]> {
  const list = await memories.list(caller, { scope, kinds: ["profile", "timeline"], limit: derivedMax })
  return list.flatMap((entry) => pieceOf(entry, entry.kind === "timeline" ? "timeline" : "profile", standingScore))
}

async function pinnedPieces({ memories }: AssemblerDependencies, caller: MemoryCaller, request: AssemblyRequest): Promise<Piece[]> {
  const { scopes, levelMin, runId } = request
  const entries = await memories.pinned(caller, { scopes, levelMin, runId, limit: pinnedMax })
  const pieces = entries.flatMap((entry) => {
    const { kind } = entry
    return pieceOf(entry, kind === "profile" || kind === "timeline" ? kind : sectionOf(entry), standingScore)
  })
  return pieces.map((piece) => ({ ...piece, pinned: true }))
}

async function recalledPieces(
  { memories }: AssemblerDependencies,
  caller: MemoryCaller,
  { query, scopes, limit, budgetTokens, lanes, levelMin, runId, shown, embedWaitMs, ...rest }: AssemblyRequest,
  signal: AbortSignal,
): Promise<{ pieces: Piece[] } & Omit<Assembled, keyof Assembly>> {
  if (query.trim() === "") return { pieces: [], withheld: 0, passedOver: [], wordsOnly: null }
  const { asOf, validAt, time, timeZone, hop, rerank, weights, diversity } = rest
  const narrowed = { ...(lanes === undefined ? {} : { lanes }), ...(levelMin === undefined ? {} : { levelMin }) }
  const asked = {
    query,
    scopes,
    limit,
    budgetTokens,
    shown,
    embedWaitMs,
    explain: true,
    asOf,
    validAt,
    time,
    timeZone,
    hop,
    rerank,
    weights,
    diversity,
    ...narrowed,
    ...(runId === undefined ? {} : { runId }),
  }
  const { entries, leftOut, withheld, wordsOnly } = await memories.recall(caller, asked, signal)
  const best = Math.max(...entries.map(({ score }) => score), Number.MIN_VALUE)
  const pieces = entries.flatMap((entry) => pieceOf(entry, sectionOf(entry), Math.max(0, entry.score / best)))
  const passedOver = leftOut.flatMap(({ id, versionId: version, score, reason: why }) => {
    const reason = repeating.find((each) => each === why)
    return reason === undefined ? [] : [{ id, version, score, reason }]
  })
  return { pieces, withheld, passedOver, wordsOnly }
}

function sectionOf({ kind }: Entry): SectionName {
  return kind === "episode" ? "quotes" : "facts"
}

/** A memory between fences that say what it is; what a model is shown of it outside of an assembly. */
export function fencedEntry(entry: Entry): string {
  return pieceOf(entry, sectionOf(entry), 0).map(fenced).join("\n")
}

function pieceOf({ id, versionId, lane, text, speaker, label, occurredAt }: Entry, section: SectionName, score: number): Piece[] {
  if (text === null) return []
  const facts = {
    lane,
    ...(speaker === null ? {} : { speaker }),
    ...(occurredAt === null ? {} : { at: new Date(occurredAt).toISOString().slice(0, 10) }),
  }
  return [{ section, id, version: versionId, text, label, score, facts }]
}

/** A profile that the question finds too stands where it stands always. */
function distinct(pieces: readonly Piece[]): Piece[] {
  const seen = new Set<string>()
  return pieces.filter(({ id, version }) => {
    const key = version === null || !id.startsWith("mem") ? id : version
    return !seen.has(key) && Boolean(seen.add(key))
  })
}
