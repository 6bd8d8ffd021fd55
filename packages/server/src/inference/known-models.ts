// Names of models that providers are known to serve, for the time before their own list is read; and what a name says about what a model does.
import type { ProviderTypeName } from "../config/index.ts"
import type { Deployment } from "./types.ts"

/** Only names: an unknown one can be declared in the configuration, and the provider's own list is read in the background. */
export const knownModels: Readonly<Partial<Record<ProviderTypeName, readonly string[]>>> = {
  openai: [
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "gpt-4o-mini",
    "o4-mini",
    "text-embedding-3-small",
    "text-embedding-3-large",
  ],
  anthropic: ["claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"],
}

/** Names of models that do one thing and no chat; the first that fits. */
const specialities: readonly (readonly [RegExp, Partial<Deployment["does"]>])[] = [
  [/realtime/, { realtime: true }],
  [/whisper|transcribe/, { transcription: true }],
  [/(?:^|[-/])tts(?:-|$)/, { speech: true }],
  // Gemini's models that draw talk, too.
  [/(?:^|\/)gemini-.*(?:^|-)image(?:-|$)/, { chat: true, images: true }],
  [
    /dall-e|imagen|(?:^|[-/])image(?:-|$)|nova-canvas|titan-image|(?:^|[./-])(?:stable-image|sd3|stable-diffusion)|flux[.-]/,
    { images: true },
  ],
  [/moderation/, { moderation: true }],
  [/rerank/, { rerank: true }],
]

/** What a model of that name does, or undefined for what no route serves. */
export function doesByName(name: string): Deployment["does"] | undefined {
  const plain = name.toLowerCase()
  if (/(?:^|[-_./:])(?:embed|embedding|embeddings|bge|gte|e5|minilm|nomic|mxbai|arctic)(?:[-_./:\d]|$)|embed/.test(plain))
    return { chat: false, embeddings: true }
  const special = specialities.find(([pattern]) => pattern.test(plain))
  if (special) return { chat: false, embeddings: false, ...special[1] }
  const other = /(?:^|[-/])(?:audio|video|sora)(?:-|$)|^(?:davinci|babbage)-|^gpt-.*-instruct$/
  return other.test(plain) ? undefined : { chat: true, embeddings: false }
}
