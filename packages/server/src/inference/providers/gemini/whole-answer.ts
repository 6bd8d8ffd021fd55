// Gemini's generateContent asked for something that is no conversation, and its whole answer read for that.
import type { JsonObject } from "../../../core/index.ts"
import { newId } from "../../../core/index.ts"
import type { Deployment, ModelEvent } from "../../types.ts"
import { streamEnded } from "../../upstream-error.ts"
import type { MadeImage } from "../media-port.ts"
import { GeminiReader } from "./reader.ts"

export interface WholeAnswer {
  text: string
  images: readonly MadeImage[]
  finish: Extract<ModelEvent, { type: "finished" }>
}

export function readWhole(answer: JsonObject, deployment: Deployment): WholeAnswer {
  const reader = new GeminiReader({ deployment, newId, inputChars: 0 })
  const events = [...reader.feedWhole(answer), ...reader.end()]
  const finish = events.find((event) => event.type === "finished")
  if (!finish) throw streamEnded(deployment)
  return {
    text: events.map((event) => (event.type === "text-delta" ? event.text : "")).join(""),
    images: events.flatMap((event) => (event.type === "image" ? [{ base64: event.data, mediaType: event.mediaType }] : [])),
    finish,
  }
}
