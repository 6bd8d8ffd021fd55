// Who has a form of its own for pictures and sounds; everybody else is asked in OpenAI's.
import type { Deployment, Dialect } from "../types.ts"
import { bedrockMedia } from "./bedrock/images.ts"
import { geminiMedia } from "./gemini/media.ts"
import type { ImageWords, MediaDialect, SpeechWords, TranscriptWords } from "./media-port.ts"
import { fireworksMedia } from "./own-media/fireworks.ts"
import { mistralMedia } from "./own-media/mistral.ts"
import { openRouterMedia } from "./own-media/openrouter.ts"
import { togetherMedia } from "./own-media/together.ts"
import { xaiMedia } from "./own-media/xai.ts"

const byDialect: Readonly<Partial<Record<Dialect, MediaDialect>>> = {
  gemini: geminiMedia,
  "bedrock-converse": bedrockMedia,
}

/** Of those whose chats are OpenAI's. */
const byProvider: ReadonlyMap<string, MediaDialect> = new Map([
  ["fireworks", fireworksMedia],
  ["mistral", mistralMedia],
  ["openrouter", openRouterMedia],
  ["together", togetherMedia],
  ["xai", xaiMedia],
])

export function mediaDialectOf({ dialect, provider }: Deployment): MediaDialect | undefined {
  return byDialect[dialect] ?? (isLikeOpenAi(dialect) ? byProvider.get(provider) : undefined)
}

/** Whether the client's request cannot be sent on as it is, nor the answer be passed on. */
export function hasOwnForm(deployment: Deployment, service: "images" | "speech" | "transcription"): boolean {
  return !isLikeOpenAi(deployment.dialect) || mediaDialectOf(deployment)?.[service] !== undefined
}

/** How the request is said there, where the answer can be passed on. */
export function imageWordsOf(deployment: Deployment): ImageWords | undefined {
  return mediaDialectOf(deployment)?.imageWords
}

/** The same for speech. */
export function speechWordsOf(deployment: Deployment): SpeechWords | undefined {
  return mediaDialectOf(deployment)?.speechWords
}

/** The same for the fields of forms for transcripts. */
export function transcriptWordsOf(deployment: Deployment): TranscriptWords | undefined {
  return mediaDialectOf(deployment)?.transcriptWords
}

function isLikeOpenAi(dialect: Dialect): boolean {
  return dialect === "openai-chat" || dialect === "openai-responses"
}
