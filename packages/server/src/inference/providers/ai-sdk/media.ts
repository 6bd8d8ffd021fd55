// Pictures, speech and transcripts of a provider package: calls of its image, speech and transcription models.
import { AppError, type JsonObject, type Limits } from "../../../core/index.ts"
import type { Deployment, ModelUsage } from "../../types.ts"
import { timedOut, unreadable } from "../../upstream-error.ts"
import { noUsage } from "../../usage-sum.ts"
import { inPortions } from "../image-sizes.ts"
import { pictureTypeOf, soundTypeOf, type Media } from "../media.ts"
import type { ImageCall, ImagesAnswer, MadeImage, SpeechAnswer, SpeechCall, Transcript, TranscriptionCall } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import { sdkError } from "./errors.ts"
import { modelIn, optionNames, versionOf } from "./models.ts"
import type { SdkFile, SdkImageAnswer, SdkImageModel, SdkProvider } from "./spec.ts"

export interface SdkMediaOptions {
  deployment: Deployment
  limits: Pick<Limits, "firstTokenTimeoutMs">
}

type Loaded = () => Promise<SdkProvider>
type OfCall<Call, Answer> = (call: Call, signal: AbortSignal) => Promise<Answer>

/** Calls under way at the same time, where a model makes few pictures in one. */
const callsAtOnceMax = 4

export function sdkImages(options: SdkMediaOptions, loaded: Loaded): OfCall<ImageCall, ImagesAnswer> {
  const { deployment } = options
  return async (call, signal) => {
    const model = modelIn(await loaded(), "imageModel", "image models", deployment)
    const asked = imageOptions(call, model, deployment)
    const portions = inPortions(call.count, await picturesMax(model))
    const answers: SdkImageAnswer[] = []
    for (let from = 0; from < portions.length; from += callsAtOnceMax) {
      const some = portions.slice(from, from + callsAtOnceMax)
      const made = some.map((n) => timed(options, signal, (abortSignal) => model.doGenerate({ ...asked, n, abortSignal })))
      answers.push(...(await Promise.all(made)))
    }
    return { images: answers.flatMap((answer) => imagesIn(answer, optionNames(model, deployment))), usage: usageIn(answers) }
  }
}

async function picturesMax(model: SdkImageModel): Promise<number> {
  const { maxImagesPerCall: most } = model
  const told = typeof most === "function" ? await most({ modelId: model.modelId }) : most
  return told !== undefined && told >= 1 ? told : 1
}

/** Before version 3 models take no pictures. */
function imageOptions(
  call: ImageCall,
  model: SdkImageModel,
  deployment: Deployment,
): Omit<Parameters<SdkImageModel["doGenerate"]>[0], "n" | "abortSignal"> {
  const version = versionOf(model, deployment)
  if (call.task === "vary") throw cannotTake(deployment, "image", "variations", "Use /v1/images/edits with a prompt.")
  if (call.task === "change" && version === "v2")
    throw cannotTake(deployment, "image", "changing pictures", "Install a version of the package for AI SDK 6 or later.")
  if (call.transparent) throw cannotTake(deployment, "background", "a transparent background", "Leave it out.")
  return {
    prompt: call.prompt,
    size: call.size === null ? undefined : `${call.size.width}x${call.size.height}`,
    aspectRatio: undefined,
    seed: call.seed ?? undefined,
    files: call.images.length > 0 ? call.images.map(fileOf) : undefined,
    mask: call.mask === null ? undefined : fileOf(call.mask),
    providerOptions: {},
  }
}

function fileOf(media: Media): SdkFile {
  if ("address" in media) return { type: "url", url: media.address }
  return { type: "file", mediaType: media.mediaType, data: new Uint8Array(Buffer.from(media.base64, "base64")) }
}

function imagesIn({ images, providerMetadata = {} }: SdkImageAnswer, names: readonly string[]): MadeImage[] {
  const about = names.map((name) => providerMetadata[name]?.images).find((each) => each !== undefined) ?? []
  return images.map((image, index) => {
    const base64 = typeof image === "string" ? image : Buffer.from(image).toString("base64")
    const prompt = about[index]?.["revisedPrompt"]
    return { base64, mediaType: pictureTypeOf(base64), ...(typeof prompt === "string" ? { prompt } : {}) }
  })
}

function usageIn(answers: readonly SdkImageAnswer[]): ModelUsage | null {
  const told = answers.flatMap(({ usage }) => usage ?? [])
  if (told.length === 0) return null
  const sumOf = (name: "inputTokens" | "outputTokens"): number => told.reduce((sum, usage) => sum + (usage[name] ?? 0), 0)
  return { ...noUsage, inputTokens: sumOf("inputTokens"), outputTokens: sumOf("outputTokens") }
}

export function sdkSpeech(options: SdkMediaOptions, loaded: Loaded): OfCall<SpeechCall, SpeechAnswer> {
  const { deployment } = options
  return async ({ text, voice, instructions, speed, format }, signal) => {
    const model = modelIn(await loaded(), "speechModel", "speech models", deployment)
    versionOf(model, deployment)
    const asked = {
      text,
      ...(voice === null ? {} : { voice }),
      ...(instructions === null ? {} : { instructions }),
      ...(speed === null ? {} : { speed }),
      ...(format === null ? {} : { outputFormat: format }),
      providerOptions: {},
    }
    const { audio } = await timed(options, signal, (abortSignal) => model.doGenerate({ ...asked, abortSignal }))
    const sound = typeof audio === "string" ? Buffer.from(audio, "base64") : Buffer.from(audio)
    return { sound, mediaType: soundTypeOf(sound, format), usage: null }
  }
}

export function sdkTranscription(options: SdkMediaOptions, loaded: Loaded): OfCall<TranscriptionCall, Transcript> {
  const { deployment } = options
  return async (call, signal) => {
    if (call.task === "translate")
      throw cannotTake(
        deployment,
        "model",
        "a translation",
        "AI SDK packages write down what is said in its language: use /v1/audio/transcriptions.",
      )
    const model = modelIn(await loaded(), "transcriptionModel", "transcription models", deployment)
    versionOf(model, deployment)
    const asked = {
      audio: new Uint8Array(Buffer.from(call.sound.base64, "base64")),
      mediaType: call.sound.mediaType,
      providerOptions: ownOptions(call, optionNames(model, deployment)),
    }
    const answer = await timed(options, signal, (abortSignal) => model.doGenerate({ ...asked, abortSignal }))
    if (typeof answer.text !== "string") throw unreadable(deployment, "a transcript without a text")
    const segments = answer.segments.map(({ text, startSecond, endSecond }) => ({ text, startSeconds: startSecond, endSeconds: endSecond }))
    return {
      text: answer.text,
      language: answer.language ?? null,
      durationSeconds: answer.durationInSeconds ?? null,
      segments: segments.length > 0 ? segments : null,
      usage: null,
    }
  }
}

/** The specification has no place for these; packages whose models take them call them so. */
function ownOptions({ language, prompt, temperature, isTimed }: TranscriptionCall, names: readonly string[]): Record<string, JsonObject> {
  const own: JsonObject = {
    ...(language === null ? {} : { language }),
    ...(prompt === null ? {} : { prompt }),
    ...(temperature === null ? {} : { temperature }),
    ...(isTimed ? { timestampGranularities: ["segment"] } : {}),
  }
  return Object.keys(own).length > 0 ? Object.fromEntries(names.map((name) => [name, own])) : {}
}

/** What the package throws, as the failure that it means; a provider that says nothing is not waited for without end. */
async function timed<Answer>(
  { deployment, limits }: SdkMediaOptions,
  signal: AbortSignal,
  work: (signal: AbortSignal) => PromiseLike<Answer>,
): Promise<Answer> {
  const { firstTokenTimeoutMs } = limits
  const late = AbortSignal.timeout(firstTokenTimeoutMs)
  try {
    return await work(AbortSignal.any([signal, late]))
  } catch (error) {
    if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : new AppError("cancelled", "the call was stopped")
    throw late.aborted ? timedOut(deployment, "answer", firstTokenTimeoutMs, error) : sdkError(deployment, error)
  }
}
