// The parts that responses need, composed for tests: store, kernel, context, models, gate and the routes on a real HTTP server.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { LightRunRecord } from "../accounting/index.ts"
import {
  blockCommands,
  contextAssembler,
  conversationItems,
  createCompaction,
  createResponses,
  memoryTool,
  responseRun,
  searchDocuments,
  turnKeeper,
  type CostOf,
  type OpenGuards,
  type Responses,
} from "../agents/index.ts"
import { createContext, type ActingCaller, type ContextServices, readAttachment } from "../context/index.ts"
import { BackgroundTasks, defaultLimits, newId, systemClock, type Limits } from "../core/index.ts"
import { createApi, createHttpServer } from "../http/index.ts"
import { responseRoutes, responsesSocket } from "../http/openai/responses/index.ts"
import {
  createAnswerCache,
  createCallModel,
  createModels,
  createPool,
  createTokenCounter,
  createTokenizer,
  createUpstreams,
  speaksResponses,
  type CachePolicy,
  type Deployment,
  type Embed,
  type Model,
  type ModelCall,
  type Models,
  type TokenCount,
  type Pool,
  type QuestionEmbedding,
} from "../inference/index.ts"
import { createExtractive, type NativeModel } from "../inference/providers/embedded/index.ts"
import { createRuns, type Run, type Runs } from "../runs/index.ts"
import { createGate, createIdentity, openSealer, type Grant, type Identity, type Principal } from "../security/index.ts"
import { callCacheOf, contextWindow, endOf } from "../app/responses.ts"
import { openStore, type Store } from "../store/index.ts"
import { copyMigrated } from "./database.ts"
import { memoryWithoutFacts } from "./memory-settings.ts"
import { createArgumentChecker, createToolGate, createToolRegistry, type Tool } from "../tools/index.ts"

export interface ResponsesServer extends AsyncDisposable {
  readonly url: string
  readonly projectId: string
  readonly apiKey: string
  readonly keyId: string
  readonly store: Store
  readonly runs: Runs
  readonly identity: Identity
  readonly context: ContextServices
  readonly responses: Responses
  /** What reached an error handler. */
  readonly errors: unknown[]
}

export interface ResponsesServerOptions {
  /** Base URL of a provider that serves the model `fake-model`. */
  readonly providerUrl?: string
  /** Beside `fake-model` and `perdure/extractive`. */
  readonly models?: readonly Model[]
  /** A micro-dollar for each token of output without it. */
  readonly costOf?: CostOf
  readonly dataDirectory?: string
  readonly limits?: Partial<Limits>
  readonly grants?: readonly Grant[]
  readonly tools?: readonly Tool[]
  readonly embed?: Embed
  /** Pause after each word of `perdure/extractive`. */
  readonly wordDelayMs?: number
  readonly fsync?: boolean
  /** What the kernel of runs has for its store. */
  readonly storeOfRuns?: (store: Store) => Store
  /** Takes the records of responses that are not stored; without it their runs stay, hidden. */
  readonly recordLightRun?: (record: LightRunRecord) => void
  readonly openGuards?: OpenGuards
  /** Answers are cached, those of models without a policy only where a request asks for it. */
  readonly cache?: { policyOf?: (model: string) => CachePolicy | undefined; embedding?: QuestionEmbedding }
}

const everything: Grant = { to: "*", allow: ["tool.read:*", "tool.call:*", "memory.write:*"], origin: "test" }
const projectId = "proj_default"

/** Each call meets a pool that remembers no failure: what tests make a provider do once must not decide about the next test. */
function forgetful(pool: Pool): Pick<Pool, "plan"> {
  return {
    plan: (...asked) => {
      pool.keep([])
      return pool.plan(...asked)
    },
  }
}

export async function startResponsesServer(options: ResponsesServerOptions = {}): Promise<ResponsesServer> {
  const cleanUps = new AsyncDisposableStack()
  const errors: unknown[] = []
  const onError = (...what: unknown[]): void => void errors.push(what)
  const limits = { ...defaultLimits, sameDeploymentRetriesMax: 0, ...options.limits }
  const shared = { clock: systemClock, newId, limits, onError }
  const dataDirectory = options.dataDirectory ?? (await temporaryDirectory(cleanUps))
  await copyMigrated(dataDirectory)
  const store = cleanUps.use(await openStore({ dataDirectory, limits, testing: { fsync: options.fsync ?? false } }))
  const identity = cleanUps.use(await createIdentity({ ...shared, store }))
  const runs = cleanUps.use(createRuns({ ...shared, store: options.storeOfRuns?.(store) ?? store }))
  const embed = options.embed ?? wordVectors
  const sealer = await openSealer(store)
  const context = cleanUps.use(
    createContext({ ...shared, store, runs, sealer, embedAs: () => embed, embedModel: "words", memory: memoryWithoutFacts }),
  )
  const extractive = createExtractive({
    ...shared,
    embed,
    countTokens,
    ...(options.wordDelayMs ? { wordDelayMs: options.wordDelayMs } : {}),
  })
  const models = modelsOf(extractive, options)
  const upstreams = cleanUps.use(createUpstreams({ limits }))
  const natives = new Map([[extractive.deployment.id, extractive]])
  const callModel = createCallModel({ ...shared, models, pool: forgetful(createPool({ ...shared, models })), upstreams, natives })
  const tokenCounter = cleanUps.use(createTokenCounter({ tokenizer: createTokenizer(shared), natives }))
  const countCall = (call: ModelCall, signal: AbortSignal): Promise<TokenCount> => {
    const deployment = models.require(call.model).deployments[0]
    if (!deployment) throw new Error(`no deployment of ${call.model}`)
    return tokenCounter.count(call, deployment, signal)
  }
  const runCommand = blockCommands(context.blocks)
  const tools = createToolRegistry(options.tools ?? [], { memoryOf: (scope, user) => memoryTool(runCommand, scope, user) })
  const gate = createGate({ grants: options.grants ?? [everything] })
  const sources = {
    attachments: {
      readAttachment: (caller: ActingCaller, id: string, bytesMax: number) => readAttachment(context.files, caller, id, bytesMax),
      attachedBytesMax: limits.attachedBytesMax,
    },
    loadRun: (project: string, runId: string) => runs.get(project, runId),
    awaitEnd: (run: Run) => endOf(runs, run),
    conversations: conversationItems(context.conversations),
    chainResponsesMax: limits.chainResponsesMax,
    sealer,
  }
  const contextWindowOf = (model: string): ReturnType<typeof contextWindow> => contextWindow(models.get(model)?.deployments ?? [])
  const quotesPassages = (model: string): boolean => model === "perdure/extractive"
  const costOf: CostOf = options.costOf ?? (({ usage }) => ({ costMicroUsd: usage.outputTokens, costKnown: true, priceList: null }))
  const answers = options.cache && cleanUps.use(createAnswerCache({ ...shared, embedding: options.cache.embedding }))
  const cache = answers && { answers, policyOf: options.cache?.policyOf ?? ((): undefined => undefined) }
  const speaks = (name: string): boolean => models.get(name)?.deployments.some(speaksResponses) === true
  runs.define(
    responseRun({
      ...sources,
      ...shared,
      callModel: () => callModel,
      guardsNow: () => options.openGuards,
      callCache: cache && callCacheOf(shared, cache, { models }),
      tools,
      speaksResponses: speaks,
      quotesPassages,
      search: searchDocuments(context.search),
      assembleContext: contextAssembler(context.assembler, gate),
      rememberTurns: turnKeeper(context.memories, gate),
      callTool: createToolGate({ gate, checkArguments: createArgumentChecker() }),
      costOf,
      countTokens: countCall,
      contextWindowOf,
      turnsMax: limits.turnsMax,
      outputBytesMax: limits.stepOutputBytesMax,
    }),
  )
  const recordLightRun = options.recordLightRun ?? ((): void => undefined)
  const parts = {
    ...sources,
    ...shared,
    runs,
    tools,
    cancelWaitMs: limits.cancelWaitMs,
    speaksResponses: speaks,
    requireModel: (name: string): void => void models.require(name, "chat"),
    requireRanker: (ranker: string, _principal: Principal, param: string): void => void context.rankers.modelNamed(ranker, { param }),
    requireVectorStore: (caller: ActingCaller, id: string) => context.vectorStores.get(caller, id),
    countTokens: countCall,
  }
  const responses = createResponses({ ...parts, ...(options.recordLightRun ? { recordLightRun } : {}) })
  const compact = createCompaction({
    ...parts,
    callModel: () => callModel,
    guardsNow: () => options.openGuards,
    quotesPassages,
    costOf,
    recordLightRun,
    contextWindowOf,
  })
  const tasks = new BackgroundTasks(onError)
  const background = (name: string, work: () => Promise<unknown>): void => tasks.run(name, work)
  const routes = [responseRoutes({ responses, compact, limits, background })]
  const logger = { error: onError }
  const app = createApi({ ...shared, identity, routes, logger })
  const upgradeRoutes = { "/v1/responses": responsesSocket({ responses, limits, background, logger }) }
  const server = cleanUps.use(createHttpServer({ ...shared, identity, app, hotRoutes: {}, upgradeRoutes, logger }))
  const url = await server.listen(0, "127.0.0.1")
  const key = await identity.createKey(projectId, "first key")
  cleanUps.defer(() => tasks.settled())
  const dispose = (): Promise<void> => cleanUps.disposeAsync()
  const made = { url, projectId, apiKey: key.secret, keyId: key.id, store, runs, identity, context, responses, errors }
  return { ...made, [Symbol.asyncDispose]: dispose }
}

async function temporaryDirectory(cleanUps: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "perdure-responses-"))
  cleanUps.defer(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function modelsOf(extractive: NativeModel, { providerUrl, models = [] }: ResponsesServerOptions): Models {
  const fake: Deployment = {
    id: "fake/fake-model",
    provider: "openai",
    dialect: "openai-chat",
    baseUrl: providerUrl ?? "http://127.0.0.1:9",
    apiKey: "sk-fake-upstream-key",
    upstreamModel: "upstream-model",
    does: { chat: true, embeddings: false },
    contextTokensMax: null,
    origin: "test",
  }
  const createdAt = 1_700_000_000_000
  return createModels({
    models: [
      { name: "fake-model", createdAt, ownedBy: "test", deployments: [fake] },
      { name: "perdure/extractive", createdAt, ownedBy: "perdure", deployments: [extractive.deployment] },
      ...models,
    ],
  })
}

/** Words hashed into 384 places: near enough to meaning for tests, without loading a model. */
const wordVectors: Embed = async (texts) =>
  texts.map((text) => {
    const vector = new Float32Array(384)
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      let hash = 7
      for (const character of word) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 384
      vector[hash] = (vector[hash] ?? 0) + 1
    }
    const length = Math.hypot(...vector) || 1
    return vector.map((value) => value / length)
  })

function countTokens(text: string): number {
  return Math.ceil(text.length / 4)
}
