// Reads a request's body; where a rule routes it, it asks for a prompt or is in an experiment, the body is the one with what was chosen for it.
import { AppError, isJsonObject, type JsonObject } from "../../core/index.ts"
import { experimentPrefix, type HeldExperiment } from "../../inference/index.ts"
import { requireModel } from "../../security/index.ts"
import { askedPrompt } from "../prompts/request-prompt.ts"
import { askerOf, conversationIn, userIn, type Asking } from "../prompts/request-subject.ts"
import { chosenFor, chosenToo, noPart, setsPrompts, shaped, type Chosen, type RequestShaping } from "../prompts/shape.ts"
import { parseJsonObject } from "../request-body.ts"
import { ruledBody } from "../routing-rules/ruled.ts"
import type { HotCall } from "../shell.ts"
import { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ForwardedBody } from "./forwarded-body.ts"

export interface ReadAsked {
  body: ForwardedBody
  shaped?: Chosen | undefined
}

export type ReadingDialect = Pick<ClientDialect, "readBody" | "withPrompt">

/** A request that says nothing to this server and is in no experiment is read and returned as it is. */
export function readAsked(shaping: RequestShaping | undefined, hot: HotCall, dialect: ReadingDialect, bytes: BodyBytes): ReadAsked {
  const read = readOrMissingModel(dialect, bytes)
  if (!shaping || isPlain(shaping, hot, read)) return { body: bodyOf(read) }
  if (read instanceof AppError) return withChosen(shaping, hot, dialect, { bytes, read })
  const ruled = ruledBody(shaping.rules, hot, read)
  const { body, shaped: then } = withChosen(shaping, hot, dialect, { bytes, read: ruled?.body ?? read })
  return { body, shaped: chosenToo(ruled?.chosen, then) }
}

/** Four looks, no more. */
function isPlain({ rules, experiments }: RequestShaping, { principal }: HotCall, read: ForwardedBody | AppError): boolean {
  if (!rules.isEmpty || read instanceof AppError || asksForPrompt(read)) return false
  return experiments.ofModel(principal.projectId, read.model) === undefined
}

function asksForPrompt({ perdure }: ForwardedBody): boolean {
  return isJsonObject(perdure) && perdure["prompt"] !== undefined
}

interface Read {
  bytes: BodyBytes
  /** Perhaps of another model than the bytes say. */
  read: ForwardedBody | AppError
}

function withChosen(shaping: RequestShaping, hot: HotCall, dialect: ReadingDialect, { bytes, read }: Read): ReadAsked {
  if (read instanceof AppError || asksForPrompt(read)) return reread(shaping, hot, dialect, { bytes, read })
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

function reread(shaping: RequestShaping, hot: HotCall, dialect: ReadingDialect, { bytes, read }: Read): ReadAsked {
  const given = parseJsonObject(bytes.whole())
  const parsed = read instanceof AppError || given["model"] === read.model ? given : { ...given, model: read.model }
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
