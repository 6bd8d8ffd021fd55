// Reads a request's body; where it asks for a prompt or is in an experiment, the body is the one with what was chosen for it.
import { AppError, isJsonObject, type JsonObject } from "../../core/index.ts"
import { experimentPrefix, type HeldExperiment } from "../../inference/index.ts"
import { requireModel } from "../../security/index.ts"
import { askedPrompt } from "../prompts/request-prompt.ts"
import { askerOf, conversationIn, userIn, type Asking } from "../prompts/request-subject.ts"
import { chosenFor, noPart, setsPrompts, shaped, type RequestShaping, type Shaped } from "../prompts/shape.ts"
import { parseJsonObject } from "../request-body.ts"
import type { HotCall } from "../shell.ts"
import { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ForwardedBody } from "./forwarded-body.ts"

export interface ReadAsked {
  body: ForwardedBody
  shaped?: Pick<Shaped, "headers" | "facts">
}

export type ReadingDialect = Pick<ClientDialect, "readBody" | "withPrompt">

/** A request that says nothing to this server and is in no experiment is read and returned as it is. */
export function readAsked(shaping: RequestShaping | undefined, hot: HotCall, dialect: ReadingDialect, bytes: BodyBytes): ReadAsked {
  const read = readOrMissingModel(dialect, bytes)
  if (!shaping) return { body: bodyOf(read) }
  if (read instanceof AppError || (isJsonObject(read.perdure) && read.perdure["prompt"] !== undefined))
    return reread(shaping, hot, dialect, { bytes, read })
  const experiment = shaping.experiments.ofModel(hot.principal.projectId, read.model)
  if (!experiment) return { body: read }
  return setsPrompts(experiment) ? reread(shaping, hot, dialect, { bytes, read }) : anotherModel(shaping, hot, experiment, read)
}

/** Only the model's name changes, by moving bytes. */
function anotherModel({ experiments }: RequestShaping, hot: HotCall, experiment: HeldExperiment, read: ForwardedBody): ReadAsked {
  requireModel(hot.principal, read.model)
  const assigned = experiments.assign(experiment, askerOf(asking(hot, read, () => read.parsed())))
  if (!assigned) {
    if (read.model.startsWith(experimentPrefix)) throw noPart(experiment, hot)
    return { body: read }
  }
  const { model = read.model } = assigned.variant
  return { body: { ...read, model, parsed: () => ({ ...read.parsed(), model }) }, shaped: chosenFor(assigned) }
}

function reread(
  shaping: RequestShaping,
  hot: HotCall,
  dialect: ReadingDialect,
  { bytes, read }: { bytes: BodyBytes; read: ForwardedBody | AppError },
): ReadAsked {
  const parsed = parseJsonObject(bytes.whole())
  const found = shaped(shaping, parsed, {
    asking: asking(hot, read instanceof AppError ? { user: userIn(parsed), perdure: parsed["perdure"] } : read, () => parsed),
    asked: askedPrompt(parsed, "perdure.prompt"),
    fill: (given, prompt) => dialect.withPrompt(given, prompt),
  })
  if (!found) return { body: bodyOf(read) }
  const { body, headers, facts } = found
  return { body: dialect.readBody(new BodyBytes([Buffer.from(JSON.stringify(body))])), shaped: { headers, facts } }
}

function asking({ principal, request, requestId }: HotCall, read: Pick<Asking, "user" | "perdure">, parsed: () => JsonObject): Asking {
  const { user, perdure } = read
  return { principal, headers: request.headers, requestId, user, perdure, conversation: () => conversationIn(parsed()) }
}

/** A prompt may say which model; until it is known whether there is one, that the request says none is not yet an error. */
function readOrMissingModel(dialect: ReadingDialect, bytes: BodyBytes): ForwardedBody | AppError {
  try {
    return dialect.readBody(bytes)
  } catch (error) {
    if (error instanceof AppError && error.code === "missing_required_parameter" && error.param === "model") return error
    throw error
  }
}

function bodyOf(read: ForwardedBody | AppError): ForwardedBody {
  if (read instanceof AppError) throw read
  return read
}
