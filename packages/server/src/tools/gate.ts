// The only path by which a tool runs: schema, grant, journalled intent, execution, label of the result.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { RunContext, StepContext } from "../runs/index.ts"
import { createEgress, joinLabels, type Gate, type GateDecision, type GateRequest, type Label } from "../security/index.ts"
import { tellableMessage } from "../store/index.ts"
import type { CheckedArguments } from "./arguments.ts"
import { executorOf, type Tool, type ToolRunContext } from "./tool.ts"

export interface ToolCall {
  readonly tool: Tool
  /** JSON text, as the model wrote it. */
  readonly arguments: string
  /** Stable name of this call in its run: the key of its step. */
  readonly key: string
  /** Join of everything that influenced the call. */
  readonly label: Label
}

/** `refused`: not run at all, by schema or by the gate. `failed`: run, and it said no. `text` is for the model. */
export type ToolOutcome =
  | { readonly status: "done"; readonly result: JsonValue; readonly label: Label }
  | { readonly status: "refused" | "failed"; readonly code: string; readonly text: string; readonly label: Label }

export type CallTool = (context: RunContext, call: ToolCall) => Promise<ToolOutcome>

export interface ToolGateOptions {
  readonly gate: Gate
  readonly checkArguments: (schema: JsonObject, text: string) => CheckedArguments
  /** Origins of the operator's own that may be private and plain http. */
  readonly declaredOrigins?: readonly string[]
}

type Journalled = { ok: true; result: JsonValue } | { ok: false; message: string }

/** A person who decides that a call in doubt was done gives the tool's bare result: that is in the journal then. */
function fromJournal(value: JsonValue): Journalled {
  if (isJsonObject(value) && Object.keys(value).length === 2) {
    if (value["ok"] === true && "result" in value) return { ok: true, result: value["result"] ?? null }
    if (value["ok"] === false && typeof value["message"] === "string") return { ok: false, message: value["message"] }
  }
  return { ok: true, result: value }
}

export function createToolGate({ gate, checkArguments, declaredOrigins = [] }: ToolGateOptions): CallTool {
  const outbound: Outbound = { gate, declaredOrigins }
  return async (context, call) => {
    const { tool } = call
    const checked = checkArguments(tool.parameters, call.arguments)
    if (!checked.valid)
      return refused(context, call, { code: "invalid_arguments", reason: checked.problem, text: `${tool.name}: ${checked.problem}` })
    const decision = decide(gate, context, call)
    if (!decision.allowed) {
      const { rule, reason } = decision
      return refused(context, call, { code: "policy_denied", rule, reason, text: refusalOf(decision) })
    }
    const journalled = fromJournal(await execute(context, call, checked.value, outbound))
    if (!journalled.ok)
      return { status: "failed", code: "tool_failed", text: `${tool.name} failed: ${journalled.message}`, label: errorLabel(call) }
    return { status: "done", result: journalled.result, label: resultLabel(call, journalled.result) }
  }
}

/** The decision is an event of the run; a restarted run decides again, and says so once per call. */
function decide(gate: Gate, context: RunContext, { tool, key, label }: ToolCall): GateDecision {
  const { id, projectId, principal } = context.run
  const action: GateRequest["action"] = tool.effect === "read" ? "tool.read" : "tool.call"
  const decision = gate.decide({ projectId, principal, action, target: tool.name, label, runId: id })
  if (!hasSaid(context, "gate.decided", key)) tell(context, key, decision, label)
  return decision
}

interface Refusal {
  readonly code: "invalid_arguments" | "policy_denied"
  /** Of the gate: what decided. */
  readonly rule?: string
  readonly reason: string
  /** For the model. */
  readonly text: string
}

/** The end of a call that is not run, as an event of the run: what shows the call must not wait for its end. */
function refused(context: RunContext, call: ToolCall, { text, ...why }: Refusal): ToolOutcome {
  const { key, tool, label } = call
  if (!hasSaid(context, "tool.call.refused", key)) context.emit("tool.call.refused", { key, tool: tool.name, ...why }, { label })
  return { status: "refused", code: why.code, text, label: errorLabel(call) }
}

/** In an attempt before this one. */
function hasSaid({ history }: RunContext, type: string, key: string): boolean {
  return history.some((event) => event.type === type && (event.data as JsonObject)["key"] === key)
}

type Outbound = Required<Pick<ToolGateOptions, "gate" | "declaredOrigins">>

/** Each address that a tool asks for is a side effect of its own, decided with what influenced the call; the decision is an event. */
function requestOf(
  context: RunContext,
  { key, label }: ToolCall,
  { gate, declaredOrigins }: Outbound,
  signal: AbortSignal,
): ToolRunContext["request"] {
  const { id, projectId, principal } = context.run
  const allow = (host: string, port: number): GateDecision => {
    const decision = gate.decide({ projectId, principal, action: "outbound", target: `${host}:${port}`, label, runId: id })
    tell(context, key, decision, label)
    return decision
  }
  const egress = createEgress({ allow, declaredOrigins })
  return (url, request = {}) => egress.request(url, request, signal)
}

function tell(context: RunContext, key: string, { allowed, rule, reason, request }: GateDecision, label: Label): void {
  context.emit("gate.decided", { key, allowed, rule, reason, request: { ...request, label: { ...label } } }, { label })
}

async function execute(context: RunContext, call: ToolCall, input: JsonObject, outbound: Outbound): Promise<Journalled> {
  const { tool, key, label } = call
  const executor = executorOf(tool)
  if (!executor)
    throw new AppError("feature_unavailable", `Tool "${tool.name}" has no function behind it`, { hint: "Declare it with defineTool." })
  const { projectId, principal } = context.run
  const { verify } = executor
  const within = ({ signal, idempotencyKey, attempt, tx }: StepContext): ToolRunContext => ({
    signal,
    idempotencyKey,
    attempt,
    tx,
    projectId,
    principal,
    runId: context.run.id,
    label,
    request: requestOf(context, call, outbound, signal),
  })
  return context.step<Journalled>(
    key,
    async (step) => {
      try {
        return { ok: true, result: await executor.run(input, within(step)) }
      } catch (error) {
        // Cut off, it is unknown whether it happened: the kernel decides by the effect. What the tool itself reports did not happen.
        if (step.signal.aborted) throw error
        return { ok: false, message: tellableMessage(error) }
      }
    },
    {
      effect: tool.effect,
      input,
      label: (output) => (output.ok ? resultLabel({ tool, label }, output.result) : errorLabel({ tool, label })),
      ...(tool.timeoutMs === undefined ? {} : { timeoutMs: tool.timeoutMs }),
      ...(verify ? { verify: async (step) => journalledVerdict(await verify(input, within(step))) } : {}),
    },
  )
}

type Verdict<T> = { state: "done"; result: T } | { state: "not_done" } | { state: "unknown" }

function journalledVerdict(verdict: Verdict<JsonValue>): Verdict<Journalled> {
  return verdict.state === "done" ? { state: "done", result: { ok: true, result: verdict.result } } : verdict
}

/** A result may echo its arguments, so it is never better than they are. */
function resultLabel({ tool, label }: Pick<ToolCall, "tool" | "label">, result: JsonValue): Label {
  const own = tool.labelOf?.(result) ?? { ...label, integrity: tool.resultIntegrity, sources: [`tool:${tool.name}`], secrets: [] }
  return joinLabels([label, own])
}

/** Error texts may carry anybody's words. */
function errorLabel({ tool, label }: Pick<ToolCall, "tool" | "label">): Label {
  return joinLabels([label, { ...label, integrity: 0, sources: [`tool:${tool.name}`] }])
}

function refusalOf({ request, rule, reason }: GateDecision): string {
  return `${request.action} on "${request.target}" is not allowed: ${reason} (${rule})`
}
