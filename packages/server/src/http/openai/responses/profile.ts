// R9: reasoning has two names; the header `x-perdure-profile: open-responses` asks for the other one.
import type { WireEvent } from "../../../agents/index.ts"

const openResponsesNames: Readonly<Record<string, string>> = {
  "response.reasoning_text.delta": "response.reasoning.delta",
  "response.reasoning_text.done": "response.reasoning.done",
}

/** The event under the name that the client asked for. */
export function profiled(profile: string | string[] | undefined, event: WireEvent): WireEvent {
  const type = profile === "open-responses" ? openResponsesNames[event.type] : undefined
  return type === undefined ? event : { ...event, type }
}
