// Reads texts and questions into vectors: by the configured model, and where it is the one of this process inside their conversation, token by token.
import { AppError } from "../../core/index.ts"
import type { PartTokens, Store } from "../../store/index.ts"
import type { Caller, EmbedAs, Passage, PassageModel, TokenVectors } from "../types.ts"
import { inTime, NotInTime } from "./in-time.ts"

export interface ReadPassage {
  vector: Float32Array
  /** Undefined where the model gives none. */
  tokens: Omit<PartTokens, "part"> | undefined
}

export interface ReadQuestion {
  vector: Float32Array | undefined
  tokens: TokenVectors | undefined
  /** Why vectors are not searched; null when they are. */
  wordsOnly: string | null
}

export interface Reader {
  /** Throws when the model fails; undefined where vectors are not kept at all. */
  passages(
    caller: Caller & { readonly isPatient: boolean },
    passages: readonly Passage[],
    signal: AbortSignal,
  ): Promise<ReadPassage[] | undefined>
  /** A failing model does not stop the words, nor one that takes longer than `waitMs`. */
  question(caller: Caller, text: string, signal: AbortSignal, waitMs: number): Promise<ReadQuestion>
  /** Whether there is a model, and a place for its vectors. */
  keepsVectors: boolean
  /** See `PassageModel`. */
  similarity: PassageModel["similarity"] | undefined
}

export interface ReaderDependencies {
  store: Pick<Store, "capabilities">
  embedAs: EmbedAs | undefined
  passageModel?: PassageModel | undefined
}

export function createReader({ store, embedAs, passageModel }: ReaderDependencies): Reader {
  const read: Reader["passages"] = async (caller, passages, signal) => {
    if (embedAs === undefined || !store.capabilities.vector) return undefined
    if (passages.length === 0) return []
    if (passageModel === undefined) {
      const texts = passages.map(({ text }) => text)
      const vectors = await embedAs(caller)(texts, signal)
      return vectors.map((vector) => ({ vector, tokens: undefined }))
    }
    const vectors = await passageModel.embed(passages, signal)
    return vectors.map(({ text, tokens }, index) => {
      const asks = endsInQuestion(passages[index]?.text ?? "")
      return { vector: text, tokens: tokens.vectors.length === 0 ? undefined : { asks, vectors: tokens.vectors } }
    })
  }
  return {
    passages: read,
    keepsVectors: embedAs !== undefined && store.capabilities.vector,
    similarity: passageModel?.similarity,
    async question(caller, text, signal, waitMs) {
      const none = (wordsOnly: string): ReadQuestion => ({ vector: undefined, tokens: undefined, wordsOnly })
      if (embedAs === undefined) return none("no embedding model is configured")
      if (!store.capabilities.vector) return none("the database has no pgvector")
      const embedded = async (stop: AbortSignal): Promise<ReadQuestion> => {
        if (passageModel !== undefined) {
          const [read] = await passageModel.embed([{ text }], stop, { isUrgent: true })
          return { vector: read?.text, tokens: read?.tokens, wordsOnly: null }
        }
        const [vector] = await embedAs({ ...caller, isPatient: false })([text], stop, "query")
        return { vector, tokens: undefined, wordsOnly: null }
      }
      try {
        return await inTime(waitMs, signal, embedded)
      } catch (error) {
        signal.throwIfAborted()
        return none(wordsOnlyReason(error))
      }
    },
  }
}

/** Why vectors are not searched, for whoever asked. */
export function wordsOnlyReason(error: unknown): string {
  if (error instanceof NotInTime) return `embedding the query took longer than ${error.waitMs} ms`
  return error instanceof AppError ? `embedding the query failed: ${error.code}` : "embedding the query failed"
}

/** Question marks of several scripts, and what may stand after one. */
const question = /[?？؟⁇՞]["'»”’)\]\s]*$/u
/** A caption or the like in brackets at the end does not count. */
const bracketed = /\s*\[[^\]]*\]\s*$/u

export function endsInQuestion(text: string): boolean {
  return question.test(text.slice(-2_000).replace(bracketed, ""))
}
