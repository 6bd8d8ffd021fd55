// A model of an AI SDK provider package, called in this process.
import { AppError, messageOf, type Limits, type NewId } from "../../../core/index.ts"
import type { Deployment, Embed, ModelCall, ModelEvent } from "../../types.ts"
import { UpstreamError } from "../../upstream-error.ts"
import type { CallableModel } from "../embedded/types.ts"
import { inBatches } from "../vectors.ts"
import { sdkError } from "./errors.ts"
import { SdkParts } from "./events.ts"
import { loadProvider } from "./load.ts"
import { sdkImages, sdkSpeech, sdkTranscription } from "./media.ts"
import { optionNames, versionOf } from "./models.ts"
import { callOptions } from "./options.ts"
import type { SdkEmbeddingModel, SdkLanguageModel, SdkPart, SdkProvider } from "./spec.ts"
import { tierOfOptions } from "./usage.ts"

export interface AiSdkOptions {
  deployment: Deployment
  /** Where the package is installed. */
  applicationFolder: string
  limits: Pick<Limits, "firstTokenTimeoutMs" | "idleTimeoutMs">
  newId: NewId
}

/** The package is loaded at the first call. */
export function createAiSdkModel(options: AiSdkOptions): CallableModel {
  const { deployment, applicationFolder } = options
  let provider: Promise<SdkProvider> | undefined
  const loaded = (): Promise<SdkProvider> => {
    provider ??= loadProvider(deployment, applicationFolder).catch((error: unknown) => {
      provider = undefined // it may be installed meanwhile
      throw error
    })
    return provider
  }
  return {
    deployment,
    ...(deployment.does.chat ? { chat: (call, signal) => chat(options, loaded, call, signal) } : {}),
    ...(deployment.does.embeddings ? { embed: embedder(options, loaded) } : {}),
    ...(deployment.does.images === true ? { images: sdkImages(options, loaded) } : {}),
    ...(deployment.does.speech === true ? { speak: sdkSpeech(options, loaded) } : {}),
    ...(deployment.does.transcription === true ? { transcribe: sdkTranscription(options, loaded) } : {}),
  }
}

async function* chat(
  options: AiSdkOptions,
  loaded: () => Promise<SdkProvider>,
  call: ModelCall,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const { deployment, limits, newId } = options
  const model = languageModelOf(await loaded(), deployment)
  const version = versionOf(model, deployment)
  const silence = new Silence(deployment, limits)
  const stopped = AbortSignal.any([signal, silence.signal])
  try {
    const context = { deployment, version, supportedUrls: (await model.supportedUrls) ?? {} }
    const asked = callOptions(call, model, context, stopped)
    const parts = new SdkParts(deployment, newId, {
      inputChars: JSON.stringify(asked.prompt).length,
      tierAsked: tierOfOptions(asked.providerOptions, optionNames(model, deployment)),
    })
    if (!model.doStream) {
      if (!model.doGenerate) throw new AppError("feature_unavailable", `the model of "${deployment.id}" can do nothing`)
      yield* parts.readWhole(await model.doGenerate(asked))
      return
    }
    const { stream } = await model.doStream(asked)
    for await (const part of partsOf(stream)) {
      silence.broken()
      yield* parts.read(part)
    }
    parts.end()
  } catch (error) {
    throw signal.aborted ? signal.reason : silence.signal.aborted ? silence.signal.reason : sdkError(deployment, error)
  } finally {
    silence.over()
  }
}

/** Leaving the loop lets go of the stream. */
async function* partsOf(stream: ReadableStream<SdkPart>): AsyncGenerator<SdkPart> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined) // what is left concerns nobody
  }
}

function languageModelOf(provider: SdkProvider, deployment: Deployment): SdkLanguageModel {
  const id = deployment.upstreamModel
  try {
    const model =
      provider.languageModel?.(id) ??
      provider.chatModel?.(id) ??
      (typeof provider === "function" ? (provider as (id: string) => SdkLanguageModel)(id) : undefined)
    if (model) return model
  } catch (cause) {
    throw new AppError("feature_unavailable", `the package of "${deployment.id}" gives no model: ${messageOf(cause)}`, { cause })
  }
  throw new AppError("feature_unavailable", `the package of "${deployment.id}" has no language models`)
}

function embedder({ deployment }: AiSdkOptions, loaded: () => Promise<SdkProvider>): Embed {
  return async (texts, signal) => {
    const provider = await loaded()
    const id = deployment.upstreamModel
    const model: SdkEmbeddingModel | undefined = provider.embeddingModel?.(id) ?? provider.textEmbeddingModel?.(id)
    if (!model) throw new AppError("feature_unavailable", `the package of "${deployment.id}" has no embedding models`)
    try {
      const countMax = (await model.maxEmbeddingsPerCall) ?? texts.length
      const vectors: Float32Array[] = []
      for (const batch of inBatches(texts, countMax)) {
        const { embeddings } = await model.doEmbed({ values: [...batch], abortSignal: signal })
        vectors.push(...embeddings.map(unit))
      }
      return vectors
    } catch (error) {
      throw signal.aborted ? error : sdkError(deployment, error)
    }
  }
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, (value) => value / length)
}

/** Ends a call whose provider says nothing for too long, as the connection pools do for others. */
class Silence {
  readonly #stop = new AbortController()
  readonly #idleMs: number
  readonly #deployment: Deployment
  #timer: NodeJS.Timeout

  constructor(deployment: Deployment, { firstTokenTimeoutMs, idleTimeoutMs }: AiSdkOptions["limits"]) {
    this.#deployment = deployment
    this.#idleMs = idleTimeoutMs
    this.#timer = this.#timerOf(firstTokenTimeoutMs, "sent no answer within")
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  broken(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#timerOf(this.#idleMs, "went silent in the middle of its answer for")
  }

  over(): void {
    clearTimeout(this.#timer)
  }

  #timerOf(ms: number, what: string): NodeJS.Timeout {
    const error = (): UpstreamError =>
      new UpstreamError("upstream_timeout", `the provider of "${this.#deployment.id}" ${what} ${ms} ms`, { retryable: true })
    return setTimeout(() => this.#stop.abort(error()), ms)
  }
}
