// Forms for transcripts to providers whose answers are passed on and whose fields have words of their own.
import { transcriptWordsOf, type TranscriptionCall } from "../../inference/index.ts"
import type { WordRequest } from "./worded-images.ts"

/** Undefined where the form goes on as it came. */
export function wordTranscript(task: TranscriptionCall["task"]): WordRequest {
  return (body, deployment) => {
    const words = transcriptWordsOf(deployment)
    if (!words || !body.files) return undefined
    const fields = body.parsed()
    const text = (name: string): string | null => (typeof fields[name] === "string" ? fields[name] : null)
    const times = body.textsOf?.("timestamp_granularities") ?? []
    const asked = { task, format: text("response_format"), language: text("language"), times }
    return { body: body.forUpstream(deployment.upstreamModel, words.changes(asked, deployment)) }
  }
}
