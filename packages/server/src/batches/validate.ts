// The first phase of a batch: every line of its file is read and checked, and nothing is carried out while one is wrong.
import { createHash } from "node:crypto"
import type { JsonObject, Limits } from "../core/index.ts"
import type { BatchError } from "../store/index.ts"
import { readLines } from "./read-lines.ts"
import { readRequestLine } from "./request-line.ts"

/** Plain JSON: it is journaled. */
export interface Validation extends JsonObject {
  lines: number
  /** Of all lines where they have one. */
  model: string | null
  errors: readonly BatchError[]
}

/** Errors that are listed; the check stops there. */
const errorsMax = 100

export async function validate(
  parts: AsyncIterable<Uint8Array>,
  endpoint: string,
  limits: Pick<Limits, "batchLinesMax" | "requestBodyBytesMax">,
): Promise<Validation> {
  const errors: BatchError[] = []
  const seen = new Set<string>()
  const models = new Set<string>()
  let lines = 0
  for await (const each of readLines(parts, limits.requestBodyBytesMax)) {
    lines += 1
    if (lines > limits.batchLinesMax) {
      errors.push(tooMany(limits.batchLinesMax, each.number))
      break
    }
    const read = readRequestLine(each, endpoint, limits.requestBodyBytesMax)
    if (!read.ok) errors.push(read.problem)
    else {
      const { customId, body } = read.line
      const mark = markOf(customId)
      if (seen.has(mark)) errors.push(duplicate(each.number))
      seen.add(mark)
      if (models.size < 2 && typeof body["model"] === "string") models.add(body["model"])
    }
    if (errors.length >= errorsMax) break
  }
  if (lines === 0) errors.push({ code: "empty_file", message: "The input file has no requests.", param: "input_file_id", line: null })
  const [model = null] = models
  return { lines, model: models.size === 1 ? model : null, errors }
}

/** Long ids are told apart by their hash, so that fifty thousand of them take little memory. */
function markOf(customId: string): string {
  return customId.length <= 32 ? customId : createHash("sha256").update(customId).digest("base64")
}

function duplicate(line: number): BatchError {
  const message =
    "The custom_id for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch."
  return { code: "duplicate_custom_id", message, param: "custom_id", line }
}

function tooMany(linesMax: number, line: number): BatchError {
  return { code: "too_many_requests", message: `A batch may have ${linesMax} requests (limits.batchLinesMax).`, param: null, line }
}
