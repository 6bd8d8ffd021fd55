// `perdure.context` of a request: whether its model may read again what context editing has cleared.
import { z } from "zod"
import { isJsonObject, type JsonValue } from "../core/index.ts"
import { checked } from "./request-body.ts"

const wrapped = z.object({ perdure: z.object({ context: z.strictObject({ recall: z.boolean().default(false) }) }) })

/** Whether its model may read again what was cleared, and what else the object says. */
export function recallWish(perdure: JsonValue | undefined): { recall: boolean; rest: JsonValue | undefined } {
  if (!isJsonObject(perdure) || perdure["context"] === undefined) return { recall: false, rest: perdure }
  const { context, ...rest } = perdure
  return { recall: checked(wrapped, { perdure: { context } }).perdure.context.recall, rest }
}
