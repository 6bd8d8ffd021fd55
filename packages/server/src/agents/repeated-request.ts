// A request that is sent again with its Idempotency-Key: what counts as the same one, and which run answers it.
import { AppError, canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { Run } from "../runs/index.ts"
import type { Prepared } from "./prepare.ts"
import { shownTool } from "./sealed-tools.ts"

export const abandonedReason = "the client closed the connection"
const repetitionsMax = 16

/** Whoever repeats a request because the connection broke wants its answer, not the run that was cancelled for it. */
export function wasAbandoned(run: Run, repetition: number): boolean {
  return run.status === "cancelled" && run.error?.message === abandonedReason && repetition < repetitionsMax
}

/** The run, where it was started by the same request. */
export function sameRequest(run: Run, { request }: Prepared): Run {
  if (run.kind === "response" && canonicalJson(withoutVariant(run.input)) === canonicalJson(withoutVariant(request))) return run
  throw new AppError("conflict", "This Idempotency-Key was used with another request a short time ago", {
    hint: "Use a new key for a new request.",
  })
}

/** The weights of an experiment may have changed since the request was first sent: another variant of it makes no other request. */
function withoutVariant(input: JsonValue): JsonValue {
  if (!isJsonObject(input)) return input
  const { tools } = input
  // What is sealed is never the same twice.
  const shown: JsonObject = Array.isArray(tools) ? { ...input, tools: (tools as readonly JsonObject[]).map(shownTool) } : input
  return withoutRule(shown["experiment"] === undefined ? shown : withoutAssigned(shown))
}

function withoutAssigned({ model: _model, experiment, ...rest }: JsonObject): JsonObject {
  return { ...rest, experiment: isJsonObject(experiment) ? experiment["name"] : null }
}

/** Rules may have changed as well: a request is the same where it asks for the same. */
function withoutRule(input: JsonObject): JsonObject {
  const { rule, ...rest } = input
  if (!isJsonObject(rule)) return input
  return rest["experiment"] === undefined ? { ...rest, model: rule["asked"] } : rest
}
