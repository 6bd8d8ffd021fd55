// What a tool is: a name, what it takes, what its effect may be repeated like, and a function that only the tool gate can reach.
import { z } from "zod"
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { Effect, StepContext, Verified } from "../runs/index.ts"
import type { EgressRequest, EgressResponse, Label } from "../security/index.ts"

/** What a running tool gets beside its arguments. */
export interface ToolRunContext extends Pick<StepContext, "signal" | "idempotencyKey" | "attempt" | "tx"> {
  readonly projectId: string
  readonly principal: string
  readonly runId: string
  /** Join of everything that influenced the call. */
  readonly label: Label
  /** The way out for addresses that a model or a client named: asks the gate for `outbound:host:port`, refuses private addresses. */
  readonly request: (url: string, request?: EgressRequest) => Promise<EgressResponse>
}

interface ToolCommon {
  /** As the model sees it: letters, digits, `_` and `-`, at most 64. */
  readonly name: string
  readonly description: string
  /** What may happen to the side effect when the process dies in between; `once` when absent. */
  readonly effect?: Effect
  readonly timeoutMs?: number
  /** Who can have written the result: 0 anyone (when absent), 1 curated, 2 only the system. Never better than the arguments' label. */
  readonly resultIntegrity?: 0 | 1 | 2
}

export interface ZodToolOptions<Schema extends z.ZodType, Result extends JsonValue> extends ToolCommon {
  readonly parameters: Schema
  readonly run: (input: z.output<Schema>, context: ToolRunContext) => Promise<Result>
  readonly verify?: (input: z.output<Schema>, context: ToolRunContext) => Promise<Verified<Result>>
}

export interface JsonSchemaToolOptions<Result extends JsonValue> extends ToolCommon {
  readonly parameters: JsonObject
  readonly run: (input: JsonObject, context: ToolRunContext) => Promise<Result>
  readonly verify?: (input: JsonObject, context: ToolRunContext) => Promise<Verified<Result>>
}

export interface Tool {
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject
  readonly effect: Effect
  readonly timeoutMs: number | undefined
  readonly resultIntegrity: 0 | 1 | 2
  /** More exact than `resultIntegrity`, for tools of ours whose results carry the labels of what they read. */
  readonly labelOf?: (result: JsonValue) => Label
  /** What of a result the model is told; the whole of it as JSON when absent. */
  readonly tellOf?: (result: JsonValue) => string
}

export interface ToolExecutor {
  readonly run: (input: JsonObject, context: ToolRunContext) => Promise<JsonValue>
  readonly verify: ((input: JsonObject, context: ToolRunContext) => Promise<Verified<JsonValue>>) | undefined
}

/** Held apart from the tools, so that having a tool is not being able to run it. */
const executors = new WeakMap<Tool, ToolExecutor>()

/**
 * Declares a tool that runs in this process.
 *
 * @example
 * const weather = defineTool({
 *   name: "weather",
 *   description: "Current weather of a city",
 *   parameters: z.object({ city: z.string() }),
 *   effect: "read",
 *   run: async ({ city }) => ({ city, celsius: 21 }),
 * })
 */
export function defineTool<Schema extends z.ZodType, Result extends JsonValue>(options: ZodToolOptions<Schema, Result>): Tool
export function defineTool<Result extends JsonValue>(options: JsonSchemaToolOptions<Result>): Tool
export function defineTool(options: ZodToolOptions<z.ZodType, JsonValue> | JsonSchemaToolOptions<JsonValue>): Tool {
  const { name, description, parameters } = options
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new TypeError(`A tool's name has 1 to 64 letters, digits, "_" or "-"; got "${name}"`)
  const schema = parameters instanceof z.ZodType ? parameters : undefined
  const parse = (input: JsonObject): JsonObject => (schema ? (schema.parse(input) as JsonObject) : input)
  const { verify } = options
  const tool: Tool = {
    name,
    description,
    parameters: schema ? (z.toJSONSchema(schema, { io: "input" }) as JsonObject) : (parameters as JsonObject),
    effect: options.effect ?? "once",
    timeoutMs: options.timeoutMs,
    resultIntegrity: options.resultIntegrity ?? 0,
  }
  return withExecutor(tool, {
    run: async (input, context) => options.run(parse(input), context),
    verify: verify && (async (input, context) => verify(parse(input), context)),
  })
}

/** Ties a tool to the function behind it; for tools that are made per request, such as a search over given stores. */
export function withExecutor(tool: Tool, executor: ToolExecutor): Tool {
  executors.set(tool, executor)
  return tool
}

/** Only `gate.ts` calls this; a test holds every other file to that. */
export function executorOf(tool: Tool): ToolExecutor | undefined {
  return executors.get(tool)
}
