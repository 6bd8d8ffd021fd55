// Looks at what a provider sends in a session, without parsing what only has to pass: answers that begin and end, their usage, how much has been said.
import { isJsonObject, type JsonObject } from "../../core/index.ts"

export type Seen =
  | { type: "response.created" }
  | { type: "response.done"; response: JsonObject }
  | { type: "transcription"; event: JsonObject }
  | { type: "audio" | "text"; bytes: number }

/** Fields around the words of a delta. */
const deltaOverheadBytes = 160

/** Undefined for what is not counted. */
export function seenIn(frame: Buffer): Seen | undefined {
  if (frame.includes('.delta"')) return deltaIn(frame)
  if (frame.includes('"response.done"'))
    return eventIn(frame, "response.done", (event) => ({ type: "response.done", response: objectIn(event, "response") }))
  if (frame.includes('"response.created"')) return eventIn(frame, "response.created", () => ({ type: "response.created" }))
  if (frame.includes(transcribed)) return eventIn(frame, transcribed, (event) => ({ type: "transcription", event }))
  return undefined
}

const transcribed = "conversation.item.input_audio_transcription.completed"

function deltaIn(frame: Buffer): Seen | undefined {
  const bytes = Math.max(1, frame.length - deltaOverheadBytes)
  if (frame.includes('audio.delta"')) return { type: "audio", bytes }
  // What is said aloud comes as a transcript too; it is billed as sound alone.
  const isSaid = frame.includes('text.delta"') || frame.includes('arguments.delta"')
  return isSaid ? { type: "text", bytes } : undefined
}

/** Words of a model may look like the name of an event. */
function eventIn(frame: Buffer, type: string, seen: (event: JsonObject) => Seen): Seen | undefined {
  try {
    const event: unknown = JSON.parse(frame.toString())
    return isJsonObject(event) && event["type"] === type ? seen(event) : undefined
  } catch {
    return undefined // passed on as it is; the client decides
  }
}

function objectIn(event: JsonObject, name: string): JsonObject {
  const value = event[name]
  return isJsonObject(value) ? value : {}
}
