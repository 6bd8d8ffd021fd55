// Speech of Mistral, with a voice by its id and the sound as base64 in JSON; transcripts, whose form is nearly OpenAI's. It makes no pictures but by tools of agents.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorInBody, unreadable } from "../../upstream-error.ts"
import { soundTypeOf } from "../media.ts"
import type { MediaDialect, SpeechAnswer, SpeechCall, TranscriptAsked } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { jsonRequest } from "./words.ts"

export const mistralMedia: MediaDialect = { speech: { request, read }, transcriptWords: { changes } }

const formats = ["mp3", "wav", "flac", "opus"] as const
const usualFormat = "mp3"

/** Its `pcm` has samples of 32 bits, which nobody expects who asks as of OpenAI. */
function request({ text, voice, voiceSample, speed, format }: SpeechCall, deployment: Deployment): ProviderRequest {
  if (format !== null && !formats.some((each) => each === format))
    throw cannotTake(deployment, "response_format", `the format "${format}"`, `Ask for ${formats.join(", ")}.`)
  if (speed !== null && speed !== 1) throw cannotTake(deployment, "speed", "another speed", "Leave it out.")
  return jsonRequest("/audio/speech", {
    model: deployment.upstreamModel,
    input: text,
    ...(voice === null ? {} : { voice_id: voice }),
    ...(voiceSample === null ? {} : { ref_audio: voiceSample }),
    response_format: format ?? usualFormat,
  })
}

function read(answer: JsonObject, deployment: Deployment, { format }: SpeechCall): SpeechAnswer {
  if (answer["error"] !== undefined) throw errorInBody(deployment, answer["error"])
  const { audio_data: data } = answer
  if (typeof data !== "string" || data === "") throw unreadable(deployment, "an answer without a sound")
  const sound = Buffer.from(data, "base64")
  return { sound, mediaType: soundTypeOf(sound, format ?? usualFormat), usage: null }
}

/** Its answer is always JSON, with segments where times are asked for. With a language it tells no times. */
function changes({ task, format, language, times }: TranscriptAsked, deployment: Deployment): ReadonlyMap<string, string | undefined> {
  if (task === "translate")
    throw cannotTake(
      deployment,
      "model",
      "a translation",
      "Mistral writes down what is said in its language: use /v1/audio/transcriptions.",
    )
  if (format !== null && format !== "json" && format !== "verbose_json")
    throw cannotTake(deployment, "response_format", `the format "${format}"`, "Mistral answers JSON: ask for json or verbose_json.")
  const [first, ...others] = times
  if (others.some((each) => each !== first))
    throw cannotTake(
      deployment,
      "timestamp_granularities",
      "the times of words and of segments",
      "Mistral tells one of them: ask for word or segment.",
    )
  const usual = format === "verbose_json" && language === null ? "segment" : undefined
  return new Map([
    ["response_format", undefined],
    ["prompt", undefined],
    ["timestamp_granularities", first ?? usual],
  ])
}
