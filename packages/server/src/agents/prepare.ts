// A request before there is a run: its items get their ids, references are looked up, and everything that can be refused is refused.
import type { ActingCaller } from "../context/index.ts"
import { AppError } from "../core/index.ts"
import type { ModelMessage } from "../inference/index.ts"
import type { Run } from "../runs/index.ts"
import { joinLabels, type Principal } from "../security/index.ts"
import type { ToolRegistry } from "../tools/index.ts"
import { withAttachments } from "./attachments.ts"
import {
  callerOf,
  loadContext,
  loadRunFor,
  previousNotFound,
  rememberingRuns,
  requestOf,
  storedItem,
  storedResponse,
  type ChainSources,
} from "./chain.ts"
import { reasoningOpener } from "./kept-reasoning.ts"
import { assertPaired, isUnderstood, messagesOf } from "./messages.ts"
import { itemId, responseIdOf } from "./response-object.ts"
import { withSealedTools } from "./sealed-tools.ts"
import { openSummary } from "./summary.ts"
import { flatToolsOf, offeredTools, type OfferedTools, refuseUnknownTools } from "./tool-choice.ts"
import type { FileSearchSettings } from "./declared-tools.ts"
import type { LabelledItem, NewItem, NewResponse, ResponseItem, ResponseRequest } from "./types.ts"

export interface PrepareDependencies extends ChainSources {
  readonly tools: ToolRegistry
  /** Throws `model_not_found` or says that the model cannot chat. */
  readonly requireModel: (name: string, principal: Principal) => void
  /** Throws for a ranker that stands for nothing, or for a model that the principal may not use. */
  readonly requireRanker: (ranker: string, principal: Principal, param: string) => void
  /** Whether a deployment of the model can be given what only Responses have. */
  readonly speaksResponses: (model: string) => boolean
  /** Throws `not_found` for one that the caller does not reach. */
  readonly requireVectorStore: (caller: ActingCaller, id: string) => Promise<unknown>
}

export interface Prepared {
  readonly request: ResponseRequest
  readonly context: readonly LabelledItem[]
  readonly messages: readonly ModelMessage[]
  readonly tools: OfferedTools
  readonly label: Run["label"]
}

export async function prepare(
  dependencies: PrepareDependencies,
  principal: Principal,
  request: NewResponse,
  runId: string,
): Promise<Prepared> {
  const { complete, items, offered } = await gather(dependencies, principal, request, runId)
  const plain = items.map(({ item }) => item)
  assertPaired(plain)
  const messages = messagesOf(
    complete.instructions,
    await withAttachments(dependencies.attachments, callerOf({ projectId: principal.projectId, principal: principal.id }, complete), plain),
    reasoningOpener(dependencies.sealer, principal.projectId),
    offered.flat,
  )
  return { request: complete, context: items, messages, tools: offered, label: joinLabels(items.map(({ label }) => label)) }
}

/** The request with its items, and everything that stands before its model. Calls may still be open. */
export async function gather(
  dependencies: PrepareDependencies,
  principal: Principal,
  request: NewResponse,
  runId: string,
): Promise<{ complete: ResponseRequest; items: LabelledItem[]; offered: OfferedTools }> {
  const { tools, requireModel } = dependencies
  const { projectId, id } = principal
  requireModel(request.model, principal)
  const loadRun = rememberingRuns(loadRunFor(dependencies.loadRun, principal.user))
  await requirePrevious(loadRun, projectId, request)
  const input: ResponseItem[] = []
  const speaksResponses = dependencies.speaksResponses(request.model)
  const refer = { loadRun, projectId, runId, understands: (item: NewItem): boolean => speaksResponses || isUnderstood(item) }
  // One after the other: what one request refers to may take its turn at the database, but not all places in its queue.
  for (const [index, item] of request.input.entries()) {
    if (item.type === "compaction_trigger" && index < request.input.length - 1) throw triggerNotLast(index)
    if (item.type === "compaction" && !openSummary(dependencies.sealer, projectId, item)) throw foreignSummary(index)
    input.push(await withId(refer, item, index))
  }
  const actsFor = principal.user === null ? {} : { acts_for: principal.user }
  const memory =
    request.memory === undefined ? {} : { memory: { ...request.memory, session: await sessionOf(loadRun, projectId, request, runId) } }
  const sealed = withSealedTools(dependencies.sealer, projectId, request.tools)
  const complete: ResponseRequest = { ...request, tools: sealed, input, ...actsFor, ...memory }
  const items = await loadContext(dependencies, { projectId, principal: id, request: complete })
  const plain = items.map(({ item }) => item)
  const offered = offeredTools(complete, tools, speaksResponses ? undefined : flatToolsOf(complete, plain, tools))
  if (!speaksResponses) refuseUnknownTools(complete, offered)
  const { fileSearch } = offered
  if (fileSearch) {
    requireRankerOf(dependencies, principal, fileSearch, complete.tools)
    await requireStores(dependencies, callerOf({ projectId, principal: id }, complete), fileSearch.vectorStoreIds, complete.tools)
  }
  return { complete, items, offered }
}

/** What is continued is the caller's to read; what that one continued was its own caller's. */
async function requirePrevious(loadRun: ChainSources["loadRun"], projectId: string, request: NewResponse): Promise<void> {
  const { previous_response_id: previous, carried } = request
  if (previous === null || carried !== undefined) return
  if (!(await storedResponse(loadRun, projectId, previous))) throw previousNotFound(previous, previous)
}

function requireRankerOf(
  { requireRanker }: PrepareDependencies,
  principal: Principal,
  { ranker }: FileSearchSettings,
  tools: NewResponse["tools"],
): void {
  const tool = tools.findLastIndex((each) => each["type"] === "file_search")
  if (ranker !== null) requireRanker(ranker, principal, `tools[${tool}].ranking_options.ranker`)
}

/** Of several searches only the last one is offered. */
async function requireStores(
  { requireVectorStore }: PrepareDependencies,
  caller: ActingCaller,
  ids: readonly string[],
  tools: NewResponse["tools"],
): Promise<void> {
  const tool = tools.findLastIndex((each) => each["type"] === "file_search")
  for (const [index, id] of ids.entries()) {
    try {
      await requireVectorStore(caller, id)
    } catch (error) {
      if (!(error instanceof AppError) || error.param === undefined) throw error
      const { code, message, hint } = error
      throw new AppError(code, message, { param: `tools[${tool}].vector_store_ids[${index}]`, ...(hint === undefined ? {} : { hint }) })
    }
  }
}

/** Messages of one conversation, or of one chain of responses, belong together. */
async function sessionOf(loadRun: ChainSources["loadRun"], projectId: string, request: NewResponse, runId: string): Promise<string> {
  if (request.conversation !== null) return request.conversation
  const { previous_response_id: previous } = request
  const before = previous === null ? undefined : await storedResponse(loadRun, projectId, previous)
  return (before && requestOf(before).memory?.session) ?? previous ?? responseIdOf(runId)
}

const inputPrefixes: Readonly<Record<string, string>> = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
  reasoning: "rs",
  compaction: "cmp",
  compaction_trigger: "cmpt",
}

function triggerNotLast(index: number): AppError {
  return new AppError("invalid_request", '"compaction_trigger" must be the last item of the input', {
    param: `input[${index}].type`,
    hint: "It compacts what stands before it, and nothing is answered.",
  })
}

function foreignSummary(index: number): AppError {
  return new AppError("invalid_request", "the compaction item was not made by this server for this project, or was changed", {
    param: `input[${index}].encrypted_content`,
    hint: "Send what POST /v1/responses/compact answered, as it was; or the items themselves.",
  })
}

interface Refer {
  loadRun: ChainSources["loadRun"]
  projectId: string
  runId: string
  understands: (item: NewItem) => boolean
}

async function withId({ loadRun, projectId, runId, understands }: Refer, item: NewItem, index: number): Promise<ResponseItem> {
  const given = typeof item["id"] === "string" && item["id"] !== "" ? item["id"] : undefined
  if (item.type === "item_reference") {
    const stored = given === undefined ? undefined : await storedItem(loadRun, projectId, given)
    if (stored) return stored.item
    throw new AppError("invalid_request", `Item with id "${given ?? ""}" not found`, {
      param: `input[${index}].id`,
      hint: "Items of responses with store: false are not kept; send the item itself.",
    })
  }
  if (!understands(item)) {
    throw new AppError(
      "unsupported_value",
      `Input items of type "${item.type}" are not supported by this model: none of its deployments speaks Responses`,
      {
        param: `input[${index}].type`,
        hint: "Ask for a model that is called by OpenAI's Responses, or use message, function_call, custom_tool_call, their outputs, reasoning, compaction, compaction_trigger or item_reference.",
      },
    )
  }
  return { ...item, id: given ?? itemId(inputPrefixes[item.type] ?? "item", runId, "input", index) }
}
