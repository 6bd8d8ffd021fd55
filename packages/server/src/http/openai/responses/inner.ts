// A response that the server asks of itself: made as a run like any, and waited for; the same line of a batch finds its run again.
import { AppError, type JsonObject } from "../../../core/index.ts"
import type { LineRequest } from "../../../batches/index.ts"
import type { Responses } from "../../../agents/index.ts"
import type { Run } from "../../../runs/index.ts"
import type { RequestShaping } from "../../prompts/shape.ts"
import type { SaidLimits } from "../../said.ts"
import { readResponseRequest, type DefaultMemories } from "./read-request.ts"
import { responseWhenEnded } from "./when-ended.ts"

export interface InnerResponsesOptions {
  responses: Responses
  /** Work that goes on after the answer. */
  background: (name: string, work: () => Promise<unknown>) => void
  shaping?: RequestShaping
  memories?: DefaultMemories
  limits: SaidLimits
}

export function createInnerResponses({
  responses,
  background,
  shaping,
  memories,
  limits,
}: InnerResponsesOptions): (request: LineRequest, signal: AbortSignal) => Promise<JsonObject> {
  return async ({ principal, body: given, idempotencyKey }, signal) => {
    const asked = readResponseRequest(given, { shaping, memories, limits, principal })
    const run: Run = await responses.create(principal, asked.request, { idempotencyKey })
    try {
      return await responseWhenEnded(responses, run, signal)
    } finally {
      if (isGivenUp(signal)) background(`abandon ${run.id}`, () => responses.abandon(run))
      else if (!signal.aborted) background(`forget ${run.id}`, () => responses.forget(run))
    }
  }
}

/** A process that stops leaves the run to whoever goes on. */
function isGivenUp(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof AppError && signal.reason.code === "client_closed_request"
}
