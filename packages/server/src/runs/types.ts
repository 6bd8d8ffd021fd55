// The words of the run kernel: runs, events, definitions, the context that a body runs in, and the port that the rest of the server uses.
import type { RunKind } from "@perdure/contract"
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import type { Queryable } from "../store/index.ts"

/** `queued → running → (waiting ⇄ queued) → completed | failed | cancelled | incomplete`; parked until a person acts: `in_doubt`, `needs_migration`, `poisoned`. */
export type RunStatus =
  | "queued"
  | "running"
  | "waiting"
  | "completed"
  | "failed"
  | "cancelled"
  | "incomplete"
  | "in_doubt"
  | "needs_migration"
  | "poisoned"

export interface RunError {
  code: string
  message: string
}

/** What a run consumed, summed over its events. Tokens count; money is integer micro-dollars; `costKnown` is false when a price was missing. */
export interface RunUsage {
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costMicroUsd: number
  costKnown: boolean
}

export interface Run {
  id: string
  projectId: string
  /** The API key or signed-in user that started it. */
  principal: string
  /** The end user that the principal acts for. */
  user: string | null
  kind: RunKind
  name: string
  /** One line for people: the question, the name of the file. */
  title: string | null
  version: string
  status: RunStatus
  parentId: string | null
  conversationId: string | null
  attempt: number
  input: JsonValue
  output: JsonValue | null
  error: RunError | null
  label: Label
  model: string | null
  usage: RunUsage
  metadata: JsonValue
  /** Of its request and, where it was read from the store, of its key; absent where it has none. */
  tags?: readonly string[]
  /** What its request said of itself, without what stands beside it in `metadata`; absent where it said nothing. */
  requestMetadata?: JsonObject
  /** Epoch milliseconds. */
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  wakeAt: number | null
  lastSeq: number
  /** Of a batch. */
  progress?: RunProgress
}

/** How many parts of the work there are, and of those, which are done. */
export interface RunProgress {
  total: number
  completed: number
  failed: number
}

/** One event of a run's log. `seq` starts at 1 and is dense; `attempt` says which execution wrote it. */
export interface RunEvent {
  runId: string
  seq: number
  attempt: number
  /** Noun, then verb: `run.started`, `step.intended`, `step.completed`, `tool.call.denied`, `usage.recorded`, or a wire event type such as `response.created`. */
  type: string
  data: JsonValue
  label: Label
  at: number
}

/** What may happen to a side effect when the process dies between its intent and its result; see DESIGN section 4. */
export type Effect = "read" | "idempotent" | "transactional" | "verify" | "once"

export type Verified<T> = { state: "done"; result: T } | { state: "not_done" } | { state: "unknown" }

export interface StepContext {
  /** Aborts on cancel, on a lost lease, on the step's time-out. */
  readonly signal: AbortSignal
  /** `run:key`: hand it to the far side as its idempotency key. */
  readonly idempotencyKey: string
  readonly attempt: number
  /** Only for `transactional`: statements that commit together with the step's journal entry. */
  readonly tx: Queryable | undefined
}

export interface StepOptions<T extends JsonValue> {
  /** A step that says nothing is `once`. */
  effect?: Effect
  timeoutMs?: number
  /** Retries after an ordinary error; only for `read` and `idempotent`. */
  retries?: number
  /** Only for `verify`: asked after a crash whether the effect happened. */
  verify?: (step: StepContext) => Promise<Verified<T>>
  /** The label of the step's output; the join of the run's context when absent. */
  label?: Label | ((output: T) => Label)
  /** Shown in the journal and the dashboard beside the key. */
  input?: JsonValue
}

export interface EmitOptions {
  label?: Label
  /** May wait up to the delta window for company; for token streams. */
  delta?: boolean
}

/** What a body sees of its run. Everything that it awaits here is committed before the code after it runs. */
export interface RunContext {
  readonly run: Run
  readonly signal: AbortSignal
  /** Events that earlier attempts committed, in order (empty on the first attempt): what bodies whose state is data read. */
  readonly history: readonly RunEvent[]
  /** Memoised work: a finished step returns its recorded output and is not run again. */
  step<T extends JsonValue>(key: string, fn: (step: StepContext) => T | Promise<T>, options?: StepOptions<T>): Promise<T>
  /** Appends one event; `seq` is known at once, `committed` resolves when it is durable and readers may see it. */
  emit(type: string, data: JsonValue, options?: EmitOptions): { seq: number; committed: Promise<void> }
  /** Resolves when everything emitted so far is committed. */
  flushed(): Promise<void>
  sleep(key: string, ms: number): Promise<void>
  /** Waits for `runs.signal(id, name, payload)`; undefined after `timeoutMs`. Signals that came before the wait are kept. */
  waitForSignal<T extends JsonValue>(name: string, options?: { key?: string; timeoutMs?: number }): Promise<T | undefined>
  /** Starts a child run once and waits for its end, unloaded. */
  child<T extends JsonValue>(key: string, request: { kind: RunKind; name: string; input: JsonValue; label?: Label }): Promise<T>
  now(key?: string): Promise<number>
  random(key?: string): Promise<number>
  id(key?: string): Promise<string>
}

/** Ends a run other than by returning or throwing. Thrown by a body. */
export type RunEnding = { status: "incomplete"; output: JsonValue; reason: string }

/** Code for runs of one (kind, name). `replay` bodies are re-executed over their journal; `data` bodies read `history` and go on. */
export interface RunDefinition {
  kind: RunKind
  name: string
  version: string
  style: "replay" | "data"
  execute(context: RunContext, input: JsonValue): Promise<JsonValue>
  /** Of a data body: whether its log tells how it ended already, so that a cancellation or a deadline comes too late for what is left to do. */
  hasEnded?(history: readonly RunEvent[]): boolean
}

export interface StartRun {
  /** Time-ordered id by the caller; starting the same id again returns the run that exists. */
  id?: string
  projectId: string
  principal: string
  user?: string | null
  kind: RunKind
  name: string
  /** One line for people; cut to `runTitleCharsMax`. */
  title?: string | null
  input: JsonValue
  label: Label
  parentId?: string | null
  conversationId?: string | null
  model?: string | null
  priority?: number
  deadlineMs?: number
  metadata?: JsonValue
  /** First events of the log, committed together with the run. */
  events?: readonly { type: string; data: JsonValue; label?: Label }[]
}

export interface RunFilter {
  kind?: RunKind
  status?: RunStatus
  /** Words in the run's name, model, id, input or output. */
  search?: string
  conversationId?: string
  parentId?: string
  /** The prompt that a version was used of, the experiment that it took part in. */
  prompt?: string
  experiment?: string
  /** The end user that they were made for. */
  user?: string
  /** With that tag; that said that of themselves. */
  tag?: string
  said?: { key: string; value: string }
  /** Runs older than this id. */
  before?: string
  limit?: number
}

/** A run without its payloads, light or durable: what lists show. */
export interface RunSummary {
  id: string
  kind: RunKind
  name: string
  title: string | null
  status: RunStatus
  principal: string
  user: string | null
  model: string | null
  conversationId: string | null
  parentId: string | null
  usage: RunUsage
  error: RunError | null
  createdAt: number
  finishedAt: number | null
  durationMs: number | null
  firstTokenMs: number | null
  progress?: RunProgress
  /** The variant of an experiment that it was given. */
  experiment?: RunExperiment
}

export interface RunExperiment {
  name: string
  variant: string
}

export type CancelOutcome = { outcome: "cancelled" | "cancelling" | "already_ended"; run: Run }

/** A person's decision on a run that is `in_doubt`. */
export type DoubtResolution = { decision: "done"; result: JsonValue } | { decision: "again" } | { decision: "fail"; reason: string }

/** The port of the kernel. Every call names the project; another project's run is "not found". */
export interface Runs extends AsyncDisposable {
  define(definition: RunDefinition): void
  /** Resolves when the run and its first events are committed; it executes here when there is room, else on whoever claims it. */
  start(request: StartRun): Promise<Run>
  get(projectId: string, runId: string): Promise<Run | undefined>
  list(projectId: string, filter: RunFilter): Promise<{ runs: RunSummary[]; next: string | null }>
  events(projectId: string, runId: string, after: number, limit: number): Promise<RunEvent[]>
  /** Committed events after `after`, in order, without gap or duplicate, until the run has ended (the last event of a run is `run.ended`) or `signal` aborts. */
  tail(projectId: string, runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent>
  /** Resolves with the run once it has ended. */
  ended(projectId: string, runId: string, signal: AbortSignal): Promise<Run>
  cancel(projectId: string, runId: string, reason: string): Promise<CancelOutcome>
  signal(projectId: string, runId: string, name: string, payload: JsonValue, label: Label): Promise<void>
  resolveDoubt(projectId: string, runId: string, resolution: DoubtResolution): Promise<Run>
  /** Puts a run that is `poisoned` or `needs_migration` back into the queue. */
  resume(projectId: string, runId: string): Promise<Run>
  delete(projectId: string, runId: string): Promise<boolean>
  /** Ids of runs whose summary changed, for live lists; one stream per project. */
  changes(projectId: string, signal: AbortSignal): AsyncIterable<string>
  /** A light run's record was written: readers of `changes` in this process are told. */
  touched(projectId: string, runId: string): void
}
