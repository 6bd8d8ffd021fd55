// `perdure/minilm`: embeddings by the model that ships with Perdure; when it cannot run here, the rest of the server still does.
import {
  contentTokensMax,
  maxSim,
  MiniLmError,
  openMiniLm,
  type MiniLm,
  type OpenMiniLmOptions,
  type Passage,
  type PassageVectors,
  type TokenVectors,
  weightsHash,
} from "@perdure/minilm"
import type { ErrorCode } from "@perdure/contract"
import { AppError } from "../../../core/index.ts"
import type { Embed } from "../../types.ts"
import type { NativeModel } from "./types.ts"

export interface EmbeddedEmbeddings extends NativeModel, AsyncDisposable {
  readonly embed: Embed
  /** Texts read inside their conversation, with vectors of their tokens; undefined where the model does not run. */
  readonly passages: PassageEmbeddings | undefined
  readonly dimensions: number
  /** SHA-256 of its weights. */
  readonly weightsHash: string
  /** Content tokens of a text that reach the model; the rest is cut. */
  readonly tokensMax: number
  /** Why `embed` throws, or null when the model runs. */
  readonly unavailable: AppError | null
}

export interface PassageEmbeddings {
  embed(passages: readonly Passage[], signal: AbortSignal, options?: { isUrgent?: boolean }): Promise<PassageVectors[]>
  readonly similarity: (query: TokenVectors, text: Int8Array) => number
}

/** Resolves when the model is known to run, or known not to: then `unavailable` says why, and `embed` throws it. */
export async function openEmbeddedEmbeddings(options: OpenMiniLmOptions = {}): Promise<EmbeddedEmbeddings> {
  try {
    return available(await openMiniLm(options))
  } catch (error) {
    if (!(error instanceof MiniLmError)) throw error
    return missing(asAppError(error))
  }
}

const deployment = {
  id: "perdure/minilm",
  provider: "embedded",
  dialect: "native",
  baseUrl: null,
  apiKey: null,
  upstreamModel: "all-MiniLM-L6-v2",
  does: { chat: false, embeddings: true },
  contextTokensMax: contentTokensMax,
  origin: "built in",
} as const

const dimensions = 384

function available(model: MiniLm): EmbeddedEmbeddings {
  const orAppError = (error: unknown): never => {
    throw error instanceof MiniLmError ? asAppError(error) : error
  }
  return {
    deployment,
    embed: (texts, signal) => model.embed(texts, signal).catch(orAppError),
    passages: {
      embed: (passages, signal, options) => model.embedPassages(passages, signal, options).catch(orAppError),
      similarity: maxSim,
    },
    countTokens: (text) => model.countTokens(text),
    dimensions,
    weightsHash,
    tokensMax: contentTokensMax,
    unavailable: null,
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  }
}

function missing(unavailable: AppError): EmbeddedEmbeddings {
  return {
    deployment: { ...deployment, does: { chat: false, embeddings: false } },
    embed: () => Promise.reject(unavailable),
    passages: undefined,
    // English has about four characters per token; only used where the real tokenizer is missing.
    countTokens: (text) => Math.ceil(text.length / 4),
    dimensions,
    weightsHash,
    tokensMax: contentTokensMax,
    unavailable,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const codes: Record<MiniLmError["code"], ErrorCode> = {
  file_missing: "feature_unavailable",
  hash_mismatch: "feature_unavailable",
  native_library: "feature_unavailable",
  queue_full: "overloaded",
  worker_ended: "server_error",
  inference_failed: "server_error",
  closed: "shutting_down",
}

function asAppError(error: MiniLmError): AppError {
  const code = codes[error.code]
  const hint =
    code === "feature_unavailable" ? "Name an embedding model of a provider in defaults.embeddingModel of the configuration." : undefined
  return new AppError(code, error.message, { cause: error, ...(hint === undefined ? {} : { hint }) })
}
