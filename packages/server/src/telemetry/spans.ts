// A run's events as a tree of OpenTelemetry spans with the names and attributes of its GenAI conventions: a pure function of the log.
import { chosenAttributes, fieldsOf, number, present, saidAttributes, text, type Fields } from "./span-attributes.ts"
import type { AttributeValue, RunSummary, Span, SpanEvent } from "./span.ts"

/** Root spans are activations (start, each wake, each take-over); beneath them the turns, model calls, tool calls and steps. */
export function spansOf(run: RunSummary, events: readonly SpanEvent[]): Span[] {
  const builder = new SpanBuilder(run)
  for (const event of events) builder.add(event)
  return builder.finish()
}

interface OpenSpan {
  id: string
  parentId: string | null
  traceId: string
  name: string
  kind: Span["kind"]
  startMs: number
  endMs: number | null
  status: Span["status"]
  attributes: Record<string, AttributeValue>
  links: string[]
}

/** States: no activation → (run.started, run.resumed, any event) in one → (run.suspended, run.released, run.ended, next attempt) none. */
class SpanBuilder {
  readonly #run: RunSummary
  readonly #spans: OpenSpan[] = []
  readonly #steps = new Map<string, OpenSpan>()
  #activation: OpenSpan | undefined
  #turn: OpenSpan | undefined
  #attempt = 0
  #lastAt = 0

  constructor(run: RunSummary) {
    this.#run = run
  }

  add(event: SpanEvent): void {
    // Clocks of two hosts may differ by a little; a span never ends before it began.
    const at = Math.max(event.at, this.#lastAt)
    if (this.#activation === undefined || event.attempt > this.#attempt) this.#activate(event, at)
    this.#lastAt = at
    this.#apply(event, at)
  }

  finish(): Span[] {
    const { finishedAt, status, error } = this.#run
    if (finishedAt !== null) this.#endActivation(Math.max(finishedAt, this.#lastAt), statusOf(status, error !== null))
    return this.#spans
  }

  #apply(event: SpanEvent, at: number): void {
    const data = fieldsOf(event.data)
    switch (event.type) {
      case "turn.started":
        this.#end(this.#turn, at, "ok")
        this.#turn = this.#open(event, at, { name: `chat ${text(data["model"]) ?? "unknown"}`, kind: "client" })
        Object.assign(this.#turn.attributes, {
          "gen_ai.operation.name": "chat",
          ...present("gen_ai.request.model", text(data["model"])),
          ...present("perdure.turn", number(data["turn"])),
        })
        return
      case "turn.restarted":
        if (this.#turn !== undefined) this.#turn.attributes["perdure.turn.restarted"] = true
        return
      case "turn.failed_over":
        Object.assign(this.#turn?.attributes ?? {}, present("perdure.turn.failover", text(data["to"])))
        return
      case "usage.recorded":
        return this.#usage(data)
      case "step.intended":
        return void this.#step(event, at, data)
      case "step.retried":
        return this.#retried(data)
      case "step.completed":
        return this.#endStep(event, at, data, "ok")
      case "step.failed":
        return this.#endStep(event, at, data, "error")
      case "run.suspended":
      case "run.released":
        return this.#endActivation(at, "ok")
      case "run.in_doubt":
      case "run.needs_migration":
      case "run.poisoned":
        return this.#endActivation(at, "error")
      case "run.ended":
        return this.#endActivation(at, statusOf(text(data["status"]) ?? this.#run.status, data["error"] !== undefined))
      default:
        return this.#tool(event, at, data)
    }
  }

  #activate(event: SpanEvent, at: number): void {
    // The executor before died without a word: its spans end where its log does.
    const previous = this.#spans.findLast((span) => span.parentId === null)
    this.#endActivation(this.#lastAt, "error")
    this.#attempt = Math.max(event.attempt, this.#attempt)
    const traceId = `${this.#run.id}:${event.seq}`
    const { name, operation } = rootName(this.#run)
    this.#activation = {
      id: traceId,
      parentId: null,
      traceId,
      name,
      kind: "internal",
      startMs: at,
      endMs: null,
      status: "unset",
      attributes: {
        "gen_ai.operation.name": operation,
        [operation === "invoke_workflow" ? "gen_ai.workflow.name" : "gen_ai.agent.name"]: this.#run.name,
        ...(operation === "invoke_agent" ? { "gen_ai.agent.version": this.#run.version } : {}),
        ...present("gen_ai.conversation.id", this.#run.conversationId ?? undefined),
        "perdure.run.id": this.#run.id,
        "perdure.run.kind": this.#run.kind,
        "perdure.project.id": this.#run.projectId,
        "perdure.run.attempt": event.attempt,
        ...chosenAttributes(this.#run),
        ...saidAttributes(this.#run),
      },
      links: [previous?.traceId, this.#run.parentId ?? undefined].filter((link) => link !== undefined),
    }
    this.#spans.push(this.#activation)
  }

  #open(event: SpanEvent, at: number, span: { name: string; kind: Span["kind"]; parent?: OpenSpan | undefined }): OpenSpan {
    const parent = span.parent ?? this.#activation
    const opened: OpenSpan = {
      id: `${this.#run.id}:${event.seq}`,
      parentId: parent?.id ?? null,
      traceId: this.#activation?.traceId ?? this.#run.id,
      name: span.name,
      kind: span.kind,
      startMs: at,
      endMs: null,
      status: "unset",
      attributes: { "perdure.run.id": this.#run.id },
      links: [],
    }
    // The first event of an activation has the activation's own id.
    if (opened.id === parent?.id) opened.id = `${opened.id}.0`
    this.#spans.push(opened)
    return opened
  }

  #step(event: SpanEvent, at: number, data: Fields): OpenSpan {
    const key = text(data["key"]) ?? `step ${event.seq}`
    // A step that is a tool call was opened by the tool's own event.
    const known = this.#steps.get(key)
    const span = known ?? this.#open(event, at, { name: key, kind: "internal", parent: this.#turn })
    Object.assign(span.attributes, {
      "perdure.step.key": key,
      ...present("perdure.step.effect", text(data["effect"])),
      "perdure.step.attempt": event.attempt,
    })
    this.#steps.set(key, span)
    return span
  }

  #retried(data: Fields): void {
    const span = this.#steps.get(text(data["key"]) ?? "")
    if (span !== undefined) span.attributes["perdure.step.retries"] = Number(span.attributes["perdure.step.retries"] ?? 0) + 1
  }

  #endStep(event: SpanEvent, at: number, data: Fields, status: Span["status"]): void {
    const span = this.#step(event, at, data)
    const durationMs = number(data["ms"])
    // A step without an intent is known only from its end and its duration.
    if (span.startMs === at && durationMs !== undefined) span.startMs = Math.max(at - durationMs, this.#activation?.startMs ?? 0)
    const code = text(fieldsOf(data["error"])["code"])
    if (code !== undefined) span.attributes["error.type"] = code
    // A tool that reported a failure has done its step.
    const failed = span.attributes["gen_ai.tool.name"] !== undefined && fieldsOf(data["output"])["ok"] === false
    if (failed) span.attributes["error.type"] = "tool_failed"
    this.#end(span, at, failed ? "error" : status)
    this.#steps.delete(text(data["key"]) ?? "")
  }

  /** `tool.call.started`, `.completed`, `.failed`, `.refused`; other types make no span. */
  #tool(event: SpanEvent, at: number, data: Fields): void {
    const phase = /^tool\.call\.([a-z_]+)$/.exec(event.type)?.[1]
    if (phase === undefined) return
    const key = text(data["key"]) ?? text(data["callId"]) ?? `tool ${event.seq}`
    const tool = text(data["tool"]) ?? text(data["name"]) ?? "unknown"
    const span = this.#steps.get(key) ?? this.#open(event, at, { name: `execute_tool ${tool}`, kind: "internal", parent: this.#turn })
    span.name = `execute_tool ${tool}`
    Object.assign(span.attributes, {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool,
      ...present("gen_ai.tool.call.id", text(data["callId"])),
    })
    if (phase === "started") this.#steps.set(key, span)
    else {
      if (phase !== "completed") span.attributes["error.type"] = text(data["code"]) ?? phase
      Object.assign(span.attributes, present("perdure.gate.rule", text(data["rule"])))
      this.#end(span, at, phase === "completed" ? "ok" : "error")
      this.#steps.delete(key)
    }
  }

  #usage(data: Fields): void {
    const span = this.#turn ?? this.#activation
    if (span === undefined) return
    const { attributes } = span
    // Several attempts may be paid for one turn.
    const sum = (name: string, value: number | undefined): Record<string, AttributeValue> =>
      present(name, value === undefined ? undefined : (number(attributes[name]) ?? 0) + value)
    Object.assign(attributes, {
      ...present("gen_ai.provider.name", text(data["provider"])),
      ...present("gen_ai.response.model", text(data["model"])),
      ...sum("gen_ai.usage.input_tokens", number(data["inputTokens"])),
      ...sum("gen_ai.usage.output_tokens", number(data["outputTokens"])),
      ...sum("gen_ai.usage.cache_read.input_tokens", number(data["cachedTokens"])),
      ...sum("gen_ai.usage.reasoning.output_tokens", number(data["reasoningTokens"])),
      ...sum("perdure.cost.micro_usd", number(data["costMicroUsd"])),
    })
  }

  #end(span: OpenSpan | undefined, at: number, status: Span["status"]): void {
    if (span === undefined || span.endMs !== null) return
    span.endMs = Math.max(at, span.startMs)
    span.status = status
  }

  /** Whatever is open beneath ends with it: as an error when the process died in it. */
  #endActivation(at: number, status: Span["status"]): void {
    const activation = this.#activation
    if (activation === undefined) return
    for (const span of this.#spans) if (span.traceId === activation.traceId && span !== activation) this.#end(span, at, status)
    this.#end(activation, at, status)
    if (status === "error" && this.#run.error !== null) activation.attributes["error.type"] = this.#run.error.code
    this.#activation = undefined
    this.#turn = undefined
    this.#steps.clear()
  }
}

function rootName(run: RunSummary): { name: string; operation: "invoke_workflow" | "invoke_agent" } {
  const operation = run.kind === "workflow" || run.kind === "ingestion" || run.kind === "batch" ? "invoke_workflow" : "invoke_agent"
  return { name: `${operation} ${run.name}`, operation }
}

function statusOf(status: string, failed: boolean): Span["status"] {
  return failed || (status !== "completed" && status !== "incomplete" && status !== "cancelled") ? "error" : "ok"
}
