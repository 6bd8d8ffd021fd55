// Reads the request of a response: routed by a rule, the variant of an experiment and a prompt filled in, everything checked, and with it what was chosen, which is kept with the run.
import { randomUUID } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import type { NewResponse } from "../../../agents/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Run } from "../../../runs/index.ts"
import { requireModel, type Principal } from "../../../security/index.ts"
import { askedPrompt } from "../../prompts/request-prompt.ts"
import { conversationIn, userIn } from "../../prompts/request-subject.ts"
import { responseWithPrompt } from "../../prompts/response-prompt.ts"
import { chosenToo, shaped, type RequestShaping, type Shaped } from "../../prompts/shape.ts"
import { chosenBy, ruleFor } from "../../routing-rules/ruled.ts"
import { requireWished } from "../../memory/memory-wish.ts"
import type { CallMemories } from "../../memory/call-memories.ts"
import { checked } from "../../request-body.ts"
import type { SaidLimits } from "../../said.ts"
import { createResponseSchema, newResponseOf, warmResponseSchema, type CreateResponseBody } from "./request-schema.ts"

export interface AskedResponse {
  body: CreateResponseBody
  request: NewResponse
}

export interface ReadOptions {
  shaping?: RequestShaping | undefined
  /** Which responses have memory without saying so. */
  memories?: DefaultMemories | undefined
  principal: Principal
  headers?: Readonly<IncomingHttpHeaders>
  /** How much it may say of itself. */
  limits?: SaidLimits | undefined
  /** It only prepares, and may have nothing to say yet. */
  warms?: boolean
}

export type DefaultMemories = Pick<CallMemories, "isEmpty" | "defaultOf">

/** Refuses a model that the key may not use. */
export function readResponseRequest(given: JsonObject, options: ReadOptions): AskedResponse {
  const { principal, headers = {}, warms = false } = options
  const found = shapedResponse(given, options)
  const body = checked(warms ? warmResponseSchema : createResponseSchema, found?.body ?? given)
  requireModel(principal, body.model)
  const request = withDefaultMemory(newResponseOf(body, headers, options.limits), body, options)
  requireWished(principal, request.memory)
  if (!found) return { body, request }
  const { facts, variables } = found
  const prompt = isJsonObject(facts["prompt"]) ? { prompt: { ...facts["prompt"], variables } } : {}
  return { body, request: { ...request, ...facts, ...prompt } }
}

/** By the configuration, unless the request says itself whether it has any. */
function withDefaultMemory(request: NewResponse, body: CreateResponseBody, { memories, principal }: ReadOptions): NewResponse {
  const says = isJsonObject(body.perdure) && body.perdure["memory"] !== undefined
  if (!memories || memories.isEmpty || says) return request
  const user = principal.user ?? body.user ?? body.safety_identifier ?? null
  const set = memories.defaultOf({ principal, model: body.model, user })
  return set !== undefined && "wish" in set ? { ...request, memory: { ...set.wish, by_configuration: true } } : request
}

function shapedResponse(given: JsonObject, options: ReadOptions): Shaped | undefined {
  const { shaping } = options
  if (!shaping) return undefined
  const ruled = shaping.rules.isEmpty ? undefined : ruledResponse(shaping.rules, given, options)
  if (!ruled) return withChosen(shaping, given, options)
  const then = withChosen(shaping, ruled.body, options)
  return then ? { ...then, ...chosenToo(ruled, then) } : ruled
}

function ruledResponse(rules: RequestShaping["rules"], given: JsonObject, { principal, headers = {} }: ReadOptions): Shaped | undefined {
  const { model, perdure } = given
  if (typeof model !== "string") return undefined
  const top = (): { value(name: string): JsonValue | undefined } => ({ value: (name) => given[name] })
  const found = ruleFor(rules, { endpoint: "responses", model, principal, user: userIn(given), headers, perdure, top })
  return found && { body: { ...given, model: found.to }, ...chosenBy(found, model), variables: {} }
}

function withChosen(shaping: RequestShaping, given: JsonObject, { principal, headers = {} }: ReadOptions): Shaped | undefined {
  return shaped(shaping, given, {
    asking: {
      principal,
      headers,
      requestId: randomUUID(),
      user: userIn(given),
      perdure: given["perdure"],
      conversation: () => conversationIn(given),
    },
    asked: askedPrompt(given, "prompt") ?? askedPrompt(given, "perdure.prompt"),
    fill: responseWithPrompt,
  })
}

/** What was chosen for a response, as headers. */
export function chosenHeaders({ input }: Run): Record<string, string> {
  const { prompt, experiment, rule } = isJsonObject(input) ? input : {}
  const name = isJsonObject(rule) ? rule["name"] : undefined
  return {
    ...(typeof name === "string" ? { "x-perdure-rule": name } : {}),
    ...pairHeader("x-perdure-prompt", prompt, ["id", "@", "version"]),
    ...pairHeader("x-perdure-experiment", experiment, ["name", "=", "variant"]),
  }
}

function pairHeader(
  header: string,
  given: JsonValue | undefined,
  [first, between, second]: [string, string, string],
): Record<string, string> {
  const [left, right] = isJsonObject(given) ? [given[first], given[second]] : []
  return typeof left === "string" && typeof right === "string" ? { [header]: left + between + right } : {}
}
