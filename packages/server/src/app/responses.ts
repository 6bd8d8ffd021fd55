// Responses and compaction, constructed over the kernel, inference, context and tools.
import { costOf, priceListOf, type Admission, type Records } from "../accounting/index.ts"
import {
  blockCommands,
  contextAssembler,
  conversationItems,
  createCompaction,
  createMessagesCompaction,
  createResponses,
  memoryTool,
  responseRun,
  searchDocuments,
  turnKeeper,
  type Attachments,
  type CallCache,
  type Compact,
  type CompactMessages,
  type OpenGuards,
  type ContextWindowOf,
  type CostOf,
  type Responses,
} from "../agents/index.ts"
import { readAttachment, type ActingCaller, type ContextServices } from "../context/index.ts"
import { AppError } from "../core/index.ts"
import { speaksResponses, type Deployment, type ModelCall, type TokenCount } from "../inference/index.ts"
import type { ModelCache } from "../http/index.ts"
import type { Run, Runs } from "../runs/index.ts"
import { requireModel, type Gate, type Identity, type Principal, type Sealer } from "../security/index.ts"
import { createArgumentChecker, createToolGate, createToolRegistry, type Tool } from "../tools/index.ts"
import { admitModelCalls } from "./admitted-model.ts"
import type { Inference } from "./inference.ts"
import { extractiveModel, type Shared } from "./services.ts"

/** Longer than the flush between a response's last event and the end of its run; short for a client that is refused. */
const endGraceMs = 2_000

/** The run as it ended, or as it was when it does not end soon. */
export function endOf(runs: Pick<Runs, "ended">, run: Run): Promise<Run> {
  return runs.ended(run.projectId, run.id, AbortSignal.timeout(endGraceMs)).catch(() => run)
}

export interface ResponseParts {
  runs: Runs
  inference: Inference
  context: ContextServices
  gate: Gate
  records: Records
  admission: Admission
  identity: Identity
  sealer: Sealer
  tools: readonly Tool[]
  guardsNow?: () => OpenGuards | undefined
  cache?: ModelCache
}

export function composeResponses(
  shared: Shared,
  parts: ResponseParts,
): { responses: Responses; compact: Compact; compactMessages: CompactMessages } {
  const { runs, inference, context, gate, records, admission, identity, sealer } = parts
  const price: CostOf = ({ deployment, usage }) => {
    const known = inference.prices.priceOf(deployment)
    return { ...costOf(usage, known), priceList: priceListOf(usage, known) }
  }
  const common = {
    ...shared,
    sealer,
    loadRun: (projectId: string, runId: string) => runs.get(projectId, runId),
    awaitEnd: (run: Run) => endOf(runs, run),
    attachments: attachmentsOf(shared, context),
    conversations: conversationItems(context.conversations),
    chainResponsesMax: shared.limits.chainResponsesMax,
    cancelWaitMs: shared.limits.cancelWaitMs,
    tools: createToolRegistry(parts.tools, { memoryOf: (scope, user) => memoryTool(blockCommands(context.blocks), scope, user) }),
    callModel: admitModelCalls({ ...shared, ...inference, admission, identity }),
    guardsNow: parts.guardsNow,
    callCache: parts.cache && callCacheOf(shared, parts.cache, inference),
    quotesPassages: (model: string) => inference.models.get(model)?.deployments[0]?.id === extractiveModel,
    costOf: price,
    speaksResponses: (name: string) => inference.models.get(name)?.deployments.some(speaksResponses) === true,
    requireModel: (name: string, { scope }: Principal) => void inference.models.require(name, "chat", scope?.allowsModel),
    requireRanker: (ranker: string, principal: Principal, param: string): void => {
      const model = context.rankers.modelNamed(ranker, { param, mayBeNamed: principal.scope?.allowsModel })
      if (model !== null) requireModel(principal, model)
    },
    requireVectorStore: (caller: ActingCaller, id: string) => context.vectorStores.get(caller, id),
    contextWindowOf: (model: string) => contextWindow(inference.models.get(model)?.deployments ?? []),
    countTokens: (call: ModelCall, signal: AbortSignal) => countOfModel(inference, call, signal),
    recordLightRun: (record: Parameters<Records["add"]>[0]) => void records.add(record),
  }
  const callTool = createToolGate({ gate, checkArguments: createArgumentChecker() })
  const memory = { assembleContext: contextAssembler(context.assembler, gate), rememberTurns: turnKeeper(context.memories, gate) }
  const { turnsMax, stepOutputBytesMax } = shared.limits
  const bounds = { turnsMax, outputBytesMax: stepOutputBytesMax }
  runs.define(responseRun({ ...common, ...memory, ...bounds, callTool, search: searchDocuments(context.search) }))
  return {
    responses: createResponses({ ...common, runs }),
    compact: createCompaction(common),
    compactMessages: createMessagesCompaction(common),
  }
}

/** Stored files, for requests that name them by their ids. */
export function attachmentsOf({ limits }: Shared, { files }: Pick<ContextServices, "files">): Attachments {
  return {
    readAttachment: (caller, id, bytesMax) => readAttachment(files, caller, id, bytesMax),
    attachedBytesMax: limits.attachedBytesMax,
  }
}

export function callCacheOf({ limits }: Pick<Shared, "limits">, cache: ModelCache, { models }: Pick<Inference, "models">): CallCache {
  const byId = (deployments: readonly Deployment[], id: string): Deployment | undefined => deployments.find((each) => each.id === id)
  return {
    answers: cache.answers,
    policyOf: (model) => cache.policyOf(model),
    limits,
    modelNamed: (name) => models.get(name)?.name ?? name,
    // One of a fallback is another model's.
    deploymentOf: (model, id) => {
      const own = byId(models.get(model)?.deployments ?? [], id)
      return (
        own ??
        byId(
          models.list().flatMap(({ deployments }) => deployments),
          id,
        )
      )
    },
  }
}

/** Of the deployments that chat; not known where one of them does not say. */
export function contextWindow(deployments: readonly Deployment[]): ReturnType<ContextWindowOf> {
  const known = deployments.filter(({ does }) => does.chat).map(({ contextTokensMax }) => contextTokensMax)
  const sizes = known.filter((tokens) => tokens !== null)
  return sizes.length === 0 || sizes.length < known.length ? undefined : { leastTokens: Math.min(...sizes), mostTokens: Math.max(...sizes) }
}

/** Deployments of one model have one tokenizer: that of the first which chats. */
function countOfModel({ models, tokenCounter }: Inference, call: ModelCall, signal: AbortSignal): Promise<TokenCount> {
  const [deployment] = models.require(call.model, "chat").deployments.filter(({ does }) => does.chat)
  if (!deployment) throw new AppError("model_not_found", `the model "${call.model}" has no deployment`, { param: "model" })
  return tokenCounter.count(call, deployment, signal)
}
