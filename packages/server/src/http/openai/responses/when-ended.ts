// The object of a response once its run has ended, or the error that it ended with, as an answer without a stream has it.
import { errorOfData, type ReadEvent, type Responses, type WatchLog } from "../../../agents/index.ts"
import { AppError, type JsonObject } from "../../../core/index.ts"
import type { Run } from "../../../runs/index.ts"

/** T11: without a stream nothing was sent yet, so a failure is an HTTP error. */
export async function responseWhenEnded(
  responses: Pick<Responses, "follow">,
  run: Run,
  signal: AbortSignal,
  watch?: WatchLog,
): Promise<JsonObject> {
  let last: ReadEvent | undefined
  for await (const each of responses.follow(run, -1, signal, watch)) {
    if (each.event.type === "error" && each.row) throw errorOfData(each.row)
    last = each
  }
  signal.throwIfAborted()
  const response = last?.event["response"] as JsonObject | undefined
  if (!response) throw new AppError("server_error", `The log of ${run.id} ended without an end`)
  if (response["status"] === "failed") {
    const error = response["error"] as { message: string } | null
    throw new AppError("server_error", error?.message ?? "The response failed")
  }
  return response
}
