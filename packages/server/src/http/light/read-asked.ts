// Reads a request's body; where it asks for a prompt, the body is the one with the prompt filled in.
import { AppError, isJsonObject } from "../../core/index.ts"
import { promptReference } from "../prompts/request-prompt.ts"
import { withPrompt, type RequestShaping, type Shaped } from "../prompts/shape.ts"
import { parseJsonObject } from "../request-body.ts"
import type { HotCall } from "../shell.ts"
import { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ForwardedBody } from "./forwarded-body.ts"

export interface ReadAsked {
  body: ForwardedBody
  shaped?: Pick<Shaped, "headers" | "facts">
}

/** A request that says nothing to this server is read and returned as it is. */
export function readAsked(shaping: RequestShaping | undefined, hot: HotCall, dialect: ClientDialect, bytes: BodyBytes): ReadAsked {
  const read = readOrMissingModel(dialect, bytes)
  const isPrompted = read instanceof AppError || (isJsonObject(read.perdure) && read.perdure["prompt"] !== undefined)
  return shaping && isPrompted ? prompted(shaping, hot, dialect, { bytes, read }) : { body: bodyOf(read) }
}

function prompted(
  shaping: RequestShaping,
  hot: HotCall,
  dialect: ClientDialect,
  { bytes, read }: { bytes: BodyBytes; read: ForwardedBody | AppError },
): ReadAsked {
  const parsed = parseJsonObject(bytes.whole())
  const reference = promptReference(parsed, "perdure.prompt")
  if (!reference) return { body: bodyOf(read) }
  const { body, ...shaped } = withPrompt(shaping, hot.principal.projectId, parsed, {
    reference,
    fill: (given, prompt) => dialect.withPrompt(given, prompt),
  })
  return { body: dialect.readBody(new BodyBytes([Buffer.from(JSON.stringify(body))])), shaped }
}

/** A prompt may say which model; until it is known whether there is one, that the request says none is not yet an error. */
function readOrMissingModel(dialect: ClientDialect, bytes: BodyBytes): ForwardedBody | AppError {
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
