// Between the admission of a call and whatever else is done to it: a conversation that has grown too long is summarised first.
import { AppError } from "../../core/index.ts"
import { takesAsItIs } from "../../inference/index.ts"
import { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect, WantedCompaction } from "./client-dialect.ts"
import { renderOptions } from "./event-sink.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { routingOf } from "./own-fields.ts"
import { leftSignal, type Asked, type PrepareOptions } from "./prepare.ts"
import { refuse, told } from "./refuse.ts"

/** The wish, where it is there, its conversation is past its threshold, and not every deployment sees to it itself. */
export function wantedCompaction(
  { compactMessages }: Pick<LightRunDependencies, "compactMessages">,
  dialect: ClientDialect,
  { body, model }: Asked,
): WantedCompaction | undefined {
  if (!compactMessages || !dialect.compaction || !body.has("context_management")) return undefined
  const other = model.deployments.find((deployment) => deployment.does.chat && !takesAsItIs(deployment, dialect.name))
  return other && dialect.compaction(body.parsed(), other)
}

export function compactFirst(
  { dependencies, dialect, call, go, answer }: PrepareOptions & { dialect: ClientDialect },
  asked: Asked,
  wanted: WantedCompaction,
): void {
  const left = leftSignal(call)
  const failed = (error: unknown): void => {
    if (call.hot.response.destroyed)
      call.settle("cancelled", 499, told(new AppError("client_closed_request", "the client closed the connection")))
    else refuse(dependencies, call.hot, call, error)
  }
  const { body } = asked
  const { principal, request } = call.hot
  const work = async (): Promise<void> => {
    if (!dependencies.compactMessages) return go(asked) // there was no wish then
    const routing = routingOf(body.perdure, request.headers)
    const given = { principal, call: wanted.call, wanted: wanted.instructions, routing, said: call.request.said }
    call.compaction = await dependencies.compactMessages(given, left)
    call.contextEdits = wanted.call.contextEdits
    const { text } = call.compaction
    if (left.aborted) return failed(left.reason)
    if (text === null) return go(asked)
    if (wanted.pauses && dialect.paused) {
      const options = renderOptions({ call, model: body.model, usageAsked: body.usageAsked })
      return answer(asked, { frames: dialect.paused(options, body.stream) })
    }
    const bytes = new BodyBytes([Buffer.from(JSON.stringify(wanted.behind(text)))])
    go({ ...asked, body: { ...dialect.readBody(bytes), perdure: body.perdure } })
  }
  work().catch(failed)
}
