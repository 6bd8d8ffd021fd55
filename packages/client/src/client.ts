// The typed client of Perdure's own API: runs with their live logs, prompts, experiments, scores, keys, usage, limits, memories, blocks, states. Runs in browsers and in Node.
import type {
  ApiKey,
  ApiKeyCreated,
  ApiKeyCreateRequest,
  ApiKeyList,
  ApiKeyListQuery,
  ApiKeyRotateRequest,
  ApiKeyUpdateRequest,
  Deployments,
  Experiment,
  ExperimentList,
  ExperimentPromoteRequest,
  ExperimentUpdateRequest,
  FeedbackList,
  FeedbackListQuery,
  FeedbackSums,
  FeedbackSumsQuery,
  AlertList,
  LimitList,
  Prompt,
  PromptList,
  Run,
  RunCancel,
  RunEvent,
  RunEvents,
  RunEventsQuery,
  RunList,
  RunListQuery,
  RunResolveRequest,
  RunSummary,
  Usage,
  UsageQuery,
} from "@perdure/contract"
import { changesOf, type Changes } from "./changes.ts"
import { erasuresOf, type Erasures } from "./erasures.ts"
import { memoriesOf, sourcesOf, type Memories, type Sources } from "./memories.ts"
import { blocksOf, statesOf, type Blocks, type States } from "./scoped.ts"
import { scopesOf, type Scopes } from "./scopes.ts"
import { readStream, type StreamOptions } from "./stream.ts"
import { createTransport, type Call, type Transport, type TransportOptions } from "./transport.ts"
import { filesOf, vectorStoresOf, type Files, type VectorStores } from "./vector-stores.ts"

export type ClientOptions = TransportOptions

export interface RunStart {
  /** The name given to `defineWorkflow`. */
  workflow: string
  input?: unknown
  metadata?: Record<string, unknown>
}

export interface Client {
  runs: {
    list(query?: RunListQuery, signal?: AbortSignal): Promise<RunList>
    /** Starts a workflow; the same idempotency key gives the same run, however often it is sent. */
    start(request: RunStart, options?: { idempotencyKey?: string }): Promise<Run>
    get(runId: string, signal?: AbortSignal): Promise<Run>
    events(runId: string, query?: RunEventsQuery, signal?: AbortSignal): Promise<RunEvents>
    /** The run's events after `after`, live, until its end; taken up again after a cut without gap or duplicate. */
    stream(runId: string, options: StreamOptions & { after?: number }): AsyncGenerator<RunEvent>
    /** Summaries of runs as they change; the newest state of each, until the signal aborts. */
    changes(options: StreamOptions): AsyncGenerator<RunSummary>
    cancel(runId: string, reason?: string): Promise<RunCancel>
    signal(runId: string, name: string, payload?: unknown): Promise<{ accepted: true }>
    resolve(runId: string, decision: RunResolveRequest): Promise<Run>
  }
  keys: {
    /** Newest first; `next` of the answer is `before` of the next page. */
    list(query?: ApiKeyListQuery, signal?: AbortSignal): Promise<ApiKeyList>
    /** `me` is the key that this client uses. */
    get(keyId: string, signal?: AbortSignal): Promise<ApiKey>
    create(request: ApiKeyCreateRequest): Promise<ApiKeyCreated>
    /** What is absent stays, null takes away, lists are replaced. */
    update(keyId: string, patch: ApiKeyUpdateRequest): Promise<ApiKey>
    /** A new secret; the one until now works for a day more, or for `overlapMs`. */
    rotate(keyId: string, request?: ApiKeyRotateRequest): Promise<ApiKeyCreated>
    revoke(keyId: string): Promise<{ id: string; revoked: true }>
  }
  /** How much is left of what binds the caller. */
  limits(signal?: AbortSignal): Promise<LimitList>
  /** What webhooks were told. */
  alerts(signal?: AbortSignal): Promise<AlertList>
  /** The models that the caller may use, where each is served, and how these places fare. */
  deployments(signal?: AbortSignal): Promise<Deployments>
  usage(query?: UsageQuery, signal?: AbortSignal): Promise<Usage>
  prompts: {
    list(signal?: AbortSignal): Promise<PromptList>
    get(name: string, signal?: AbortSignal): Promise<Prompt>
    /** null takes the label away. */
    setLabel(name: string, label: string, version: number | null): Promise<Prompt>
  }
  experiments: {
    list(signal?: AbortSignal): Promise<ExperimentList>
    get(name: string, signal?: AbortSignal): Promise<Experiment>
    update(name: string, request: ExperimentUpdateRequest): Promise<Experiment>
    promote(name: string, request: ExperimentPromoteRequest): Promise<Experiment>
  }
  feedback: {
    /** Of one run; without one the newest of the project. */
    list(query?: FeedbackListQuery, signal?: AbortSignal): Promise<FeedbackList>
    sums(query?: FeedbackSumsQuery, signal?: AbortSignal): Promise<FeedbackSums>
  }
  files: Files
  vectorStores: VectorStores
  /** What changes in a scope: memories, blocks, states. */
  changes: Changes
  memories: Memories
  sources: Sources
  /** Of memory: their settings and grants. */
  scopes: Scopes
  blocks: Blocks
  states: States
  erasures: Erasures
}

/**
 * @example
 * const perdure = createClient({ baseUrl: "http://localhost:8080", apiKey: "pk_…" })
 * const { runs } = await perdure.runs.list({ status: "failed", limit: 20 })
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options)
  return { runs: runsOf(transport), ...shapingOf(transport), ...restOf(transport) }
}

function runsOf(transport: Transport): Client["runs"] {
  return {
    list: (query, signal) => transport.json({ path: "/v1/runs", query: { ...query }, signal }),
    start: (request, { idempotencyKey } = {}) =>
      transport.json({
        ...post("/v1/runs", request),
        ...(idempotencyKey === undefined ? {} : { headers: { "idempotency-key": idempotencyKey } }),
      }),
    get: (runId, signal) => transport.json({ path: pathOf(runId), signal }),
    events: (runId, query, signal) => transport.json({ path: `${pathOf(runId)}/events`, query: { ...query }, signal }),
    stream: (runId, options) => streamRun(transport, runId, options),
    changes: (options) => streamChanges(transport, options),
    cancel: (runId, reason) => transport.json(post(`${pathOf(runId)}/cancel`, reason === undefined ? {} : { reason })),
    signal: (runId, name, payload) =>
      transport.json(post(`${pathOf(runId)}/signals/${encodeURIComponent(name)}`, payload === undefined ? {} : { payload })),
    resolve: (runId, decision) => transport.json(post(`${pathOf(runId)}/resolve`, decision)),
  }
}

type Shaping = "prompts" | "experiments" | "feedback"

function shapingOf(transport: Transport): Pick<Client, Shaping> {
  const prompt = (name: string): string => `/v1/prompts/${encodeURIComponent(name)}`
  const experiment = (name: string): string => `/v1/experiments/${encodeURIComponent(name)}`
  return {
    prompts: {
      list: (signal) => transport.json({ path: "/v1/prompts", signal }),
      get: (name, signal) => transport.json({ path: prompt(name), signal }),
      setLabel: (name, label, version) => transport.json(post(`${prompt(name)}/labels`, { label, version })),
    },
    experiments: {
      list: (signal) => transport.json({ path: "/v1/experiments", signal }),
      get: (name, signal) => transport.json({ path: experiment(name), signal }),
      update: (name, request) => transport.json({ method: "PATCH", path: experiment(name), body: request }),
      promote: (name, request) => transport.json(post(`${experiment(name)}/promote`, request)),
    },
    feedback: {
      list: (query, signal) => transport.json({ path: "/v1/feedback", query: { ...query }, signal }),
      sums: (query, signal) => transport.json({ path: "/v1/feedback/sums", query: { ...query }, signal }),
    },
  }
}

function restOf(transport: Transport): Omit<Client, "runs" | Shaping> {
  return {
    keys: {
      list: (query, signal) => transport.json({ path: "/v1/keys", query: { ...query }, signal }),
      get: (keyId, signal) => transport.json({ path: keyPath(keyId), signal }),
      create: (request) => transport.json(post("/v1/keys", request)),
      update: (keyId, patch) => transport.json({ method: "PATCH", path: keyPath(keyId), body: patch }),
      rotate: (keyId, request = {}) => transport.json(post(`${keyPath(keyId)}/rotate`, request)),
      revoke: (keyId) => transport.json({ method: "DELETE", path: keyPath(keyId) }),
    },
    limits: (signal) => transport.json({ path: "/v1/limits", signal }),
    alerts: (signal) => transport.json({ path: "/v1/alerts", signal }),
    deployments: (signal) => transport.json({ path: "/v1/deployments", signal }),
    usage: (query, signal) => transport.json({ path: "/v1/usage", query: { ...query }, signal }),
    files: filesOf(transport),
    vectorStores: vectorStoresOf(transport),
    changes: changesOf(transport),
    memories: memoriesOf(transport),
    sources: sourcesOf(transport),
    scopes: scopesOf(transport),
    blocks: blocksOf(transport),
    states: statesOf(transport),
    erasures: erasuresOf(transport),
  }
}

async function* streamRun(transport: Transport, runId: string, options: StreamOptions & { after?: number }): AsyncGenerator<RunEvent> {
  const { after, ...rest } = options
  const messages = readStream(transport, {
    ...rest,
    path: `${pathOf(runId)}/stream`,
    ...(after === undefined ? {} : { lastEventId: String(after) }),
    isLast: (message) => message.event === "end",
  })
  // The frame's shape is the contract's.
  for await (const message of messages) if (message.event !== "end") yield JSON.parse(message.data) as RunEvent
}

async function* streamChanges(transport: Transport, options: StreamOptions): AsyncGenerator<RunSummary> {
  const messages = readStream(transport, { ...options, path: "/v1/runs/stream", isLast: () => false })
  for await (const message of messages) if (message.event === "run") yield JSON.parse(message.data) as RunSummary
}

function pathOf(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`
}

function keyPath(keyId: string): string {
  return `/v1/keys/${encodeURIComponent(keyId)}`
}

function post(path: string, body: unknown): Call {
  return { method: "POST", path, body }
}
