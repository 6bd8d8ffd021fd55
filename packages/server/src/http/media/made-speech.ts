// Texts spoken by providers that have a form of their own for it: as bytes, or as OpenAI's events.
import { z } from "zod"
import { AppError } from "../../core/index.ts"
import { speechOf, type SpeechCall } from "../../inference/index.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { checked } from "../request-body.ts"
import { madeEvents, tokensTold, type MakeMedia } from "./made.ts"

/** With Mistral's own names for a voice. */
const schema = z.looseObject({
  input: z.string(),
  voice: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
  voice_id: z.string().nullish(),
  ref_audio: z.string().nullish(),
  instructions: z.string().nullish(),
  speed: z.number().nullish(),
  response_format: z.string().nullish(),
  stream_format: z.enum(["audio", "sse"]).nullish(),
})

export const makeSpeech: MakeMedia = async (dependencies, body, deployment, signal) => {
  const { sound, mediaType, usage } = await speechOf(dependencies, deployment, speechCallOf(body), signal)
  if (body.parsed()["stream_format"] !== "sse") return { contentType: mediaType, body: sound, usage }
  const told = tokensTold(usage) ?? { input_tokens: 0, output_tokens: 0, total_tokens: 0 }
  return madeEvents(
    [
      { type: "speech.audio.delta", audio: sound.toString("base64") },
      { type: "speech.audio.done", usage: told },
    ],
    usage,
  )
}

export function speechCallOf(body: ForwardedBody): SpeechCall {
  const { input: text, voice, instructions, speed, response_format: format, ...own } = checked(schema, body.parsed())
  if (text === "") throw new AppError("invalid_request", '"input" is empty', { param: "input" })
  return {
    text,
    voice: (typeof voice === "object" ? voice?.id : voice) ?? own.voice_id ?? null,
    voiceSample: own.ref_audio ?? null,
    instructions: instructions ?? null,
    speed: speed ?? null,
    format: format ?? null,
    members: body.parsed(),
  }
}
