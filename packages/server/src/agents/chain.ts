// The context of a response: the items of the conversation or of the responses before it, then its own input, each with its label.
import type { ActingCaller } from "../context/index.ts"
import { AppError, canonicalJson, type JsonValue } from "../core/index.ts"
import type { Run } from "../runs/index.ts"
import type { Label, Sealer } from "../security/index.ts"
import type { Attachments } from "./attachments.ts"
import { clientItemLabel } from "./item-labels.ts"
import { itemPlace, responseIdOf, runIdOf } from "./response-object.ts"
import { expandSummaries, openSummary, sinceCompaction } from "./summary.ts"
import type { CarriedItem, LabelledItem, ResponseItem, ResponseOutcome, ResponseRequest } from "./types.ts"

export type LoadRun = (projectId: string, runId: string) => Promise<Run | undefined>

/** Items of stored conversations; absent where conversations are not composed in. */
export interface ConversationItems {
  /** Undefined for a conversation that the caller does not reach; with `write` it throws where the caller only reads it. */
  load(caller: ActingCaller, conversationId: string, right: "read" | "write"): Promise<readonly LabelledItem[] | undefined>
  /** Appending an item whose id is there already changes nothing. */
  append(projectId: string, conversationId: string, runId: string, items: readonly LabelledItem[]): Promise<void>
}

export interface ChainSources {
  readonly attachments: Attachments
  readonly loadRun: LoadRun
  /** Resolves with the run once it has ended, or as it is when that takes long: whoever read `response.completed` may be a flush ahead of the end. */
  readonly awaitEnd: (run: Run) => Promise<Run>
  readonly conversations: ConversationItems | undefined
  /** Opens what compaction sealed. */
  readonly sealer: Sealer
  readonly chainResponsesMax: number
}

export interface ChainRequest {
  readonly projectId: string
  readonly principal: string
  readonly request: ResponseRequest
}

/** Runs that were loaded last; items of one response stand together. */
const rememberedRunsMax = 16

/** Loads each run once for all of its items that follow each other: a request may name thousands. */
export function rememberingRuns(loadRun: LoadRun): LoadRun {
  const known = new Map<string, Promise<Run | undefined>>()
  return (projectId, runId) => {
    const key = `${projectId} ${runId}`
    const run = known.get(key) ?? loadRun(projectId, runId)
    known.set(key, run)
    const [oldest] = known.keys()
    if (known.size > rememberedRunsMax && oldest !== undefined) known.delete(oldest)
    return run
  }
}

/** Everything that the first turn reads, oldest first. */
export async function loadContext(given: ChainSources, { projectId, principal, request }: ChainRequest): Promise<LabelledItem[]> {
  const sources = { ...given, loadRun: rememberingRuns(given.loadRun) }
  const before = carriedOf(request) ?? (await loadBefore(sources, projectId, request))
  const shared =
    request.conversation === null
      ? []
      : await loadConversation(sources, callerOf({ projectId, principal }, request), request.conversation, "write")
  const own = await labelInput(sources, projectId, principal, request.input)
  return expandSummaries(sources.sealer, projectId, [...shared, ...before, ...own])
}

/** For whom a request reads what has an owner. */
export function callerOf({ projectId, principal }: Pick<Run, "projectId" | "principal">, request: ResponseRequest): ActingCaller {
  return { projectId, principal, user: request.acts_for ?? null }
}

/** A key that acts for an end user sees the runs that were made for them alone: a response is nothing that a project shares. */
export function loadRunFor(loadRun: LoadRun, user: string | null): LoadRun {
  if (user === null) return loadRun
  return async (projectId, runId) => {
    const run = await loadRun(projectId, runId)
    return run?.user === user ? run : undefined
  }
}

/** The input of the request itself, as it was sent. */
export function ownInput(sources: LabelSources, { projectId, principal, request }: ChainRequest): Promise<LabelledItem[]> {
  return labelInput(sources, projectId, principal, request.input)
}

/** What a connection holds of the responses before, which may not be stored. */
export function carriedOf({ carried }: ResponseRequest): readonly LabelledItem[] | undefined {
  return carried as readonly LabelledItem[] | undefined // written by `carry`
}

export function carry(items: readonly LabelledItem[]): CarriedItem[] {
  return items.map(({ item, label }) => ({ item, label: { ...label } }))
}

function loadBefore(sources: ChainSources, projectId: string, request: ResponseRequest): Promise<LabelledItem[]> | LabelledItem[] {
  return request.previous_response_id === null ? [] : loadChain(sources, projectId, request.previous_response_id)
}

/** Input and output of each response of the chain, in order. */
async function loadChain(sources: ChainSources, projectId: string, responseId: string): Promise<LabelledItem[]> {
  const { loadRun, awaitEnd, chainResponsesMax } = sources
  const links: LabelledItem[][] = []
  for (let id: string | null = responseId; id !== null;) {
    if (links.length >= chainResponsesMax) {
      throw new AppError("context_length_exceeded", `The chain of "${responseId}" is longer than ${chainResponsesMax} responses`, {
        param: "previous_response_id",
        hint: "Begin a new chain with what matters of this one as input.",
      })
    }
    const found = await storedResponse(loadRun, projectId, id)
    if (!found) throw previousNotFound(id, responseId)
    const run = found.finishedAt === null ? await awaitEnd(found) : found
    const items = await itemsOfRun(sources, run)
    const since = sinceCompaction(sources.sealer, projectId, items)
    links.push([...(since ?? items)])
    // What came before stands in its compaction.
    if (since) break
    const carried = carriedOf(requestOf(run))
    if (carried) links.push([...carried])
    id = carried ? null : requestOf(run).previous_response_id
  }
  return links.reverse().flat()
}

/** What whoever continues this response reads: everything before it, its input, its output. */
export async function contextAfter(sources: ChainSources, run: Run): Promise<LabelledItem[]> {
  const before = carriedOf(requestOf(run)) ?? (await loadBefore(sources, run.projectId, requestOf(run)))
  const items = [...before, ...(await itemsOfRun(sources, run))]
  return [...(sinceCompaction(sources.sealer, run.projectId, items) ?? items)]
}

/** All of it, also what was compacted since. */
export async function wholeContext(sources: ChainSources, run: Run): Promise<LabelledItem[]> {
  const request = requestOf(run)
  const shared = request.conversation === null ? [] : await loadConversation(sources, callerOf(run, request), request.conversation, "read")
  const before = carriedOf(request) ?? (await loadBefore(sources, run.projectId, request))
  return [...shared, ...before, ...(await itemsOfRun(sources, run))]
}

async function itemsOfRun(sources: LabelSources, run: Run): Promise<LabelledItem[]> {
  if (run.finishedAt === null) {
    throw new AppError("invalid_request", `The response "${responseIdOf(run.id)}" has not ended yet`, {
      param: "previous_response_id",
      hint: "Wait for it, or cancel it.",
    })
  }
  const request = requestOf(run)
  const input = await labelInput(sources, run.projectId, run.principal, request.input)
  const outcome = outcomeOf(run)
  const output = (outcome?.output ?? []).filter((item) => item["status"] !== "incomplete")
  return [...input, ...output.map((item) => ({ item, label: outcome?.label ?? run.label }))]
}

async function loadConversation(
  { conversations }: ChainSources,
  caller: ActingCaller,
  id: string,
  right: "read" | "write",
): Promise<readonly LabelledItem[]> {
  const items = await conversations?.load(caller, id, right)
  if (items) return items
  throw new AppError("not_found", `Conversation "${id}" was not found`, {
    param: "conversation",
    hint: "Create it with POST /v1/conversations.",
  })
}

type LabelSources = Pick<ChainSources, "loadRun" | "sealer">

/** An item that is ours by id and unchanged keeps its stored label, a summary that we sealed its own; any other is labelled as what a client sends. */
async function labelInput(
  { loadRun, sealer }: LabelSources,
  projectId: string,
  principal: string,
  items: readonly ResponseItem[],
): Promise<LabelledItem[]> {
  const labelled: LabelledItem[] = []
  for (const item of items) {
    const summary = item.type === "compaction" ? openSummary(sealer, projectId, item) : undefined
    const stored = itemPlace(item.id)?.side === "output" ? await storedItem(loadRun, projectId, item.id) : undefined
    const ours = stored && sameContent(stored.item, item)
    labelled.push({ item, label: summary?.label ?? (ours ? stored.label : clientItemLabel(item, principal)) })
  }
  return labelled
}

/** An item of an earlier response of the project, by its id. */
export async function storedItem(
  loadRun: LoadRun,
  projectId: string,
  id: string,
): Promise<{ item: ResponseItem; label: Label } | undefined> {
  const place = itemPlace(id)
  if (!place) return undefined
  const run = await storedResponse(loadRun, projectId, responseIdOf(place.runId))
  if (!run) return undefined
  if (place.side === "output") {
    const outcome = outcomeOf(run)
    const item = outcome?.output[place.index]
    return outcome && item?.id === id ? { item, label: outcome.label } : undefined
  }
  const item = requestOf(run).input[place.index]
  return item?.id === id ? { item, label: clientItemLabel(item, run.principal) } : undefined
}

/** The run of a response that may be read: `store: false` ones may not, once or while they run. */
export async function storedResponse(loadRun: LoadRun, projectId: string, responseId: string): Promise<Run | undefined> {
  const runId = runIdOf(responseId)
  const run = runId === undefined ? undefined : await loadRun(projectId, runId)
  return run?.kind === "response" && requestOf(run).store ? run : undefined
}

export function requestOf(run: Run): ResponseRequest {
  return run.input as ResponseRequest // runs of this kind are started with one
}

/** What the run returned; null while it runs and for failed or cancelled ones. */
export function outcomeOf(run: Run): ResponseOutcome | null {
  return run.output as unknown as ResponseOutcome | null // returned by the turn loop
}

/** The words count, not what clients may drop or add on the way. */
function sameContent(stored: ResponseItem, sent: ResponseItem): boolean {
  return canonicalJson(wordsOf(stored)) === canonicalJson(wordsOf(sent))
}

function wordsOf(item: ResponseItem): JsonValue {
  const content = item["content"]
  const words = Array.isArray(content)
    ? (content as readonly { type?: string; text?: string; refusal?: string }[]).map((part) => [
        part.type ?? null,
        part.text ?? part.refusal ?? null,
      ])
    : (content ?? null)
  const { type, role, name, call_id, arguments: args, input, output } = item
  return [type, role ?? null, name ?? null, call_id ?? null, args ?? input ?? null, output ?? null, words]
}

export function previousNotFound(id: string, asked: string): AppError {
  const which = id === asked ? `Previous response with id "${id}" not found` : `Response "${id}", which "${asked}" continues, was deleted`
  return new AppError("previous_response_not_found", which, {
    param: "previous_response_id",
    hint: "Responses with store: false and deleted ones cannot be continued; send their items as input.",
  })
}
