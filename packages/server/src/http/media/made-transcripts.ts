// Transcripts of providers that have a form of their own for them: as JSON, text, subtitles, or OpenAI's events.
import { z } from "zod"
import { AppError, type JsonObject } from "../../core/index.ts"
import { mediaIn, transcriptOf, type ModelUsage, type Transcript, type TranscriptionCall } from "../../inference/index.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { checked } from "../request-body.ts"
import { number, text } from "./fields.ts"
import { madeEvents, madeJson, tokensTold, type Made, type MakeMedia } from "./made.ts"
import { subtitlesOf } from "./subtitles.ts"

const formats = ["json", "text", "srt", "vtt", "verbose_json"] as const

const schema = z.looseObject({
  language: text,
  prompt: text,
  temperature: number,
  response_format: z.enum(formats).nullish(),
})

export function makeTranscript(task: TranscriptionCall["task"]): MakeMedia {
  return async (dependencies, body, deployment, signal) => {
    const { response_format: asked, ...request } = checked(schema, body.parsed())
    const format = asked ?? "json"
    const call: TranscriptionCall = {
      sound: soundIn(body),
      task,
      language: request.language ?? null,
      prompt: request.prompt ?? null,
      temperature: request.temperature ?? null,
      isTimed: format !== "json" && format !== "text",
    }
    checkWords(body)
    const { usage, ...transcript } = await transcriptOf(dependencies, deployment, call, signal)
    return body.stream && task === "transcribe" ? streamed(transcript.text, usage) : rendered(format, transcript, usage, task)
  }
}

/** Nobody whose form is translated says when each word was said. */
function checkWords(body: ForwardedBody): void {
  if (body.textsOf?.("timestamp_granularities").includes("word") !== true) return
  throw new AppError("unsupported_value", "the times of words cannot be asked of this model", {
    param: "timestamp_granularities",
    hint: "Ask for those of segments.",
  })
}

function soundIn(body: ForwardedBody): TranscriptionCall["sound"] {
  const file = body.files?.().find(({ name }) => name === "file")
  if (!file) throw new AppError("missing_required_parameter", 'the form has no file "file"', { param: "file" })
  const { content, filename: name, mediaType } = file
  const media = mediaIn({ content, name, mediaType, otherwise: "audio/wav" })
  return { base64: media.base64, mediaType: media.mediaType }
}

function streamed(text: string, usage: ModelUsage): Made {
  const told = usageTold(usage)
  const delta = text === "" ? [] : [{ type: "transcript.text.delta", delta: text }]
  return madeEvents([...delta, { type: "transcript.text.done", text, ...(told ? { usage: told } : {}) }], usage)
}

function rendered(
  format: (typeof formats)[number],
  transcript: Omit<Transcript, "usage">,
  usage: ModelUsage,
  task: TranscriptionCall["task"],
): Made {
  const { text, segments, language, durationSeconds } = transcript
  if (format === "text") return { contentType: "text/plain; charset=utf-8", body: Buffer.from(`${text}\n`), usage }
  const told = usageTold(usage)
  if (format === "json") return madeJson({ text, ...(told ? { usage: told } : {}) }, usage)
  const timed = segments ?? []
  if (format !== "verbose_json" && timed.length === 0 && text !== "")
    throw new AppError("unsupported_value", "this model does not say when something was said", {
      param: "response_format",
      hint: "Ask for json or text.",
    })
  if (format !== "verbose_json") return { contentType: "text/plain; charset=utf-8", body: Buffer.from(subtitlesOf(format, timed)), usage }
  const answer: JsonObject = {
    task,
    language: language ?? "",
    duration: durationSeconds ?? timed.at(-1)?.endSeconds ?? 0,
    text,
    segments: timed.map((segment, id) => ({ id, start: segment.startSeconds, end: segment.endSeconds, text: segment.text })),
    ...(told ? { usage: told } : {}),
  }
  return madeJson(answer, usage)
}

/** Tokens, or seconds. */
function usageTold(usage: ModelUsage): JsonObject | undefined {
  const tokens = tokensTold(usage)
  if (tokens) {
    const { audioInputTokens: audio } = usage
    const details = audio === undefined ? {} : { input_token_details: { audio_tokens: audio, text_tokens: usage.inputTokens - audio } }
    return { type: "tokens", ...tokens, ...details }
  }
  return usage.seconds === undefined ? undefined : { type: "duration", seconds: usage.seconds }
}
