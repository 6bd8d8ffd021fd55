// Reads the request of a response: a prompt filled in, everything checked, and with it what was chosen, which is kept with the run.
import type { IncomingHttpHeaders } from "node:http"
import type { NewResponse } from "../../../agents/index.ts"
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Run } from "../../../runs/index.ts"
import { requireModel, type Principal } from "../../../security/index.ts"
import { promptReference } from "../../prompts/request-prompt.ts"
import { responseWithPrompt } from "../../prompts/response-prompt.ts"
import { withPrompt, type RequestShaping } from "../../prompts/shape.ts"
import { checked } from "../../request-body.ts"
import { createResponseSchema, newResponseOf, warmResponseSchema, type CreateResponseBody } from "./request-schema.ts"

export interface AskedResponse {
  body: CreateResponseBody
  request: NewResponse
}

export interface ReadOptions {
  shaping?: RequestShaping | undefined
  principal: Principal
  headers?: Readonly<IncomingHttpHeaders>
  /** It only prepares, and may have nothing to say yet. */
  warms?: boolean
}

/** Refuses a model that the key may not use. */
export function readResponseRequest(given: JsonObject, { shaping, principal, headers = {}, warms = false }: ReadOptions): AskedResponse {
  const reference = promptReference(given, "prompt") ?? promptReference(given, "perdure.prompt")
  const shaped = shaping && reference && withPrompt(shaping, principal.projectId, given, { reference, fill: responseWithPrompt })
  const body = checked(warms ? warmResponseSchema : createResponseSchema, shaped?.body ?? given)
  requireModel(principal, body.model)
  const request = newResponseOf(body, headers)
  if (!shaped) return { body, request }
  const { facts, variables } = shaped
  return { body, request: { ...request, ...facts, prompt: { ...(facts["prompt"] as JsonObject), variables } } }
}

/** What was chosen for a response, as headers. */
export function chosenHeaders({ input }: Run): Record<string, string> {
  const prompt = isJsonObject(input) ? input["prompt"] : undefined
  if (!isJsonObject(prompt)) return {}
  const { id, version } = prompt
  return typeof id === "string" && typeof version === "string" ? { "x-perdure-prompt": `${id}@${version}` } : {}
}
